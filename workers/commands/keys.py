"""`greenroom keys`: the master key and what it wraps."""

from __future__ import annotations

from typing import Annotated

import typer

from store.masterkey import create_key_file, retire_master_keys, rotate_key_file
from store.vault import vault_of
from workers.errors import GreenroomError
from workers.settings import Settings, load_settings
from workers.vault import opened_store

app = typer.Typer(no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Keep the master key: make it, change it."""


@app.command()
def init() -> None:
    """Make the master key's file, readable for you alone. Does nothing if there is one. Keep a copy elsewhere."""
    path = load_settings().master_key_file
    print(f"{path}: {'made; keep a copy in a safe place' if create_key_file(path) else 'is there already'}")


@app.command()
def rotate(
    retire: Annotated[
        bool, typer.Option("--retire", help="Then forget the old ones: when nothing that they wrapped waits anywhere.")
    ] = False,
) -> None:
    """Put a new master key in front, and wrap every subject's key by it. What was sealed stays as it is.

    Processes learn of it when they start: restart them, then run this again with --retire.
    """
    settings = load_settings()
    if settings.key_wrapper or settings.master_key.get_secret_value():
        raise GreenroomError(
            "the master key is in no file: put a new one in front where it is, then run 'greenroom keys rewrap'"
        )
    print(f"new master key {rotate_key_file(settings.master_key_file)}, {_rewrap(settings)} keys wrapped by it")
    if retire:
        print(f"forgotten: {', '.join(retire_master_keys(settings.master_key_file))}")


@app.command()
def rewrap() -> None:
    """Wrap every subject's key by the master key that is in front."""
    print(f"{_rewrap(load_settings())} keys wrapped anew")


def _rewrap(settings: Settings) -> int:
    with opened_store(settings) as engine:
        if (vault := vault_of(engine)) is None:
            raise GreenroomError("GREENROOM_SEALING is off: there are no keys")
        return vault.rewrap()
