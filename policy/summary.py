"""What of a model's summary stands: citations that exist, and action items that the facts do not contradict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from contracts.base import Content
from contracts.session import Turn
from contracts.summary import ActionItem, Cited, Outcome, Owner, Summary, SummaryRequest
from contracts.task import TaskStage

C = TypeVar("C", bound=Cited)

SAME_WORDS = 0.6
"""Share of a statement's words that a turn has to hold to be taken for the one that it rests on."""

NEARLY_ALL_WORDS = 0.8
"""Share of words, and every figure, that two statements have in common when they are one."""

_WITH_COLLEAGUE = (TaskStage.NEEDS_PERSON, TaskStage.FAILED, TaskStage.WAITING_APPROVAL)


def settled(draft: Summary, request: SummaryRequest) -> Summary:
    """The draft as far as the request bears it out.

    A cited turn or task that does not exist is repaired where it is clear what was meant, else dropped; a statement
    that then rests on nothing is dropped with it. An action item about a task whose outcome was told is done, and one
    is added for every open task that no item is about.
    """
    known = _Known(request)
    parts = request.parts
    items = [i for i in known.cited(draft.action_items) if i.task_id is None or known.is_open(i.task_id)]
    about = {item.task_id for item in items}
    items += [_open_work(o) for o in request.outcomes if is_open(o) and o.task_id not in about]
    return draft.model_copy(
        update={
            "session_id": request.session_id,
            "decisions": _kept(known.cited(draft.decisions), [s for part in parts for s in part.decisions]),
            "action_items": tuple(items),
            "open_questions": tuple(known.cited(draft.open_questions)),
            "promises": _kept(known.cited(draft.promises), [s for part in parts for s in part.promises]),
        }
    )


def _kept(statements: Sequence[C], earlier: Sequence[C]) -> tuple[C, ...]:
    """What was decided or promised stays so: what a model leaves out of an earlier part goes before what it says.

    A statement that repeats an earlier one cites its turns too.
    """
    found: list[C] = []
    repeated: dict[int, list[C]] = {}
    for statement in earlier:
        at = next((n for n, later in enumerate(statements) if _repeats(later, statement)), None)
        if at is not None:
            repeated.setdefault(at, []).append(statement)
        elif not any(_repeats(known, statement) for known in found):
            found.append(statement)
    for n, statement in enumerate(statements):
        cited = [turn_id for s in (*repeated.get(n, []), statement) for turn_id in s.turn_ids]
        found.append(statement.model_copy(update={"turn_ids": tuple(dict.fromkeys(cited))}))
    return tuple(found)


def _repeats(later: Cited, earlier: Cited) -> bool:
    """The same words for the most part, or all of the same turns or the same task in other words."""
    if earlier.task_id is not None and earlier.task_id == later.task_id:
        return True
    if earlier.turn_ids and set(earlier.turn_ids) <= set(later.turn_ids):
        return True
    if later.text.body.casefold() == earlier.text.body.casefold():
        return True
    words, known = _words(later.text.body), _words(earlier.text.body)
    same_figures = {w for w in words ^ known if any(c.isdigit() for c in w)} == set()
    return same_figures and len(words & known) >= NEARLY_ALL_WORDS * max(len(words), len(known), 1)


def is_open(outcome: Outcome) -> bool:
    """Whether somebody still has to do something: the task goes on, went wrong, or its outcome was not heard."""
    return not outcome.stage.final or outcome.stage in _WITH_COLLEAGUE or not outcome.told


def _open_work(outcome: Outcome) -> ActionItem:
    goal = outcome.goal.body.strip()
    if outcome.stage.final and outcome.stage not in _WITH_COLLEAGUE:
        words, owner = f"Tell the caller what came of this: {goal}", Owner.AGENT
    elif outcome.stage in (TaskStage.NEEDS_PERSON, TaskStage.FAILED):
        words, owner = f"Look into this: {goal}", Owner.COLLEAGUE
    elif outcome.stage is TaskStage.WAITING_APPROVAL:
        words, owner = f"Decide about this: {goal}", Owner.COLLEAGUE
    else:
        words, owner = f"Finish this: {goal}", Owner.AGENT
    text = Content(subject_id=outcome.goal.subject_id, body=words)
    return ActionItem(text=text, owner=owner, task_id=outcome.task_id)


class _Known:
    """The turns and tasks that a summary may cite."""

    def __init__(self, request: SummaryRequest) -> None:
        parts = [statement for part in request.parts for statement in part.statements()]
        self._turns = {turn.turn_id: _words(turn.text.body) for turn in request.turns}
        # The turns of an earlier part are known by its citations, and by what it says that they hold.
        for statement in parts:
            for turn_id in statement.turn_ids:
                self._turns.setdefault(turn_id, set()).update(_words(statement.text.body))
        self._tasks = {outcome.task_id: outcome for outcome in request.outcomes}
        self._task_ids = {*self._tasks, *(s.task_id for s in parts if s.task_id)}

    def is_open(self, task_id: str) -> bool:
        """A task that only an earlier part knew counts as open: nothing says otherwise."""
        outcome = self._tasks.get(task_id)
        return outcome is None or is_open(outcome)

    def cited(self, statements: Iterable[C]) -> list[C]:
        checked = (self._checked(statement) for statement in statements)
        return [statement for statement in checked if statement is not None]

    def _checked(self, statement: C) -> C | None:
        if not statement.text.body.strip():
            return None
        turn_ids = list(dict.fromkeys(found for given in statement.turn_ids if (found := _meant(given, self._turns))))
        task_id = _meant(statement.task_id, dict.fromkeys(self._task_ids)) if statement.task_id else None
        if not turn_ids and task_id is None:
            turn_ids = self._saying(statement.text.body)
        if not turn_ids and task_id is None:
            return None
        return statement.model_copy(update={"turn_ids": tuple(turn_ids), "task_id": task_id})

    def _saying(self, text: str) -> list[str]:
        """The one turn that says most of it; none if no turn does."""
        wanted = _words(text)
        shares = {turn_id: len(wanted & words) / len(wanted) for turn_id, words in self._turns.items() if wanted}
        best = max(shares, key=shares.__getitem__, default=None)
        return [best] if best is not None and shares[best] >= SAME_WORDS else []


def _meant(given: str, known: Mapping[str, object]) -> str | None:
    """The known id that was meant: itself, the same in other brackets or case, or the only one that begins so."""
    if given in known:
        return given
    bare = re.sub(r"[^\w.:-]", "", given).casefold()
    same = [name for name in known if name.casefold() == bare]
    starting = [name for name in known if bare and len(bare) >= 6 and name.casefold().startswith(bare)]
    found = same or starting
    return found[0] if len(found) == 1 else None


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2 or word.isdigit()}


def transcript(turns: Sequence[Turn]) -> str:
    """One line a turn, as `[turn_id] speaker: text`."""
    return "\n".join(f"[{t.turn_id}] {t.speaker.value}: {' '.join(t.text.body.split())}" for t in turns)
