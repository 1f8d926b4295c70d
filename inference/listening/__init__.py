"""Streaming recognition: from audio frames to Deepgram messages."""
