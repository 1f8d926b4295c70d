"""The course of a task under any interleaving: nothing starts twice, too early, or after a cancel; and it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import T0, at, composition, words

from contracts.checkpoint import CheckpointAt, CheckpointOutcome, CheckpointRule, CheckpointStage
from contracts.composition import Limits
from contracts.task import (
    Control,
    ControlKind,
    EffectRecord,
    Plan,
    PlanStep,
    StepOrder,
    StepResult,
    StepStatus,
    TaskStage,
    WaitFor,
)
from policy import control, course, outcome, replanning
from policy import plan as planning
from policy.course_state import Course

LIMITS = Limits(task_seconds=900, parallel_steps=2, corrections=2, failure_replans=1)
GIVEN = {ControlKind.CORRECT: Control(words=words("make it Tuesday")), ControlKind.EXTEND: Control(seconds=60)}
PHRASES = composition().phrases


def step(step_id: str, *needs: str, goal: str = "do", wait: WaitFor | None = None) -> PlanStep:
    return PlanStep(step_id=step_id, role="operator", goal=words(goal), depends_on=needs, wait_for=wait)


def result(step_id: str, status: StepStatus = StepStatus.DONE, *effects: str) -> StepResult:
    had = tuple(
        EffectRecord(tool="book", call_id=f"{step_id}/{e}", idempotency_key=None, status="ok", action=words(e))
        for e in effects
    )
    return StepResult(
        step_id=step_id, role="operator", status=status, answer=words(f"answer of {step_id}."), effects=had
    )


def planned(*steps: PlanStep, limits: Limits = LIMITS) -> Course:
    return replanning.replanned(course.opened(limits, T0), Plan(steps=steps), 0)


def ordered(it: Course, kind: ControlKind) -> Course:
    order = GIVEN.get(kind, Control())
    return it if control.refusal(it.control, kind, order) else course.told(it, kind, order)


NEEDS = st.lists(st.sampled_from(["s1", "s2", "s3", "s4"]), max_size=2, unique=True)
WAITS = st.one_of(st.none(), st.builds(WaitFor, event=st.just("paid")), st.builds(WaitFor, seconds=st.just(5.0)))


RULES = st.lists(
    st.builds(CheckpointRule, id=st.just("look"), at=st.sampled_from(CheckpointAt), why=st.just("money")), max_size=2
)


def looked(stage: CheckpointStage) -> CheckpointOutcome:
    goes_on = stage is CheckpointStage.APPROVED
    return CheckpointOutcome(checkpoint_id="c1", stage=stage, goes_on=goes_on, note=words("mail first"))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A graph without a circle: each step needs only earlier ones."""
    steps: list[PlanStep] = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        needs = draw(st.lists(st.sampled_from([s.step_id for s in steps]), max_size=2, unique=True)) if steps else []
        steps.append(step(f"s{number}", *needs, goal=draw(st.sampled_from("abc")), wait=draw(WAITS)))
    return Plan(steps=tuple(steps))


