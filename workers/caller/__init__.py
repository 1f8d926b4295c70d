"""A synthetic caller: a real participant that speaks, listens and knows only the front door."""
