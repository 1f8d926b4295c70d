/** One item whole: what, exactly how, why it waits, what each answer leads to, and the answer. */
import { useEffect, useState } from "react";
import { setServerNow } from "../clock";
import { Badges } from "../components/Badges";
import { Countdown } from "../components/Countdown";
import { Trouble } from "../components/Trouble";
import { useLive } from "../live";
import type { Arguments, Shown } from "../types";
import { Actions } from "./Actions";
import { ArgumentForm } from "./ArgumentForm";
import { Asked } from "./Asked";
import { ContextPack } from "./ContextPack";
import { History, outcome } from "./History";
import { Outlook } from "./Outlook";

export function Item({ id, version, onClose }: { id: string; version: number; onClose: () => void }) {
  const { data, problem, refresh } = useLive<Shown>(`/api/queue/${encodeURIComponent(id)}`, version);
  const [changes, setChanges] = useState<Arguments>({});
  const [refusal, setRefusal] = useState<string | null>(null);
  const [editing, setEditing] = useState(false);
  useEffect(() => {
    if (data) setServerNow(data.now);
  }, [data]);
  const follows = data !== null && data.item.stage !== "pending" && !outcome(data).some(isSettled);
  useEffect(() => {
    if (!follows) return;
    const timer = window.setInterval(() => void refresh(), 2000); // how the outcome reached the caller
    return () => window.clearInterval(timer);
  }, [follows, refresh]);

  if (problem && !data) return <Trouble text={problem.message} />;
  if (!data) return <p className="waiting">…</p>;
  const { item, approval } = data;
  const open = item.stage === "pending";
  const edited = Object.keys(changes).length > 0;

  return (
    <article className="item">
      <button className="quiet back" onClick={onClose}>
        ← Queue
      </button>
      <header>
        <div className="item-head">
          <Badges item={item} />
          {open && <Countdown deadline={item.deadline} opened={item.opened_at} />}
        </div>
        <h1>{item.action}</h1>
        <p className="why">
          <b>Why it waits:</b> {approval.why} <code>{approval.rule_id}</code>
        </p>
      </header>
      <Trouble text={problem?.message} />
      {open && data.refusal && <p className="notice warn">{data.refusal}</p>}
      {!data.standing && open && (
        <p className="notice warn">No durable worker answers now: what you see is from the records.</p>
      )}
      <ArgumentForm
        shown={data}
        changes={changes}
        editing={editing && open}
        onChange={setChanges}
        onRefusal={setRefusal}
        refusal={refusal}
      />
      {open && (
        <Actions
          shown={data}
          changes={changes}
          blocked={edited ? refusal : null}
          editing={editing}
          onEdit={(on) => {
            setEditing(on);
            if (!on) setChanges({});
          }}
          onDone={refresh}
        />
      )}
      <History shown={data} />
      <Asked asked={data.standing?.asked ?? []} />
      {approval.context_pack && <ContextPack text={approval.context_pack.body} />}
      {open && <Outlook shown={data} />}
      <footer className="links">
        <a href={data.temporal_url} target="_blank" rel="noreferrer">
          Workflow in the Temporal Web UI ↗
        </a>
        <span>
          Digest <code>{data.digest.slice(0, 12)}</code>
        </span>
        <span>Opening this page is noted in the audit trail.</span>
      </footer>
    </article>
  );
}

function isSettled(delivery: Shown["deliveries"][number]): boolean {
  return delivery.state === "heard" || delivery.state === "expired";
}
