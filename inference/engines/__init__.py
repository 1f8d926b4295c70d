"""Speech engines: protocols and the local implementations."""
