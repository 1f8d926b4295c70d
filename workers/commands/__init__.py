"""One module a command: each has an `app` (typer). Registered by one line in workers/cli.py."""