class Run:
    """Plays the workflow's loop on the pure state, and watches what must never be."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.now: datetime = T0
        self.parallel = data.draw(st.integers(1, 3), "parallel steps")
        opened = course.opened(LIMITS.model_copy(update={"parallel_steps": self.parallel}), T0)
        self.it = opened.model_copy(update={"checkpoints": tuple(data.draw(RULES, "checkpoints"))})
        self.ever_started: list[str] = []
        self.done: set[str] = set()

    def loop(self) -> None:
        self.it = course.clocked(self.it, self.now)
        if course.needs_plan(self.it) and self.data.draw(st.booleans(), "a plan is ready"):
            self.plan()
        while never := course.to_skip(self.it):
            self.it = course.skipped(self.it, result(never[0].step_id, StepStatus.SKIPPED))
        while free := course.to_start(self.it, self.now):
            self.start(free[0])
        at_work = [s for s in self.it.running if course.wanted(self.it, s.step_id) is not StepOrder.STOP]
        assert len(at_work) <= self.parallel

    def plan(self) -> None:
        again = self.data.draw(st.one_of(st.none(), plans()), "plan")
        before = self.it
        whole = replanning.proposed(self.it, again) if again is not None else None
        if again is None or whole is None or planning.errors_of(whole, composition(), standing=len(whole.steps)):
            self.it = replanning.not_replanned(self.it)
        else:
            self.it = replanning.replanned(self.it, again, len(self.it.corrections))
        kept = {r.call_id for r in _effects(before)}
        assert kept <= {r.call_id for r in _effects(self.it)}, "what was done is never forgotten"
        if self.it.plan != before.plan:
            again_to_do = [s.step_id for s in self.it.plan.steps if s.step_id in self.ever_started]
            assert set(again_to_do) <= {s.step_id for s in before.plan.steps}, "a new step has an id of its own"
            assert all(r.status in course.STANDS for r in self.it.results.values()), (
                "what failed is not held to be done"
            )
        assert {s.step_id for s in before.running} == {s.step_id for s in self.it.running}

    def start(self, found: PlanStep) -> None:
        steered = self.it.control
        assert not (steered.cancelled or steered.suspended or steered.ended or self.it.late or self.it.given_up)
        assert not course.needs_plan(self.it), "nothing starts by a plan that is to be made anew"
        assert course.checkpoint(self.it) is None and self.it.refused is None, "nothing starts before it was looked at"
        assert not self.it.stopping, "nothing starts beside what a correction made wrong"
        assert found.step_id not in self.ever_started, "no step runs twice"
        assert set(found.depends_on) <= self.done, "none runs before its needs"
        self.ever_started.append(found.step_id)
        self.it = course.started(self.it, found.step_id)

    def end_one(self, status: StepStatus) -> None:
        if self.it.running:
            one = self.data.draw(st.sampled_from(self.it.running), "the step that ends")
            if status is StepStatus.DONE and one.step_id not in self.it.stopping:
                self.done.add(one.step_id)
            self.it = course.ended(self.it, result(one.step_id, status, "booked"))

    def look(self, stage: CheckpointStage) -> None:
        """A person decides about the checkpoint that is due, if one is."""
        if (due := course.checkpoint(self.it)) is not None:
            assert due.key not in self.it.passed
            self.it = replanning.looked_at(self.it, due, looked(stage))


def _effects(it: Course) -> list[EffectRecord]:
    return [e for r in it.everything for e in r.effects]


ACTS = st.one_of(
    st.sampled_from(list(ControlKind)),
    st.sampled_from([StepStatus.DONE, StepStatus.FAILED, StepStatus.NEEDS_PERSON, StepStatus.CANCELLED]),
    st.sampled_from(["paid", "ask", "seconds"]),
    st.sampled_from([CheckpointStage.APPROVED, CheckpointStage.REDIRECTED, CheckpointStage.REJECTED]),
)


@given(st.lists(ACTS, max_size=30), st.data())
@settings(max_examples=400, deadline=None)
def test_in_any_order_nothing_starts_twice_too_early_or_after_a_cancel_and_it_ends(
    acts: list[ControlKind | StepStatus | CheckpointStage | str], data: st.DataObject
) -> None:
    run = Run(data)
    run.loop()
    for act in acts:
        run.now += timedelta(seconds=1)
        if isinstance(act, ControlKind):
            run.it = ordered(run.it, act)
        elif isinstance(act, StepStatus):
            run.end_one(act)
        elif isinstance(act, CheckpointStage):
            run.look(act)
        elif act == "paid":
            run.it = course.happened(run.it, "paid")
        elif act == "ask" and run.it.running:
            run.it = course.moved(run.it, run.it.running[0].step_id, TaskStage.WAITING_APPROVAL)
        else:
            run.now += timedelta(seconds=data.draw(st.sampled_from([3, 1000]), "seconds"))
        run.loop()
    run.it = course.happened(ordered(run.it, ControlKind.RESUME), "paid")
    for _ in range(60):
        if course.over(run.it):
            break
        run.now = max(run.now, course.wake_at(run.it, run.now) or run.now)
        run.look(CheckpointStage.APPROVED)
        run.end_one(StepStatus.DONE)
        run.loop()
    assert course.over(run.it), "every task comes to an end"
    stage, told = outcome.came_to(course.closed(run.it), PHRASES, "the goal")
    assert stage.final and told.strip()
    assert control.refusal(course.closed(run.it).control, ControlKind.CANCEL, Control()) is not None


def test_a_correction_keeps_what_is_done_and_stops_what_the_new_plan_does_not_repeat() -> None:
    it = planned(step("s1"), step("s2", goal="look"), step("s3", goal="book Monday"), step("s4", "s2", "s3"))
    it = it.model_copy(update={"limits": LIMITS.model_copy(update={"parallel_steps": 4})})
    for step_id in ("s1", "s2", "s3"):
        it = course.started(it, step_id)
    it = ordered(course.ended(it, result("s1")), ControlKind.CORRECT)
    assert course.corrected(it) and course.stage(it, at(10)) is TaskStage.PLANNING
    assert [course.wanted(it, s) for s in ("s2", "s3")] == [StepOrder.PAUSE] * 2
    assert course.to_start(it, T0) == ()
    again = Plan(steps=(step("s2", goal="look"), step("s3", "s1", goal="book Tuesday"), step("s5", "s2", "s3")))
    it = replanning.replanned(it, again, 1)
    assert [(s.step_id, s.depends_on) for s in it.plan.steps] == [
        ("s3", ()),
        ("s1", ()),
        ("s2", ()),
        ("s3-2", ("s1",)),
        ("s5", ("s2", "s3-2")),
    ]
    assert [course.wanted(it, s) for s in ("s2", "s3")] == [StepOrder.GO, StepOrder.STOP]
    assert course.to_start(it, T0) == (), "first what is wrong by now has stopped"
    it = course.ended(it, result("s3", StepStatus.CANCELLED, "booked Monday"))
    assert [s.step_id for s in course.to_start(it, T0)] == ["s3-2"]
    assert [r.step_id for r in it.everything] == ["s3", "s1"]


def looking(at: CheckpointAt, *steps: PlanStep) -> Course:
    rule = CheckpointRule(id="look", at=at, why="money")
    return planned(*steps).model_copy(update={"checkpoints": (rule,)})


def test_while_a_person_looks_nothing_starts_and_the_clock_stands_still() -> None:
    it = course.clocked(looking(CheckpointAt.PLAN, step("s1"), step("s2")), at(10))
    assert course.to_start(it, at(10)) == () and not course.over(it)
    assert course.stage(it, at(10)) is TaskStage.WAITING_APPROVAL and it.control.paused_since == at(10)
    due = course.checkpoint(it)
    assert due is not None
    it = course.clocked(replanning.looked_at(it, due, looked(CheckpointStage.APPROVED)), at(5000))
    assert course.checkpoint(it) is None and len(course.to_start(it, at(5000))) == 2 and not it.late


def test_a_redirection_plans_anew_what_has_not_run_and_is_looked_at_again() -> None:
    it = looking(CheckpointAt.AFTER_STEP, step("s1"), step("s2", "s1"))
    it = course.ended(course.started(it, "s1"), result("s1"))
    due = course.checkpoint(it)
    assert due is not None and due.step_id == "s1"
    it = replanning.looked_at(it, due, looked(CheckpointStage.REDIRECTED))
    assert course.needs_plan(it) and it.corrections[0].body == "mail first" and it.redirections == (0,)
    it = replanning.replanned(it, Plan(steps=(step("s2", "s1", goal="mail"),)), 1)
    assert course.checkpoint(it) == due, "what was done is looked at until somebody lets it pass"
    it = replanning.looked_at(it, due, looked(CheckpointStage.APPROVED))
    assert [s.goal.body for s in course.to_start(it, T0)] == ["mail"]


def test_a_refused_plan_ends_the_task_with_what_was_done_and_why() -> None:
    it = looking(CheckpointAt.BEFORE_STEP, step("s1"), step("s2", "s1"))
    due = course.checkpoint(it)
    assert due is not None
    it = replanning.looked_at(it, due, looked(CheckpointStage.APPROVED))
    it = course.ended(course.started(it, "s1"), result("s1"))
    due = course.checkpoint(it)
    assert due is not None and due.step_id == "s2"
    it = replanning.looked_at(it, due, looked(CheckpointStage.REJECTED))
    assert it.closing and [s.step_id for s in course.to_skip(it)] == ["s2"]
    it = course.skipped(it, result("s2", StepStatus.SKIPPED))
    assert course.over(it)
    assert outcome.came_to(it, PHRASES, "goal") == (
        TaskStage.DECLINED,
        f"answer of s1. {PHRASES.declined} mail first",
    )


def test_a_failed_step_is_planned_anew_as_often_as_the_limits_allow() -> None:
    one_at_a_time = LIMITS.model_copy(update={"parallel_steps": 1})
    it = course.started(planned(step("s1"), step("s2", "s1"), limits=one_at_a_time), "s1")
    it = course.ended(it, result("s1", StepStatus.FAILED, "half of it"))
    assert course.needs_plan(it) and not course.corrected(it) and course.to_skip(it) == ()
    it = replanning.replanned(it, Plan(steps=(step("s1", goal="another way"),)), 0)
    assert [s.step_id for s in it.plan.steps] == ["s1-2"] and not course.needs_plan(it)
    assert [s.step_id for s in course.to_start(it, T0)] == ["s1-2"], "the replaced step takes no room"
    it = course.ended(course.started(it, "s1-2"), result("s1-2", StepStatus.FAILED))
    assert not course.needs_plan(it), "one replan is allowed, and was made"
    assert outcome.came_to(it, PHRASES, "goal") == (
        TaskStage.FAILED,
        "answer of s1-2. This was done already: half of it.",
    )


def test_without_a_second_plan_the_first_one_stands_unless_the_caller_corrected_it() -> None:
    it = course.ended(course.started(planned(step("s1"), step("s2")), "s1"), result("s1", StepStatus.FAILED))
    stands = replanning.not_replanned(it)
    assert not stands.given_up and [s.step_id for s in course.to_start(stands, T0)] == ["s2"]
    it = replanning.not_replanned(ordered(it, ControlKind.CORRECT))
    assert it.given_up and course.over(it) and course.to_start(it, T0) == ()


def test_the_clock_stands_still_only_while_all_that_runs_waits() -> None:
    it = course.started(course.started(planned(step("s1"), step("s2")), "s1"), "s2")
    one = course.clocked(course.moved(it, "s1", TaskStage.WAITING_APPROVAL), at(10))
    assert one.control.paused_since is None and course.wake_at(one, at(20)) == at(900)
    both = course.clocked(course.moved(one, "s2", TaskStage.WAITING_APPROVAL), at(20))
    assert both.control.paused_since == at(20) and course.wake_at(both, at(20)) is None
    again = course.clocked(course.moved(both, "s1", TaskStage.RUNNING), at(5000))
    assert not again.late and again.control.deadline == at(5880)
    late = course.clocked(again, at(5880))
    assert late.late and course.wanted(late, "s1") is StepOrder.STOP


def test_a_task_that_has_ended_in_time_is_not_late() -> None:
    it = course.ended(course.started(planned(step("s1")), "s1"), result("s1"))
    assert not course.clocked(it, at(901)).late


def test_limits_count_from_the_start_and_keep_what_was_granted_before() -> None:
    it = course.limited(ordered(course.opened(Limits(), T0), ControlKind.EXTEND), LIMITS, T0)
    assert it.control.deadline == at(960) and it.control.max_corrections == 2


def test_events_are_kept_but_not_without_end() -> None:
    it = planned(step("s1", wait=WaitFor(event="e199")))
    for number in range(200):
        it = course.happened(course.happened(it, f"e{number}"), f"e{number}")
    assert len(it.events) == course.MAX_EVENTS
    assert [s.step_id for s in course.to_start(it, T0)] == ["s1"]
