"""What people see of an approval: its records, and its details in the Web UI. The latter hold no content."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approval import ApprovalRequest, ApprovalStage, DecisionReceipt
    from contracts.audit_events import ApprovalMoved, Decided, GrantMoved
    from contracts.base import Content
    from contracts.names import approval_workflow_id
    from contracts.records import ApprovalRecord, DecisionRecord, GrantRecord, Record
    from policy import ladder as ladders
    from policy import taint
    from policy.approval_state import ApprovalState
    from policy.arrival import Arrived
    from workflows import recording


def record(state: ApprovalState, revision: int, now: datetime) -> ApprovalRecord:
    request, edited = state.request, state.edited
    return ApprovalRecord(
        approval_id=request.approval_id,
        task_id=request.task_id,
        step_id=request.step_id,
        session_id=request.session_id,
        subject_id=request.subject_id,
        composition=request.composition,
        tool=request.tool,
        capability=request.capability,
        action=request.action,
        arguments=request.arguments,
        digest=request.digest,
        rule_id=request.rule_id,
        why=request.why,
        context_pack=request.context_pack,
        editable=tuple(sorted(request.editable)),
        approvers=request.approvers,
        approved_by=state.approved_by,
        edited_action=edited.action if edited else None,
        edited_arguments=edited.arguments if edited else None,
        edited_digest=edited.digest if edited else None,
        asked=Content(subject_id=request.subject_id, body=_conversation(state)) if state.asked else None,
        risk=request.risk,
        deciders=state.deciders(now),
        claimed_by=state.claimed_by,
        stage=state.stage,
        revision=revision,
        opened_at=state.climb.opened_at,
        deadline=state.deadline,
        decided_at=state.decided_at,
        reviewer=state.reviewer,
        note=state.note,
    )


def _conversation(state: ApprovalState) -> str:
    lines = (
        f"{known.reviewer} asked: {known.question.body}\n"
        + (f"answer: {known.answer.body}" if known.answer else "no answer yet")
        for known in state.asked
    )
    return "\n".join(lines)


def moved(state: ApprovalState, change: str | None) -> ApprovalMoved:
    """What the audit trail says of an approval as it stands."""
    asked = state.request
    return ApprovalMoved(
        state=state.stage, change=change, rule=asked.rule_id, task=asked.task_id, step=asked.step_id, tool=asked.tool
    )


def exhibits(state: ApprovalState) -> dict[str, Content]:
    """What is to be decided, in words and exactly."""
    shown = state.edited or state.request
    digest = Content(subject_id=state.request.subject_id, body=state.digest)
    return {"action": shown.action, "arguments": shown.arguments, "covers": digest}


def decision_records(
    before: ApprovalState, after: ApprovalState, receipt: DecisionReceipt, arrived: Arrived
) -> tuple[Record, ...]:
    """A decision as it is kept, counted or refused, with the grant that it gave and what the audit trail says of it."""
    request = after.request
    covers = {"covers": before.digest}
    if after.digest != before.digest:
        covers["edited"] = after.digest
    return (
        DecisionRecord(
            approval_id=request.approval_id,
            number=receipt.number,
            reviewer=receipt.reviewer,
            verdict=receipt.verdict,
            accepted=receipt.accepted,
            reason=receipt.reason,
            remark=Content(subject_id=request.subject_id, body=arrived.private) if arrived.private else None,
            channel=receipt.channel,
            at=receipt.at,
        ),
        recording.audit(
            request.session_id,
            actor=f"reviewer:{receipt.reviewer or 'unnamed'}",
            target=approval_workflow_id(request.approval_id),
            event=Decided(
                state="counted" if receipt.accepted else "refused",
                verdict=receipt.verdict,
                reason=receipt.reason,
                channel=receipt.channel,
            ),
            exhibits={name: Content(subject_id=request.subject_id, body=body) for name, body in covers.items()},
        ),
        *(_given(after.grant, request.session_id) if after.grant and not before.grant else ()),
    )


def _given(grant: GrantRecord, session_id: str) -> tuple[Record, ...]:
    line = recording.audit(
        session_id,
        actor=f"reviewer:{grant.granted_by}",
        target=approval_workflow_id(grant.approval_id),
        event=GrantMoved(
            state="given",
            grant=grant.grant_id,
            tool=grant.tool,
            scope=grant.scope.value,
            expires=grant.expires_at,
            rule=grant.rule_id,
        ),
        exhibits={"covers": Content(subject_id=grant.subject_id, body=grant.digest), "terms": grant.terms},
    )
    return grant, line


def details(state: ApprovalState, now: datetime) -> str:
    """Markdown: what waits, why, until when, and how to decide."""
    request, digest = state.request, state.digest[:12]
    if state.stage is not ApprovalStage.PENDING:
        by = f" by **{' and '.join(state.approved_by) or state.reviewer}**" if state.reviewer else ""
        changed = f", changed from `{request.digest[:12]}`" if state.edited else ""
        until = f", granted until {state.grant.expires_at:%Y-%m-%d %H:%M:%S} UTC" if state.grant else ""
        return f"**{state.stage.value.replace('_', ' ')}**{by} (`{request.tool}`, `{digest}`{changed}){until}"
    workflow_id = approval_workflow_id(request.approval_id)
    decision = f'{{"reviewer":"NAME","verdict":"approve","digest":"{digest}"}}'
    lines = [
        f"**Waiting for a reviewer** until {state.deadline:%Y-%m-%d %H:%M:%S} UTC",
        "",
        f"- action: `{request.tool}`, digest `{digest}`",
        f"- why it waits: {request.why} (rule `{request.rule_id}`)"
        + (f", risk {request.risk}" if request.risk else ""),
        *_influenced(request),
        f"- may decide: {', '.join(f'`{who}`' for who in state.deciders(now)) or 'every reviewer'}",
    ]
    if request.approvers > 1:
        yeses = f" by **{' and '.join(state.approved_by)}**" if state.approved_by else ""
        lines.append(f"- {len(state.approved_by)} of {request.approvers} approved{yeses}")
    if state.edited:
        fields = ", ".join(f"`{field}`" for field in state.edited.fields) or "nothing"
        lines.append(f"- changed by a reviewer: {fields} (asked was `{request.digest[:12]}`)")
    if state.asked:
        open_ones = sum(known.answer is None for known in state.asked)
        lines.append(f"- the caller was asked {len(state.asked)} times, {open_ones} without an answer yet")
    if state.only:
        lines.append(f"- delegated: only **{state.only}** may decide")
    if state.claimed_by:
        lines.append(f"- claimed by **{state.claimed_by}**")
    lines += [
        ladders.in_words(state.ladder, state.climb),
        "",
        f"See what exactly is asked: `greenroom approvals show {request.approval_id}`",
        "",
        f"Decide here with *Send a Signal*, name `decide`, input:\n\n```\n{decision}\n```\n",
        "or from a terminal:\n\n```\ntemporal workflow signal --name decide \\",
        f"  -w {workflow_id} \\\n  -i '{decision}'\n```\n\n\u00a0",  # the Web UI cuts the last line off
    ]
    return "\n".join(lines)


def _influenced(request: ApprovalRequest) -> list[str]:
    """Where the untrusted text came from that may have moved it; the text itself is content."""
    known = ", ".join(f"`{source}`" for source in taint.sources(request.influences))
    return [f"- **influenced by text of somebody else**, from {known}: read it before you decide"] if known else []
