"""The front door: sessions, room tokens, LiveKit webhooks, and the records as an API."""
