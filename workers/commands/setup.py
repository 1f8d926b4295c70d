"""`greenroom setup`: what `make setup` does, for an environment that exists already."""

import typer

from workers.stack.bootstrap.run import main

app = typer.Typer()


@app.command()
def setup() -> None:
    """Install what the stack needs; does nothing when all is there."""
    raise typer.Exit(main([]))
