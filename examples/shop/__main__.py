"""`python -m examples.shop`: serve the shop until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
from datetime import date
from pathlib import Path

import uvicorn

from examples.shop.database import Database
from examples.shop.seed import OtherSeedError, draw
from examples.shop.server import build_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.shop", description="A demo shop as an MCP server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (default: 8765)")
    parser.add_argument("--database", type=Path, required=True, help="the shop's SQLite file; made when missing")
    parser.add_argument("--seed", type=int, default=0, help="which shop to draw: orders, stock, slots (default: 0)")
    parser.add_argument("--orders", type=int, default=24, help="how many orders to draw (default: 24)")
    parser.add_argument("--allow-faults", action="store_true", help="for tests: PUT /faults breaks things on order")
    options = parser.parse_args()
    database = Database(options.database)
    try:
        draw(database, options.seed, date.today(), options.orders)
        listener = socket.create_server((options.host, options.port), backlog=128)
        # asyncio sets this only on sockets that name their protocol; without it each answer waits 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OtherSeedError as other:
        sys.exit(f"shop: {other}")
    except OSError as taken:
        sys.exit(f"shop: cannot listen on {options.host}:{options.port} ({taken.strerror}): give another --port")
    app = build_app(database, options.host, options.allow_faults)
    # An MCP client may hold a stream open for hours: do not wait for it at the end.
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    print(f"shop: http://{options.host}:{listener.getsockname()[1]}/mcp", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
