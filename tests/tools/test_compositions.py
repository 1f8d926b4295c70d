"""A wrong composition is told by file, line, key, and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.compositions import CompositionError, load_composition, load_compositions

FOLDER = Path(__file__).parents[2] / "compositions"
GOOD = """\
id: shop
title: A shop
phrases:
  greeting: Hello
roles:
  - name: voice
    kind: live
    instructions: Be kind.
    capabilities: [orders.read]
tools:
  - {name: lookup, server: shop, capability: orders.read}
  - name: refund
    server: shop
    capability: billing.refund
    effect: irreversible
    idempotency: key
approvals:
  - id: refunds
    tool: refund
    reason: money
"""

DENY = "{after_seconds: 9, kind: fallback, fallback: deny}"
SAFE = "{{after_seconds: 9, kind: fallback, fallback: safe_default, tool: {}}}"


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "shop.yml"
    path.write_text(text)
    with pytest.raises(CompositionError) as error:
        load_composition(path)
    return [problem.removeprefix(f"{path}:") for problem in error.value.problems]


def test_the_compositions_of_the_repository_load() -> None:
    found = load_compositions(FOLDER)
    assert found["support"].role("voice").capabilities
    assert load_composition(FOLDER / "support.yml") == found["support"]
    other = load_compositions(FOLDER, chat_model="gpt-4.1")["support"]
    assert {role.model for role in other.roles} == {"gpt-4.1"}, "it stands in where a composition names none"


def test_a_good_one_loads(tmp_path: Path) -> None:
    path = tmp_path / "shop.yml"
    path.write_text(GOOD)
    assert load_composition(path).tool("refund").idempotency == "key"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("kind: live", "kind: alive"), "7: roles.voice.kind: 'alive' is not allowed; allowed: 'live' or 'backstage'"),
        (("  greeting: Hello\n", "  greting: Hello\n"), "3: phrases.greeting: this key is missing"),
        (
            ("effect: irreversible", "effect: forever"),
            "15: tools.refund.effect: 'forever' is not allowed; allowed: 'none', 'reversible' or 'irreversible'",
        ),
        (
            ("reason: money", "reson: money"),
            "20: approvals.refunds.reson: there is no such key; did you mean 'reason'?",
        ),
        (("    tool: refund", "    tool: refunds"), "19: approvals.refunds.tool: unknown tool 'refunds'; declared: "),
        (("[orders.read]", "[orders.write]"), "9: roles.voice.capabilities: no tool declares ['orders.write']"),
        (
            ("idempotency: key", "idempotency: maybe"),
            "16: tools.refund.idempotency: 'maybe' is not one of 'key', 'none'",
        ),
        (("id: shop", "id: My Shop"), "1: id: 'My Shop' is not allowed; it must look like "),
        (("title: A shop", "title: [A, shop]"), "2: title: Input should be a valid string, got ['A', 'shop']"),
        (("title: A shop", "title: A shop\ntitle: B"), "3: title: this key stands already in line 2"),
        (("server: shop, capability", "server: shop, capabilty"), "11: tools.lookup.capability: this key is missing"),
        (("    kind: live", "   kind: live"), "7: "),
        (("roles:\n", "roles: {}\nother:\n"), "5: roles: "),
        (
            ("title: A shop", "title: A shop\nattendance: {heartbeat_timeout: 0.1}"),
            "3: attendance: heartbeat_timeout must be more than heartbeat_seconds (0.3)",
        ),
        (("title: A shop", "title: A shop\nattendance: {probe_timeout: 0}"), "3: attendance.probe_timeout: "),
        (
            ("reason: money", "reason: money\n    ladder: [{after_seconds: 5, kind: remind}]"),
            "21: approvals.refunds.ladder: the last rung must say what it means that nobody decided",
        ),
        (
            (
                "reason: money",
                f"reason: money\n    ladder: [{{after_seconds: 5, kind: pass_on, to: 'group:x'}}, {DENY}]",
            ),
            "21: approvals.refunds.ladder: no group 'x'; declare it under the composition's 'groups' (now: none)",
        ),
        (
            ("reason: money", "reason: money\n    ladder: [{after_seconds: 5, kind: fallback, fallback: go_on}]"),
            "21: approvals.refunds.ladder: fallback 'go_on' cannot be here; allowed: deny, safe_default, person",
        ),
        (
            ("reason: money", f"reason: money\n    ladder: [{SAFE.format('refund')}]"),
            "21: approvals.refunds.ladder: no other tool 'refund' to call instead; declared: ['lookup', 'refund']",
        ),
        (
            ("reason: money", f"reason: money\n    ladder: [{SAFE.format('lookup')}]\n    deadline_seconds: 8"),
            "18: approvals.refunds: deadline_seconds comes from the ladder's last rung: leave it out",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in GOOD
    found = problems(tmp_path, GOOD.replace(*change, 1))
    matching = [problem for problem in found if problem.startswith(told)]
    assert matching, found
    assert all("pydantic" not in problem and "validation error" not in problem for problem in found)


def test_the_safe_default_can_be_called_by_whoever_may_call_the_gated_tool(tmp_path: Path) -> None:
    ladder = GOOD.replace("reason: money", f"reason: money\n    ladder: [{SAFE.format('lookup')}]")
    path = tmp_path / "shop.yml"
    path.write_text(ladder)
    assert load_composition(path).approvals[0].deadline_seconds == 9
    [problem] = problems(tmp_path, ladder.replace("[orders.read]", "[billing.refund]"))
    assert problem == "21: approvals.refunds.ladder: role voice may call refund, but not lookup: give it orders.read"
    other = ladder.replace("orders.read}", "orders.read, effect: reversible}")
    [problem] = problems(tmp_path, other)
    assert "'lookup' would need a person too" in problem


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD.replace("kind: live", "kind: alive").replace("reason: money", "why: money"))
    (tmp_path / "b.yaml").write_text("- not a mapping")
    (tmp_path / "notes.txt").write_text("ignored")
    with pytest.raises(CompositionError) as error:
        load_compositions(tmp_path)
    told = str(error.value)
    assert f"{tmp_path / 'a.yml'}:7: roles.voice.kind" in told
    assert f"{tmp_path / 'a.yml'}:20: approvals.refunds.why" in told
    assert f"{tmp_path / 'b.yaml'}:1: " in told
    assert "notes.txt" not in told


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD)
    (tmp_path / "b.yml").write_text("# a copy\n" + GOOD)
    with pytest.raises(CompositionError, match=r"b\.yml:2: id: 'shop' is taken by .*a\.yml"):
        load_compositions(tmp_path)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CompositionError, match=r"none\.yml: cannot be read: No such file"):
        load_composition(tmp_path / "none.yml")
    with pytest.raises(CompositionError, match="no composition here"):
        load_compositions(tmp_path)
    with pytest.raises(CompositionError, match="no composition here"):
        load_compositions(tmp_path / "missing")
    (tmp_path / "latin.yml").write_bytes(b"title: \xff\xfe")
    with pytest.raises(CompositionError, match="not UTF-8"):
        load_composition(tmp_path / "latin.yml")


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ('asked: "They ask: {who}"', "nothing fills {who}; fields here: {question}"),
        ('failed: "Sorry, {name}."', "nothing fills {name}; fields here: none"),
        ('edited: "Changed: {action"', "a brace that is spoken is written twice"),
    ],
)
def test_a_phrase_with_a_field_that_nothing_fills_is_told_at_once(tmp_path: Path, phrase: str, told: str) -> None:
    text = GOOD.replace("greeting: Hello\n", f"greeting: Hello\n  {phrase}\n")
    assert any(phrase.split(":")[0] in line and told in line for line in problems(tmp_path, text))


def test_a_phrase_may_leave_a_field_out_and_speak_a_brace(tmp_path: Path) -> None:
    path = tmp_path / "shop.yml"
    path.write_text(GOOD.replace("greeting: Hello\n", 'greeting: "Hello {"\n  asked: "They ask {{something}}."\n'))
    phrases = load_composition(path).phrases
    assert (phrases.greeting, phrases.asked.format(question="what?")) == ("Hello {", "They ask {something}.")


def test_a_condition_and_its_cases_are_checked_on_load(tmp_path: Path) -> None:
    rule = GOOD + "    when: amont < 5.0\n"
    beginning = f"{len(GOOD.splitlines()) + 1}: approvals.refunds.when: there is no 'amont'; did you mean 'amount'?"
    assert problems(tmp_path, rule)[0].startswith(beginning)
    cases = GOOD + "    expect:\n      - {gated: true}\n      - {gated: false}\n"
    line = len(GOOD.splitlines()) + 3
    wanted = f"{line}: approvals.refunds.expect.1: expected to be free, and it is gated by rule refunds"
    assert problems(tmp_path, cases) == [wanted]
    unknown = GOOD + "    expect:\n      - {gate: true}\n"
    assert any("did you mean 'gated'" in problem for problem in problems(tmp_path, unknown))
