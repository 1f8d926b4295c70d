"""House inference server: OpenAI and Deepgram wire protocols over local engines."""
