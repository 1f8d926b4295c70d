"""The caller steers work by voice: which task is meant, what it is told, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from contracts.approval import ApprovalStage, OpenApproval
from contracts.composition import Composition
from contracts.task import ControlKind, TaskStage, TaskState
from contracts.tools import OnInterrupt
from policy.interruption import Wish, agrees, policy_of, wish


@dataclass(frozen=True)
class Order:
    """What one task is to be told. `words`: the correction, as the caller said it."""

    task_id: str
    kind: ControlKind
    words: str | None = None


@dataclass(frozen=True)
class Ruling:
    """`say` None: nothing of ours is said. `replies`: it answers the caller's words, else it comes after that."""

    say: str | None = None
    orders: tuple[Order, ...] = ()
    replies: bool = True

    @property
    def nothing(self) -> bool:
        return self.say is None and not self.orders


@dataclass
class _Open:
    goal: str
    suspended: bool = False
    revision: int = 0


@dataclass
class Steering:
    """Knows the tasks of one call that are open, newest last.

    *About work*: what the agent says of a task, until the caller's next words. Only breaking that off touches the
    task. "Stop" and "wait" over other speech mean the speech, and the composition says what they do to work.
    """

    composition: Composition
    _open: dict[str, _Open] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)
    _gates: dict[str, OpenApproval] = field(default_factory=dict)
    _about: str | None = None
    _asked: str | None = None

    @property
    def asks(self) -> bool:
        """Whether the caller's next plain yes or no is about work on hold."""
        return self._asked is not None

    def delegated(self, task_id: str, goal: str) -> None:
        """The agent passed this on, and is about to say so."""
        if task_id not in self._over:
            self._open.setdefault(task_id, _Open(goal))
            self._about = task_id

    def changed(self, state: TaskState) -> None:
        """A state that is older than the known one is ignored, and so is one that an order was sent to end."""
        if state.stage.final:
            self._open.pop(state.task_id, None)
            self._over.add(state.task_id)
        elif state.task_id not in self._over:
            goal = state.goal.body if state.goal is not None else "your request"
            known = self._open.setdefault(state.task_id, _Open(goal))
            if state.revision > known.revision:
                known.revision, known.suspended = state.revision, state.stage is TaskStage.SUSPENDED

    def gated(self, approval: OpenApproval) -> None:
        """An effect waits for a person, or no longer."""
        self._gates[approval.approval_id] = approval

    def about(self, task_id: str) -> None:
        """The agent is about to say something of this task."""
        self._about = task_id

    def heard(self, words: str, *, over_speech: bool) -> Ruling:
        """What the caller's words do. `over_speech`: they broke off what the agent was saying."""
        about, self._about = self._about, None
        asked, self._asked = self._asked, None
        wanted = wish(words)
        if asked in self._open and (yes := agrees(words)) is not None and wanted is not Wish.WAIT:
            return self._tell(asked, ControlKind.RESUME if yes else ControlKind.CANCEL)
        of_work = about is not None or not over_speech
        target = about if about in self._open else next(reversed(self._open), None)
        match wanted:
            case Wish.QUIET:
                return Ruling(self.composition.phrases.quiet)
            case Wish.STOP | Wish.WAIT if target is None or not of_work:
                return self._of_speech(wanted, target)
            case Wish.STOP | Wish.CANCEL if target is not None:
                return self._tell(target, ControlKind.CANCEL)
            case Wish.WAIT if target is not None:
                return self._tell(target, ControlKind.SUSPEND)
            case Wish.GO_ON if (held := self._held(about)) is not None:
                return self._tell(held, ControlKind.RESUME)
            case Wish.CORRECT if target is not None:
                return self._tell(target, ControlKind.CORRECT, words)
        return replace(self._by_rule(about), replies=False) if over_speech and about in self._open else Ruling()

    def _of_speech(self, wanted: Wish, target: str | None) -> Ruling:
        """The words mean the speech. Of work that goes on all the same, the caller is told."""
        phrases = self.composition.phrases
        if target is None or self._open[target].suspended:
            return Ruling(phrases.take_your_time if wanted is Wish.WAIT else phrases.quiet)
        ruled = self._by_rule(target)
        return ruled if not ruled.nothing else Ruling(phrases.still_going.format(goal=self._goal(target)))

    def _by_rule(self, target: str | None) -> Ruling:
        if target is None or self._open[target].suspended:
            return Ruling()
        gates = [g for g in self._gates.values() if g.task_id == target and g.stage is ApprovalStage.PENDING]
        match policy_of(self.composition, (gate.tool for gate in gates)):
            case OnInterrupt.SUSPEND:
                return self._tell(target, ControlKind.SUSPEND)
            case OnInterrupt.CANCEL:
                return self._tell(target, ControlKind.CANCEL)
            case OnInterrupt.ASK:
                self._asked, goal = target, self._goal(target)
                held = self._tell(target, ControlKind.SUSPEND)
                return Ruling(self.composition.phrases.shall_go_on.format(goal=goal), held.orders)
            case OnInterrupt.CONTINUE:
                return Ruling()

    def _held(self, about: str | None) -> str | None:
        """The task on hold that "go on" means."""
        if about is not None and about in self._open and self._open[about].suspended:
            return about
        return next((task for task in reversed(self._open) if self._open[task].suspended), None)

    def _tell(self, task_id: str, kind: ControlKind, words: str | None = None) -> Ruling:
        phrases, goal = self.composition.phrases, self._goal(task_id)
        said = {
            ControlKind.CANCEL: phrases.stopping.format(goal=goal),
            ControlKind.SUSPEND: phrases.pausing.format(goal=goal),
            ControlKind.RESUME: phrases.going_on.format(goal=goal),
            ControlKind.CORRECT: phrases.changing,
        }[kind]
        already = kind is ControlKind.SUSPEND and self._open[task_id].suspended
        if kind is ControlKind.CANCEL:
            del self._open[task_id]
            self._over.add(task_id)
        elif kind is not ControlKind.CORRECT:
            self._open[task_id].suspended = kind is ControlKind.SUSPEND
        return Ruling(said, () if already else (Order(task_id, kind, words),))

    def _goal(self, task_id: str) -> str:
        return self._open[task_id].goal.rstrip(" .")
