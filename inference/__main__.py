"""`python -m inference`: load the engines, then serve."""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
import time
from datetime import date

import uvicorn

from inference.app import create_app
from inference.serving.faults import FaultBoard
from inference.serving.services import Services

logger = logging.getLogger("inference")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m inference", description="House inference server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900, help="0: any free port, told on stdout")
    parser.add_argument("--api-key", default=os.environ.get("INFERENCE_API_KEY"), help="only this key opens the server")
    parser.add_argument("--allow-faults", action="store_true", help="mount /faults: for tests only")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    return parser.parse_args(arguments)


def load_services(*, api_key: str | None, allow_faults: bool) -> Services:
    """Load, check and warm every engine. Takes a second or two.

    Raises:
        UntrustedWeightsError: A model file is not the published one.
    """
    from inference.engines.hibari import HibariSynthesizer
    from inference.engines.whisper import WhisperTranscriber
    from inference.house import respond

    transcriber, synthesizer = WhisperTranscriber(), HibariSynthesizer()
    transcriber.warm_up()
    synthesizer.warm_up()
    faults = FaultBoard() if allow_faults else None
    return Services(
        transcriber,
        synthesizer,
        lambda request: respond(request, today=date.today()),
        api_key=api_key or None,
        faults=faults,
    )


def bind(host: str, port: int) -> socket.socket:
    """A TCP socket on an address, not yet listening. Port 0: any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class AnnouncedServer(uvicorn.Server):
    """Says on stdout where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()[:2]
        print(f"inference: ready on http://{host}:{port}", flush=True)


def main() -> int:
    arguments = parse_arguments()
    os.environ["HF_HUB_OFFLINE"] = "1"  # whatever a library thinks it lacks, it must not fetch
    logging.basicConfig(level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        # Taken before the engines load, so that a port in use is known at once; it accepts only when they are warm.
        listener = bind(arguments.host, arguments.port)
    except OSError as error:
        print(
            f"inference: cannot use {arguments.host}:{arguments.port} ({error.strerror}): choose another with --port",
            file=sys.stderr,
        )
        return 1
    started = time.perf_counter()
    from inference.engines.weights import UntrustedWeightsError

    try:
        services = load_services(api_key=arguments.api_key, allow_faults=arguments.allow_faults)
    except (UntrustedWeightsError, ImportError) as error:
        print(f"inference: cannot load the engines: {error}", file=sys.stderr)
        return 1
    logger.info("engines ready in %.2f s", time.perf_counter() - started)
    config = uvicorn.Config(
        create_app(services),
        log_level="warning" if arguments.log_level == "info" else arguments.log_level,
        access_log=False,
        ws="websockets-sansio",
        timeout_graceful_shutdown=2,
    )
    AnnouncedServer(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
