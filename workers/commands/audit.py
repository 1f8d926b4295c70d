"""`greenroom audit`: verify, export and seal the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from store.audit import verify as verify_trail
from store.audit_keys import AuditKeys, make_key, open_keys, open_or_make_keys
from store.export import SCRIPT
from store.export import export as export_trail
from store.sealing import seal as seal_trail
from workers.commands.printing import AsJson, print_json, print_table
from workers.errors import GreenroomError
from workers.settings import load_settings
from workers.vault import opened_store

app = typer.Typer(no_args_is_help=True, help="The audit trail: verify it, take it elsewhere.")

Session = Annotated[str | None, typer.Argument(help="One call; all of them without it.")]


@contextmanager
def _trail() -> Iterator[tuple[Engine, AuditKeys]]:
    settings = load_settings()
    keys = open_keys(settings.audit_keys_dir)
    with opened_store(settings) as engine:
        yield engine, keys


@app.command("verify")
def verify(session_id: Session = None, as_json: AsJson = False) -> None:
    """Find any edit, deletion, insertion, reorder or cut-off end. Exit code 1 when the trail is broken."""
    with _trail() as (engine, keys):
        report = verify_trail(engine, session_id, keys=keys)
    if as_json:
        broken = {"place": report.broken.place, "reason": report.broken.reason} if report.broken else None
        counts = ("sessions", "entries", "seals", "unsealed", "contents")
        print_json({"intact": report.intact, **{n: getattr(report, n) for n in counts}, "broken": broken})
    elif report.broken is None:
        print(
            f"intact: {report.entries} entries of {report.sessions} sessions, {report.seals} signed checkpoints, "
            f"{report.contents} contents; {report.unsealed} entries are not sealed yet"
        )
    else:
        print(f"BROKEN at {report.broken.place}: {report.broken.reason}")
    if not report.intact:
        raise typer.Exit(1)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    session_id: Annotated[str | None, typer.Option("--session", help="One call alone.")] = None,
) -> None:
    """Write the trail as JSON Lines with a script that verifies it anywhere. Nothing that a person said is in it."""
    with _trail() as (engine, keys):
        try:
            done = export_trail(engine, keys, folder, datetime.now(UTC), session_id)
        except OSError as error:
            raise GreenroomError(f"{folder} cannot be written ({error}): name a new folder") from error
    print(f"{done.entries} entries and {done.seals} signed checkpoints are in {folder}")
    trusted = " ".join(f"--key {key_id}" for key_id in sorted(keys.public))
    print(f"verify them anywhere: python {folder / SCRIPT} {trusted}")


@app.command("seal")
def seal() -> None:
    """Sign a checkpoint of all that is not sealed yet; the durable side does so by itself."""
    with _trail() as (engine, keys):
        print(f"{seal_trail(engine, keys, datetime.now(UTC))} chains sealed")


@app.command("keys")
def show_keys(
    rotate: Annotated[bool, typer.Option(help="Make a new key; the durable side takes it on restart.")] = False,
    init: Annotated[bool, typer.Option(help="Make the first key if there is none.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the ids of the keys that signed, which others compare with theirs."""
    folder = load_settings().audit_keys_dir
    keys = make_key(folder) if rotate else open_or_make_keys(folder) if init else open_keys(folder)
    if as_json:
        print_json({"signing": keys.key_id, "public": keys.public})
        return
    rows = [(name, "signs" if name == keys.key_id else "signed", public) for name, public in keys.public.items()]
    print_table(Console(), "Audit keys", ("key", "", "public key"), rows)
