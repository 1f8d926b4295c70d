/** The answer. What comes back is said on the page: counted, or refused and why. */
import { useState, type ReactNode } from "react";
import { post } from "../api";
import type { Arguments, Receipt, Shown } from "../types";
import { DecisionDialog, type Asking } from "./DecisionDialog";
import { useKeys } from "./keys";
import { sentence } from "./words";

interface Props {
  shown: Shown;
  changes: Arguments;
  blocked: string | null;
  editing: boolean;
  onEdit: (on: boolean) => void;
  onDone: () => Promise<void>;
}

export function Actions({ shown, changes, blocked, editing, onEdit, onDone }: Props) {
  const [asking, setAsking] = useState<Asking | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ text: string; good: boolean } | null>(null);
  const { item, approval, standing } = shown;
  const edited = Object.keys(changes).length > 0;
  const closed = shown.refusal !== null;
  const editable = Object.keys(standing?.editable ?? {}).length > 0;
  const lacking = item.approvers - item.approved_by.length;
  const claimedByOther = item.claimed_by !== null && !item.mine;

  async function decide(verdict: string, more: Record<string, unknown> = {}) {
    setBusy(true);
    setAsking(null);
    try {
      const receipt = await post<Receipt>(`/api/queue/${encodeURIComponent(approval.approval_id)}/decide`, {
        verdict,
        digest: shown.digest,
        ...(verdict === "approve" && edited ? { arguments: changes } : {}),
        ...more,
      });
      setSaid({
        text: receipt.accepted ? `${sentence(verdict)}: ${receipt.reason}` : `Not counted: ${receipt.reason}`,
        good: receipt.accepted,
      });
      if (receipt.accepted) onEdit(false);
    } catch (error) {
      setSaid({ text: (error as Error).message, good: false });
    }
    setBusy(false);
    await onDone();
  }

  const approve = () => {
    if (blocked) return;
    if (item.risk === "high") setAsking("approve");
    else void decide("approve");
  };
  const can = (action: () => void) => () => {
    if (!closed && !busy) action();
  };
  const claim = () => void decide(item.mine ? "release" : "claim");
  const canExtend = (standing?.max_extension_seconds ?? 0) > 0;
  useKeys({
    a: can(approve),
    e: can(() => editable && onEdit(true)),
    r: can(() => setAsking("reject")),
    q: can(() => setAsking("ask")),
    d: can(() => setAsking("delegate")),
    t: can(() => setAsking("take_over")),
    c: can(() => claimedByOther || claim()),
    x: can(() => canExtend && setAsking("extend")),
  });

  return (
    <section className="actions" aria-label="Decide">
      {item.approved_by.length > 0 && (
        <p className="notice">
          {item.approvers === 2 ? "Two" : item.approvers} pairs of eyes: <b>{item.approved_by.join(" and ")}</b> approved exactly this
          {item.approved ? ". You have approved; another person must too." : lacking === 1 && ". Your yes decides it."}
        </p>
      )}
      <div className="buttons">
        <Action k="a" className="primary" off={closed || busy || blocked !== null} onClick={approve}>
          {edited ? "Approve edited" : "Approve"}
        </Action>
        {editable &&
          (editing ? (
            <button onClick={() => onEdit(false)}>Undo edits</button>
          ) : (
            <Action k="e" off={closed || busy} onClick={() => onEdit(true)}>
              Edit
            </Action>
          ))}
        <Action k="r" className="danger" off={closed || busy} onClick={() => setAsking("reject")}>
          Reject
        </Action>
        <span className="grow" />
        <Action k="q" off={closed || busy} onClick={() => setAsking("ask")}>
          Ask caller
        </Action>
        <Action k="d" off={closed || busy} onClick={() => setAsking("delegate")}>
          Delegate
        </Action>
        {canExtend && (
          <Action k="x" off={closed || busy} onClick={() => setAsking("extend")}>
            Extend
          </Action>
        )}
        <Action k="c" off={closed || busy || claimedByOther} onClick={claim}>
          {item.mine ? "Release" : "Claim"}
        </Action>
        <Action k="t" off={closed || busy} onClick={() => setAsking("take_over")}>
          Take over
        </Action>
      </div>
      <p role="status" className={said ? `notice ${said.good ? "good" : "bad"}` : "hidden"}>
        {said?.text}
      </p>
      {asking && (
        <DecisionDialog asking={asking} shown={shown} changes={changes} onSend={decide} onClose={() => setAsking(null)} />
      )}
    </section>
  );
}

interface ActionProps {
  k: string;
  className?: string;
  off: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Action({ k, className, off, onClick, children }: ActionProps) {
  return (
    <button className={className} disabled={off} onClick={onClick} aria-keyshortcuts={k}>
      {children} <kbd aria-hidden="true">{k}</kbd>
    </button>
  );
}
