"""`greenroom why`: what was known, decided, ruled, approved, done, said and heard, from the audit trail."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.text import Text

from workers.commands.printing import AsJson, print_json, records, time_of_day
from workers.errors import GreenroomError
from workers.settings import load_settings
from workers.why import Told, Why, explain

app = typer.Typer(help="Why something happened, from the audit trail.")

_INSIDE = ("prompt_characters", "task", "step")
"""What the text leaves out: it is in the ids, or of use to a program alone."""

LONGEST = 1200
"""Characters of one content, unless all of it is asked for."""


@app.command()
def why(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A task, TASK/STEP, approval, checkpoint, escalation, tool call, turn, delivery, session.",
        ),
    ],
    session: Annotated[str | None, typer.Option(help="ID may be words that were spoken in this session.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Every content whole.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell why: also while the call runs. Only what is in the audit trail is told; verify it with `greenroom audit`."""
    settings = load_settings()

    def address(workflow_id: str) -> str:
        place = f"{settings.temporal_ui}/namespaces/{settings.temporal_namespace}/workflows"
        return f"{place}/{quote(workflow_id, safe='')}"

    with records() as reader:
        story = explain(reader, wanted, address, session)
    if story is None:
        raise GreenroomError(
            f"nothing is known of {wanted!r}; ids are in 'greenroom sessions show', 'tasks show', 'approvals ls'; "
            "for spoken words name the call with --session"
        )
    if as_json:
        print_json(story)
    else:
        show(Console(), story, None if full else LONGEST)


def show(console: Console, story: Why, longest: int | None) -> None:
    console.print(Text(f"Why {story.kind} {story.id}", "bold"))
    console.print(Text(story.summary))
    console.print(Text(f"session {story.session_id}"))
    for turn in story.turns:
        said = turn.turn
        heard = "interrupted" if said.interrupted else "to the end"
        line = f"{time_of_day(said.started_at)} {said.speaker.value} {said.turn_id} ({heard}): {said.text.body}"
        console.print(Text(line))
    for model in story.known:
        _heading(console, "What was known")
        console.print(Text(_cut(_context(model.contents.get("input")), longest)))
    _section(console, "What was decided, by which model", story.decided, ("output",), longest)
    _section(console, "Which rule", story.rules, (), longest)
    _section(
        console, "Who approved what", story.approved, ("action", "covers", "edited", "plan", "reason", "note"), longest
    )
    _section(console, "What happened", story.happened, ("goal", "arguments", "result", "answer"), longest)
    _section(console, "What was said and heard", story.said, ("speech",), longest)
    for owed in story.deliveries:
        console.print(Text(f"  {owed.delivery_id} {owed.state.value} ({owed.attempts} tries): {owed.speech.body}"))
    _heading(console, "Histories")
    for workflow_id, address in story.workflows.items():
        console.print(Text(f"  {workflow_id}  {address}"), soft_wrap=True)


def _section(console: Console, title: str, entries: list[Told], contents: tuple[str, ...], longest: int | None) -> None:
    if not entries:
        return
    _heading(console, title)
    for entry in entries:
        detail = ", ".join(f"{n} {_plain(v)}" for n, v in entry.detail.items() if v != {} and n not in _INSIDE)
        console.print(Text(f"  {time_of_day(entry.at)} {entry.actor}: {entry.action} {entry.target}  [{detail}]"))
        for name in contents:
            if name in entry.contents:
                body = entry.contents[name]
                console.print(Text(f"      {name}: {'(erased)' if body is None else _cut(body, longest)}"))


def _heading(console: Console, title: str) -> None:
    console.print(Text(f"\n{title}", "bold"))


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _context(request: str | None) -> str:
    """The messages of a model's input, as it was sent."""
    if request is None:
        return "(erased)"
    lines = []
    for message in json.loads(request)["messages"]:
        calls = "".join(f" calls {c['function']['name']}({c['function']['arguments']})" for c in _calls(message))
        lines.append(f"{message['role']}: {message.get('content') or ''}{calls}")
    return "\n".join(lines)


def _calls(message: dict[str, object]) -> list[dict[str, dict[str, str]]]:
    found = message.get("tool_calls")
    return found if isinstance(found, list) else []


def _cut(text: str, longest: int | None) -> str:
    if longest is None or len(text) <= longest:
        return text
    return f"{text[: longest // 2]}\n      … {len(text) - longest} characters, see --full …\n{text[-longest // 2 :]}"
