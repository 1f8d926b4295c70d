/** What was decided so far, refused tries too; and how the outcome reached the caller. */
import { time } from "../clock";
import type { Delivery, Shown } from "../types";

const reached: Record<Delivery["state"], string> = {
  owed: "waits for the caller",
  offered: "is about to be said",
  played: "was said; waiting for a sign that it was heard",
  heard: "was heard to the end",
  dropped: "was replaced by later news",
  expired: "was not heard while it mattered",
};

/** What the caller is told of it: neither a question nor what was said before it was decided. */
export function outcome({ approval, deliveries }: Shown): Delivery[] {
  const at = approval.decided_at;
  return at === null ? [] : deliveries.filter((d) => !d.topic.endsWith(".question") && d.created_at >= at);
}

export function History({ shown }: { shown: Shown }) {
  const { decisions, approval, item } = shown;
  if (!decisions.length && item.stage === "pending") return null;
  return (
    <section aria-label="Decisions" className="history">
      {item.stage !== "pending" && (
        <p className={`notice ${item.stage === "approved" ? "good" : ""}`}>
          <b>{item.stage.replace("_", " ")}</b>
          {approval.reviewer && ` by ${approval.reviewer}`}
          {approval.decided_at && ` at ${time(approval.decided_at)}`}
          {approval.note && (
            <>
              : <q>{approval.note.body}</q>
            </>
          )}
        </p>
      )}
      {outcome(shown).map((delivery) => (
        <p key={delivery.delivery_id} className="delivery">
          <q>{delivery.speech.body}</q>
          <br />
          <span className={delivery.state === "heard" ? "good-text" : "hint"}>
            {reached[delivery.state]}, {time(delivery.updated_at)}
          </span>
        </p>
      ))}
      {decisions.length > 0 && (
        <table>
          <caption className="hidden">Decisions that arrived</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Became of it</th>
            </tr>
          </thead>
          <tbody>
            {decisions.map((known) => (
              <tr key={known.number} className={known.accepted ? "" : "refused"}>
                <td>{time(known.at)}</td>
                <td>{known.reviewer}</td>
                <td>{known.verdict.replaceAll("_", " ")}</td>
                <td>{known.accepted ? known.reason : `refused: ${known.reason}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
