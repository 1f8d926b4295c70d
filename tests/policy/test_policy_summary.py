"""What of a model's summary stands."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from policy_samples import T0, words

from contracts.session import Speaker, Turn
from contracts.summary import ActionItem, Cited, Outcome, Owner, Summary, SummaryRequest
from contracts.task import TaskStage
from policy.summary import is_open, settled


def turn(turn_id: str, text: str) -> Turn:
    return Turn(
        turn_id=turn_id,
        session_id="A",
        epoch=1,
        role="voice",
        speaker=Speaker.CALLER,
        text=words(text),
        started_at=T0,
        ended_at=T0,
    )


def outcome(stage: TaskStage, *, told: bool = False, task_id: str = "task-1") -> Outcome:
    return Outcome(task_id=task_id, goal=words("mend the roof"), stage=stage, told=told)


def asked(*outcomes: Outcome, parts: tuple[Summary, ...] = ()) -> SummaryRequest:
    turns = (turn("item_a1b2c3", "please mend the roof"), turn("item_d4e5f6", "thank you"))
    return SummaryRequest(
        session_id="A",
        subject_id="subject-1",
        composition="desk",
        day=date(2026, 1, 1),
        turns=turns,
        outcomes=outcomes,
        parts=parts,
    )


def draft(**lists: tuple[Cited, ...]) -> Summary:
    return Summary.model_validate({"session_id": "another", "summary": words("A call."), **lists})


def cited(text: str, *turn_ids: str, task_id: str | None = None) -> Cited:
    return Cited(text=words(text), turn_ids=turn_ids, task_id=task_id)


def test_ids_are_repaired_where_it_is_clear_what_was_meant() -> None:
    given = ("[item_a1b2c3]", "ITEM_D4E5F6", "item_a1b2", "item_", "item_zzz", "item_a1b2c3")
    kept = settled(draft(decisions=(cited("yes", *given),)), asked()).decisions
    assert [c.turn_ids for c in kept] == [("item_a1b2c3", "item_d4e5f6")]


def test_a_statement_without_any_ground_finds_the_turn_that_says_it_or_goes() -> None:
    made = draft(
        promises=(cited("to mend the roof", "t99"), cited("to paint the fence", "t99"), cited("", "item_a1b2c3"))
    )
    assert [p.turn_ids for p in settled(made, asked()).promises] == [("item_a1b2c3",)]


def test_turns_of_earlier_parts_may_be_cited() -> None:
    part = draft(decisions=(cited("go", "old-1"),))
    kept = settled(draft(decisions=(cited("go", "old-1"), cited("no", "old-2"))), asked(parts=(part,))).decisions
    assert [c.turn_ids for c in kept] == [("old-1",)]


def test_every_open_task_is_an_action_item_and_no_settled_one_is() -> None:
    item = ActionItem(text=words("mend it"), turn_ids=("item_a1b2c3",), task_id="task-1")
    for stage in TaskStage:
        for told in (True, False):
            fact = outcome(stage, told=told)
            for items in ((), (item,)):
                kept = settled(draft(action_items=items), asked(fact)).action_items
                assert [i.task_id for i in kept] == (["task-1"] if is_open(fact) else []), (stage, told)
    closed = {stage for stage in TaskStage if not is_open(outcome(stage, told=True))}
    assert closed == {TaskStage.DONE, TaskStage.DECLINED, TaskStage.CANCELLED}


def test_who_has_to_do_it_follows_from_the_state_of_the_work() -> None:
    def owner(stage: TaskStage, told: bool = True) -> Owner | None:
        [item] = settled(draft(), asked(outcome(stage, told=told))).action_items
        return item.owner

    assert owner(TaskStage.RUNNING) is owner(TaskStage.DONE, told=False) is Owner.AGENT
    assert (
        owner(TaskStage.WAITING_APPROVAL) is owner(TaskStage.NEEDS_PERSON) is owner(TaskStage.FAILED) is Owner.COLLEAGUE
    )


IDS = st.sampled_from(["item_a1b2c3", "item_d4e5f6", "old-1", "nowhere", "", "[item_a1b2c3]"])
STATEMENTS = st.builds(
    lambda text, turn_ids, task: cited(text, *turn_ids, task_id=task),
    st.sampled_from(["mend the roof", "thanks", ""]),
    st.lists(IDS, max_size=3),
    st.sampled_from([None, "task-1", "task-9"]),
)


@given(st.lists(STATEMENTS, max_size=5), st.sampled_from(TaskStage), st.booleans())
def test_whatever_a_model_says_what_stands_rests_on_what_exists(
    statements: list[Cited], stage: TaskStage, told: bool
) -> None:
    items = tuple(ActionItem(text=s.text, turn_ids=s.turn_ids, task_id=s.task_id) for s in statements)
    request = asked(outcome(stage, told=told))
    found = settled(draft(decisions=tuple(statements), action_items=items), request)
    known = {t.turn_id for t in request.turns}
    for statement in found.statements():
        assert statement.turn_ids or statement.task_id
        assert set(statement.turn_ids) <= known and statement.task_id in (None, "task-1")
    assert found.session_id == "A" and settled(found, request) == found, "settling once is enough"
