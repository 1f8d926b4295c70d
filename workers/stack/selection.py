"""Which processes of a description run, how their copies are called, and which ports they ask for."""

from collections.abc import Collection

from workers.stack.errors import SpecError
from workers.stack.spec import Process, StackSpec


def replica_names(name: str, process: Process) -> list[str]:
    """One process keeps its name; several are name-1, name-2, ..."""
    return [name] if process.replicas == 1 else [f"{name}-{n + 1}" for n in range(process.replicas)]


def select(spec: StackSpec, only: Collection[str] | None) -> set[str]:
    """Names of the entries to run: all, or those named and what they need. Raises SpecError for unknown names."""
    known = set(spec.processes) | spec.server_names
    if only is None:
        return known
    if unknown := sorted(set(only) - known):
        raise SpecError(f"--only: no {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    wanted: set[str] = set()
    left = list(only)
    while left:
        name = left.pop()
        if name not in wanted:
            wanted.add(name)
            left += spec.processes[name].needs if name in spec.processes else ()
    return wanted


def wanted_ports(spec: StackSpec) -> dict[str, int]:
    """Every port that the description asks for, as entry.key -> port.

    Raises SpecError when two entries ask for the same.
    """
    ports: dict[str, int] = {}
    if spec.env:
        flags = spec.env.server
        ports |= {"temporal.port": flags.port, "temporal.ui-port": flags.ui_port}
        ports |= {"temporal.http-port": flags.http_port, "temporal.metrics-port": flags.metrics_port}
    if livekit := spec.servers.livekit:
        ports |= {"livekit.port": livekit.port, "livekit.rtc-udp-port": livekit.rtc_udp_port}
        ports |= {"livekit.rtc-tcp-port": livekit.rtc_tcp_port} if livekit.rtc_tcp_port else {}
        ports |= {"livekit.metrics-port": livekit.metrics_port} if livekit.metrics_port else {}
    for name, process in spec.processes.items():
        if process.port is not None:
            ports |= {f"{copy}.port": process.port + n for n, copy in enumerate(replica_names(name, process))}
    owners: dict[int, str] = {}
    for key, port in ports.items():
        if port in owners:
            raise SpecError(f"{key} and {owners[port]} both ask for port {port}; give one of them another")
        owners[port] = key
    return ports
