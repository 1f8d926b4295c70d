/** What some answers need beside: words for the caller, a colleague, a time; and for high risk a second step. */
import type { FormEvent, ReactNode } from "react";
import { Dialog } from "../components/Dialog";
import { useLive } from "../live";
import type { Arguments, Colleague, Shown } from "../types";

export type Asking = "approve" | "reject" | "ask" | "delegate" | "take_over" | "extend";

interface Props {
  asking: Asking;
  shown: Shown;
  changes: Arguments;
  onSend: (verdict: string, more?: Record<string, unknown>) => Promise<void>;
  onClose: () => void;
}

const titles: Record<Asking, string> = {
  approve: "Approve: are you sure?",
  reject: "Reject",
  ask: "Ask the caller",
  delegate: "Delegate",
  take_over: "Take over",
  extend: "Extend the deadline",
};
const reasons = ["not covered by the rules", "amount is wrong", "not enough information", "looks like fraud", "other"];

export function DecisionDialog({ asking, shown, changes, onSend, onClose }: Props) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const more: Record<string, unknown> = {};
    if (text("note")) more.note = text("note");
    const aside = [text("reason"), text("private")].filter(Boolean).join(": ");
    if (aside) more.private = aside;
    if (asking === "ask") more.question = text("question");
    if (asking === "delegate") more.to = text("to");
    if (asking === "extend") more.seconds = Number(text("minutes")) * 60;
    void onSend(asking, more);
  }
  return (
    <Dialog title={titles[asking]} onClose={onClose}>
      <form onSubmit={submit}>
        <Fields asking={asking} shown={shown} changes={changes} />
        <div className="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className={asking === "reject" ? "danger" : "primary"}>{titles[asking].split(":")[0]}</button>
        </div>
      </form>
    </Dialog>
  );
}

function Fields({ asking, shown, changes }: { asking: Asking; shown: Shown; changes: Arguments }): ReactNode {
  const spoken = (label: string) => (
    <label>
      {label}
      <textarea name="note" rows={2} maxLength={2000} placeholder="Optional. The agent says this to the caller." />
    </label>
  );
  const kept = (
    <label>
      For the records only
      <textarea name="private" rows={2} maxLength={1000} placeholder="Optional. The caller does not hear this." />
    </label>
  );
  switch (asking) {
    case "approve":
      return (
        <>
          <p className="big">{shown.item.action}</p>
          {Object.entries(changes).map(([name, value]) => (
            <p key={name}>
              {name.replaceAll("_", " ")}: <del>{String(shown.arguments[name])}</del> → <ins>{String(value)}</ins>
            </p>
          ))}
          <p>This cannot be undone. It happens the moment you confirm.</p>
          {spoken("Say to the caller")}
        </>
      );
    case "reject":
      return (
        <>
          <label>
            Reason
            <select name="reason">
              {reasons.map((reason) => (
                <option key={reason}>{reason}</option>
              ))}
            </select>
          </label>
          {spoken("Say to the caller")}
          {kept}
        </>
      );
    case "ask":
      return (
        <label>
          Question
          <textarea name="question" rows={3} maxLength={2000} required autoFocus placeholder="Was the parcel opened?" />
        </label>
      );
    case "delegate":
      return <Delegates />;
    case "take_over":
      return (
        <>
          <p>The agent steps back from this request, and you do what the caller wants.</p>
          {spoken("Say to the caller")}
        </>
      );
    case "extend":
      return (
        <label>
          Minutes
          <input
            name="minutes"
            type="number"
            min={1}
            max={Math.max(1, Math.floor((shown.standing?.max_extension_seconds ?? 60) / 60))}
            defaultValue={1}
            required
          />
        </label>
      );
  }
}

function Delegates() {
  const { data } = useLive<Colleague[]>("/api/queue/colleagues");
  const groups = [...new Set(data?.flatMap((known) => known.groups))];
  return (
    <label>
      To whom
      <select name="to" required>
        <option value="">Choose…</option>
        <optgroup label="People">
          {data?.map((known) => (
            <option key={known.name} value={known.name}>
              {known.display_name}
            </option>
          ))}
        </optgroup>
        <optgroup label="Groups">
          {groups.map((group) => (
            <option key={group} value={`group:${group}`}>
              {group}
            </option>
          ))}
        </optgroup>
      </select>
    </label>
  );
}
