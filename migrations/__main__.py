"""`python -m migrations upgrade|downgrade|current`."""

from __future__ import annotations

import argparse
import sys

from migrations.run import current, default_key_file, default_url, downgrade, upgrade
from store.engine import open_engine, parse_url
from store.errors import StoreError
from store.masterkey import create_key_file
from store.reviewers import seed_development_reviewers
from store.tables import SCHEMA_REVISION


def main(arguments: list[str] | None = None) -> int:
    """Answers the exit code: 0 done (for `current`: up to date), 1 not."""
    parser = argparse.ArgumentParser(prog="python -m migrations", description="Migrate the records' tables.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("upgrade", help="bring the database to a revision")
    up.add_argument("revision", nargs="?", default="head")
    up.add_argument(
        "--development-reviewers", action="store_true", help="also add ann and ben, who may decide in development"
    )
    up.add_argument(
        "--development-key", action="store_true", help="also make the master key GREENROOM_MASTER_KEY_FILE, if missing"
    )
    down = commands.add_parser("downgrade", help="go back to a revision; drops tables and what they hold")
    down.add_argument("revision", help="a revision, -1 for the one before, or base for nothing")
    now = commands.add_parser("current", help="show the database's revision; exit code 1 if it is not this program's")
    for command in (up, down, now):
        command.add_argument(
            "--database-url", help="default: GREENROOM_DATABASE_URL, else sqlite:///.dev/greenroom.db", metavar="URL"
        )
    given = parser.parse_args(arguments)
    url: str = given.database_url or default_url()
    try:
        if given.command == "upgrade":
            upgrade(url, given.revision)
            if given.development_reviewers:
                seed_development_reviewers(open_engine(url))
            if given.development_key:
                create_key_file(default_key_file())
        elif given.command == "downgrade":
            downgrade(url, given.revision)
        found = current(url)
        shown = parse_url(url).render_as_string(hide_password=True)
    except StoreError as error:
        print(f"migrations: {error}", file=sys.stderr)
        return 1
    print(f"{shown}: revision {found or 'none'} (this program: {SCHEMA_REVISION})")
    return 0 if given.command != "current" or found == SCHEMA_REVISION else 1


if __name__ == "__main__":
    sys.exit(main())
