"""While a person is waited for: one honest sentence, silence, and always an end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import at
from test_policy_escalation import GO_ON, PASS_ON, PHRASES, REMIND, news

from contracts.escalation import CallEscalation, EscalationStage
from policy.pause import SLACK, Pause

OPEN, RESUMED, TAKEN_OVER, EXPIRED = EscalationStage


def named(escalation_id: str, told: CallEscalation) -> CallEscalation:
    return told.model_copy(update={"escalation_id": escalation_id})


def test_asked_by_the_caller_the_answer_says_so_then_one_sentence_then_silence() -> None:
    pause = Pause(PHRASES)
    assert pause.reply() is None and not pause.held
    pause.asked(news(1, OPEN).escalation_id, at(120))
    assert [pause.reply() for _ in range(4)] == ["Called.", "Waiting.", "", ""]
    assert pause.news(news(1, OPEN)) is None, "that was said already"
    assert pause.news(news(2, OPEN, PASS_ON)) == "Another."
    assert [pause.reply() for _ in range(2)] == ["Waiting.", ""], "after news the caller's words get a sentence again"
    assert pause.news(news(2, OPEN, PASS_ON)) is None and pause.news(news(1, OPEN)) is None, "old news"
    assert pause.news(news(3, RESUMED)) == "Helped."
    assert pause.reply() is None and pause.until is None


def test_asked_by_anybody_else_the_caller_is_told_at_once() -> None:
    pause = Pause(PHRASES)
    assert pause.news(news(1, OPEN)) == "Called."
    assert [pause.reply() for _ in range(2)] == ["Waiting.", ""]
    assert pause.news(news(2, OPEN, REMIND)) == "Waiting."
    assert pause.news(news(3, EXPIRED, GO_ON)) == "Nobody."
    assert pause.reply() is None


def test_who_took_over_speaks_alone_for_good() -> None:
    pause = Pause(PHRASES)
    pause.news(news(1, OPEN))
    assert pause.news(news(2, TAKEN_OVER)) == "Here."
    assert pause.silent and [pause.reply() for _ in range(3)] == ["", "", ""] and pause.until is None
    assert pause.news(named("other", news(1, OPEN))) is None
    assert pause.news(named("other", news(2, RESUMED))) is None
    assert pause.reply() == "" and pause.lapsed(at(10_000)) is None


def test_two_are_waited_for_until_both_have_ended() -> None:
    pause = Pause(PHRASES)
    pause.news(news(1, OPEN))
    pause.news(named("other", news(1, OPEN)))
    assert pause.news(news(2, RESUMED)) == "Helped." and pause.held and pause.reply() == "Waiting."
    assert pause.news(named("other", news(2, EXPIRED))) == "Nobody." and not pause.held


def test_a_new_agent_of_the_call_knows_and_was_not_the_one_who_asked() -> None:
    pause = Pause(PHRASES)
    pause.restored([news(2, OPEN, REMIND)])
    assert [pause.reply() for _ in range(2)] == ["Waiting.", ""]
    pause = Pause(PHRASES)
    pause.restored([news(2, TAKEN_OVER)])
    assert pause.silent and pause.reply() == ""
    pause = Pause(PHRASES)
    pause.restored([news(2, RESUMED)])
    assert pause.reply() is None


def test_no_end_heard_is_an_end_too() -> None:
    pause = Pause(PHRASES)
    pause.asked("mine", at(120))
    assert pause.until == at(120) + SLACK
    assert pause.lapsed(at(129)) is None and pause.held
    assert pause.lapsed(at(130)) == "Nobody." and pause.reply() is None
    assert pause.lapsed(at(131)) is None, "told once"


COURSE = st.lists(
    st.tuples(
        st.sampled_from(["asked", "reply", "lapsed", *EscalationStage]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 6),
        st.integers(0, 400),
    ),
    max_size=40,
)


@given(COURSE)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_the_wait_has_an_end_and_a_person_is_never_talked_over(
    course: list[tuple[str, str, int, int]],
) -> None:
    pause, taken = Pause(PHRASES), False
    for what, name, revision, second in course:
        before = pause.silent
        if what == "asked":
            pause.asked(name, at(second))
        elif what == "reply":
            told = pause.reply()
            assert (told is None) == (not pause.held)
            assert not before or told == ""
        elif what == "lapsed":
            assert pause.lapsed(at(second)) in ((None,) if before else (None, "Nobody."))
        else:
            told = pause.news(named(name, news(revision, EscalationStage(what))))
            assert not before or told is None
        taken = taken or pause.silent
        assert not pause.held or pause.silent or pause.until is not None
        assert not pause.silent or pause.until is None
    for _ in range(3):
        if pause.until is not None:
            pause.lapsed(pause.until + timedelta(seconds=1))
    assert pause.silent or not pause.held
