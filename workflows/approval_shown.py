"""What people see of an approval: its record, and its details in the Web UI. The latter hold no content."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.approval import ApprovalStage
    from contracts.names import approval_workflow_id
    from contracts.records import ApprovalRecord
    from policy import ladder as ladders
    from policy.approval_state import ApprovalState


def record(state: ApprovalState, revision: int) -> ApprovalRecord:
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
        stage=state.stage,
        revision=revision,
        opened_at=state.climb.opened_at,
        deadline=state.deadline,
        decided_at=state.decided_at,
        reviewer=state.reviewer,
        note=state.note,
    )


def details(state: ApprovalState, now: datetime) -> str:
    """Markdown: what waits, why, until when, and how to decide."""
    request, digest = state.request, state.digest[:12]
    if state.stage is not ApprovalStage.PENDING:
        by = f" by **{' and '.join(state.approved_by) or state.reviewer}**" if state.reviewer else ""
        changed = f", changed from `{request.digest[:12]}`" if state.edited else ""
        return f"**{state.stage.value.replace('_', ' ')}**{by} (`{request.tool}`, `{digest}`{changed})"
    workflow_id = approval_workflow_id(request.approval_id)
    decision = f'{{"reviewer":"NAME","verdict":"approve","digest":"{digest}"}}'
    lines = [
        f"**Waiting for a reviewer** until {state.deadline:%Y-%m-%d %H:%M:%S} UTC",
        "",
        f"- action: `{request.tool}`, digest `{digest}`",
        f"- why it waits: {request.why} (rule `{request.rule_id}`)",
        f"- may decide: {', '.join(f'`{who}`' for who in state.deciders(now)) or 'every reviewer'}",
    ]
    if request.approvers > 1:
        yeses = f" by **{' and '.join(state.approved_by)}**" if state.approved_by else ""
        lines.append(f"- {len(state.approved_by)} of {request.approvers} approved{yeses}")
    if state.edited:
        fields = ", ".join(f"`{field}`" for field in state.edited.fields) or "nothing"
        lines.append(f"- changed by a reviewer: {fields} (asked was `{request.digest[:12]}`)")
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
        f"  -w {workflow_id} \\\n  -i '{decision}'\n```",
    ]
    return "\n".join(lines)
