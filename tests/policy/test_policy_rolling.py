"""When older turns go into the rolling summary, and how long it may become."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from policy_samples import at, words

from contracts.composition import Limits
from contracts.session import Speaker, Turn
from contracts.summary import ActionItem, Cited, Summary
from policy import rolling
from policy.session import SessionState, with_summary, with_turn
from policy.tokens import tokens_of
from tests.policy.test_policy_session import EMPTY

LIMITS = Limits(recent_turns=8, context_tokens=200, summary_tokens=80)


def turn(number: int, characters: int = 20) -> Turn:
    return Turn(
        turn_id=f"turn-{number}",
        session_id="session-1",
        epoch=1,
        role="voice",
        speaker=Speaker.CALLER,
        text=words("x" * characters),
        started_at=at(number),
        ended_at=at(number),
    )


def summary(text: str = "A call.", *statements: str) -> Summary:
    items = tuple(ActionItem(text=words(s), turn_ids=("turn-1",)) for s in statements)
    decided = tuple(Cited(text=words(s), turn_ids=("turn-1",)) for s in statements)
    return Summary(session_id="session-1", summary=words(text), action_items=items, decisions=decided)


def test_nothing_is_folded_while_all_fits() -> None:
    assert rolling.to_fold([turn(n) for n in range(8)], None, LIMITS) == ()
    assert rolling.to_fold([turn(n) for n in range(8)], summary("x" * 600), LIMITS) == (), "190 tokens with its summary"


def test_one_turn_too_many_folds_the_older_half() -> None:
    folded = rolling.to_fold([turn(n) for n in range(9)], None, LIMITS)
    assert [t.turn_id for t in folded] == [f"turn-{n}" for n in range(5)]


def test_a_few_long_turns_are_folded_too_and_the_latest_two_stay() -> None:
    folded = rolling.to_fold([turn(n, 400) for n in range(4)], None, LIMITS)
    assert [t.turn_id for t in folded] == ["turn-0", "turn-1"]
    assert rolling.to_fold([turn(n, 4000) for n in range(2)], None, LIMITS) == ()


@given(st.lists(st.integers(0, 900), max_size=60), st.integers(1, 20))
def test_a_call_of_any_length_stays_small_and_no_turn_falls_between(lengths: list[int], lag: int) -> None:
    """`lag`: how many turns come while a summary is being made."""
    state: SessionState = EMPTY
    folded: list[str] = []
    pending: tuple[Turn, ...] = ()
    since = 0
    for number, length in enumerate(lengths):
        state = with_turn(state, turn(number, length), keep=1000)
        since += 1
        if pending and since >= lag:
            folded += [t.turn_id for t in pending]
            story = (state.summary or summary("")).summary.body + " And more was said."
            state = with_summary(state, rolling.bounded(summary(story), LIMITS.summary_tokens), pending)
            pending = ()
        if not pending:
            pending, since = rolling.to_fold(state.turns, state.summary, LIMITS), 0
        known = [*folded, *(t.turn_id for t in state.turns)]
        assert known == [f"turn-{n}" for n in range(number + 1)], "each turn is in the summary or in full, in sequence"
        assert len(state.turns) <= LIMITS.recent_turns + 1 + 2 * lag
        if not pending:
            held = tokens_of(rolling.in_words(state.summary).body) if state.summary else 0
            full = held + sum(tokens_of(t.text.body) for t in state.turns)
            assert full <= LIMITS.context_tokens or len(state.turns) <= 2


@given(st.text(max_size=2000), st.lists(st.text(max_size=120), max_size=20), st.integers(50, 500))
def test_a_summary_is_bounded_whatever_it_holds(text: str, statements: list[str], most: int) -> None:
    found = rolling.bounded(summary(text, *statements), most)
    held = [found.summary.body, *(s.text.body for s in found.statements())]
    assert sum(map(tokens_of, held)) <= most
    assert rolling.bounded(found, most).statements() == found.statements()


def test_what_is_open_outlives_what_is_settled_and_the_latest_the_oldest() -> None:
    found = rolling.bounded(summary("One. Two. Three.", *(f"statement number {n}" for n in range(30))), 100)
    assert found.action_items[-1].text.body == "statement number 29" and not found.decisions
    assert rolling.bounded(summary("First. " + "x" * 400 + ". Last."), 20).summary.body == "Last."


def test_a_summary_in_words_names_what_is_open() -> None:
    assert rolling.in_words(summary("A call.", "Send it.")).body == "A call.\nDecided: Send it.\nStill to do: Send it."
