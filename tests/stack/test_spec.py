"""The stack's description: what it may say, and how a mistake is told."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from workers.stack.errors import SpecError
from workers.stack.plan import make_plan
from workers.stack.selection import select, wanted_ports
from workers.stack.servers import DEFAULT_SPEC
from workers.stack.spec import load_spec, parse_spec


def test_the_file_has_the_only_shape_that_the_temporal_cli_accepts() -> None:
    for section in yaml.safe_load(DEFAULT_SPEC.read_text()).values():
        for entry in section.values():
            assert all(isinstance(value, str | int | float | bool) for value in entry.values())


def test_everything_that_the_stack_promises_is_described() -> None:
    spec = load_spec(DEFAULT_SPEC)
    assert spec.processes["voice"].replicas >= 2
    livekit = spec.servers.livekit
    assert livekit is not None and len(livekit.secret) >= 32 and livekit.webhook
    assert "Deadline=Datetime" in spec.servers.temporal.search_attributes
    assert "voice-2.port" in wanted_ports(spec)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"restart": "sometimes"}, "processes.a.restart='sometimes' is not allowed; allowed: one of 'always'"),
        ({"replicas": 0}, "processes.a.replicas=0 is not allowed; allowed: a number from 1"),
        ({"port": 70000}, "processes.a.port=70000 is not allowed; allowed: a number up to 65535"),
        ({"ready": "https x"}, "processes.a.ready='https x' is not allowed; write http URL, tcp HOST:PORT"),
        ({"ready": "exit now"}, "write http URL"),
        ({"comand": "x"}, "processes.a.comand is not a known key"),
        ({"command": None}, "processes.a.command=None is not allowed"),
        ({"needs": "b"}, "processes.a.needs: no b; there are a"),
        ({"needs": "a"}, "processes: a wait for each other"),
        ({"env": "not an assignment"}, "write NAME=VALUE"),
    ],
)
def test_a_mistake_names_the_key_and_what_is_allowed(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({"processes": {"a": {"command": "x", **fields}}}, source="test.yml")
    assert told in str(caught.value)
    assert str(caught.value).startswith("test.yml: ")


@pytest.mark.parametrize("secret", ["short", ""])
def test_a_secret_is_never_told(secret: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({"servers": {"livekit": {"key": "k", "secret": secret}}}, source="t")
    assert "servers.livekit.secret=(hidden) is not allowed; allowed: text of at least 32 characters" in str(
        caught.value
    )


def test_a_file_that_is_absent_or_no_yaml_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no\.yml does not exist"):
        load_spec(tmp_path / "no.yml")
    (tmp_path / "bad.yml").write_text("a: [")
    with pytest.raises(SpecError, match=r"bad\.yml is no YAML"):
        load_spec(tmp_path / "bad.yml")


def test_two_entries_cannot_ask_for_one_port() -> None:
    spec = parse_spec(
        {"processes": {"a": {"command": "x", "port": 18000, "replicas": 2}, "b": {"command": "x", "port": 18001}}},
        source="t",
    )
    with pytest.raises(SpecError, match=r"b\.port and a-2\.port both ask for port 18001"):
        wanted_ports(spec)


def test_placeholders_are_filled_and_unknown_ones_told(tmp_path: Path) -> None:
    spec = parse_spec(
        {
            "environment": {"shared": {"TOOLS": '{"shop": "http://127.0.0.1:{b.port}/mcp"}', "WHERE": "{data}"}},
            "processes": {
                "a": {
                    "command": "python -m a --me {port} --other {b.port} --seed {seed}",
                    "port": 18000,
                    "replicas": 2,
                },
                "b": {"command": "b '{data}/with space'", "port": 18010},
            },
        },
        source="t",
    )
    plan = make_plan(spec, names=select(spec, None), data=tmp_path, ports=wanted_ports(spec), seed=7, env={"X": "y"})
    second = next(launch for launch in plan.launches if launch.name == "a-2")
    assert second.argv[1:] == ("-m", "a", "--me", "18001", "--other", "18010", "--seed", "7")
    assert plan.launches[-1].argv == ("b", f"{tmp_path}/with space")
    assert plan.env["TOOLS"] == '{"shop": "http://127.0.0.1:18010/mcp"}'
    assert (second.env["WHERE"], second.env["X"], second.env["GREENROOM_PROCESS"]) == (str(tmp_path), "y", "a-2")
    broken = spec.with_overrides({"a": {"command": "x {nobody.port}"}})
    with pytest.raises(SpecError, match=r"processes\.a\.command: no \{nobody\.port\}"):
        make_plan(broken, names={"a"}, data=tmp_path, ports=wanted_ports(spec), seed=1, env={})


def test_overrides_of_what_is_not_there_are_told() -> None:
    with pytest.raises(SpecError, match="overrides: no process 'nobody'"):
        load_spec(DEFAULT_SPEC).with_overrides({"nobody": {"replicas": 1}})
