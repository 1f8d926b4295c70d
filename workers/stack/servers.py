"""The two foreign servers as launches: Temporal's flags, LiveKit's generated configuration."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from workers.stack.errors import StackError
from workers.stack.launch import Launch
from workers.stack.spec import LiveKitServer, TemporalExtras, TemporalFlags

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_SPEC = ROOT / "temporal-dev.yml"
DEFAULT_DATA = ROOT / ".dev"
LOOPBACK = "127.0.0.1"


def binary(name: str) -> str:
    """Path of a server's binary: what setup put into .dev/bin, else PATH. Raises StackError naming the fix."""
    own = ROOT / ".dev" / "bin" / name
    if os.access(own, os.X_OK):
        return str(own)
    found = shutil.which(name)
    if found is None:
        raise StackError(f"{name} is neither in .dev/bin nor on PATH; fix: make setup")
    return found


def temporal(flags: TemporalFlags, extras: TemporalExtras, ports: Mapping[str, int], data: Path) -> Launch:
    """The Temporal development server with its database in the data folder.

    All flags are given explicitly, and the CLI's own configuration files are kept out.
    """
    argv = [binary("temporal"), "server", "start-dev", "--disable-config-file", "--disable-config-env"]
    argv += ["--env-file", os.devnull, "--log-level", flags.log_level, "--log-format", flags.log_format]
    argv += ["--ip", flags.ip, "--db-filename", str(data / Path(flags.db_filename).name)]
    for flag in ("port", "ui-port", "http-port", "metrics-port"):
        argv += [f"--{flag}", str(ports[f"temporal.{flag}"])]
    if flags.ui_codec_endpoint:
        argv += ["--ui-codec-endpoint", _moved(flags.ui_codec_endpoint, ports)]
    for flag, first, more in (
        ("namespace", flags.namespace, ()),
        ("sqlite-pragma", flags.sqlite_pragma, extras.sqlite_pragmas),
        ("search-attribute", flags.search_attribute, extras.search_attributes),
        ("dynamic-config-value", flags.dynamic_config_value, extras.dynamic_config),
    ):
        for value in filter(None, (first, *more)):
            argv += [f"--{flag}", value]
    # Namespace and search attributes are made before the HTTP API answers for them.
    ready = f"http http://{flags.ip}:{ports['temporal.http-port']}/api/v1/namespaces/default/search-attributes"
    return Launch("temporal", tuple(argv), _plain_environment(), ROOT, ready, extras.ready_timeout, stop_timeout=5)


def _moved(endpoint: str, ports: Mapping[str, int]) -> str:
    """The front door's codec at the port that the front door has in this run."""
    parts = urlsplit(endpoint)
    port = ports.get("front-door.port", parts.port)
    return parts._replace(netloc=f"{parts.hostname}:{port}").geturl()


def livekit(server: LiveKitServer, webhook: str | None, ports: Mapping[str, int], data: Path) -> Launch:
    """The LiveKit server; writes its configuration (with the secret, mode 0600) into the data folder."""
    config: dict[str, object] = {
        "port": ports["livekit.port"],
        "bind_addresses": [LOOPBACK],
        "rtc": {
            "udp_port": ports["livekit.rtc-udp-port"],
            "tcp_port": ports.get("livekit.rtc-tcp-port", 0),
            "use_external_ip": False,
            "node_ip": LOOPBACK,
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo", "lo0"]},
        },
        "keys": {server.key: server.secret},
        "logging": {"level": server.log_level, "json": False},
    }
    if "livekit.metrics-port" in ports:
        config["prometheus"] = {"port": ports["livekit.metrics-port"]}
    if webhook:
        config["webhook"] = {"api_key": server.key, "urls": [webhook]}
    path = data / "livekit.yaml"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    argv = (binary("livekit-server"), "--config", str(path))
    ready = f"http http://{LOOPBACK}:{ports['livekit.port']}/"
    return Launch("livekit", argv, _plain_environment(), ROOT, ready, server.ready_timeout)


def _plain_environment() -> dict[str, str]:
    """The caller's environment without variables that the servers would take for configuration."""
    ours = ("LIVEKIT_", "TEMPORAL_", "NODE_IP", "UDP_PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
