import { duration } from "../clock";
import type { Shown } from "../types";

/** What each answer leads to, in the words that the caller hears. */
export function Outlook({ shown }: { shown: Shown }) {
  const { outlook, standing } = shown;
  const rows: [string, string][] = [
    ["Approved", outlook.approved],
    ["With a change", outlook.edited],
    ["Rejected", outlook.rejected],
    ["Taken over", outlook.taken_over],
    ["Nobody decides", outlook.expired],
  ];
  return (
    <section aria-label="What happens">
      <h2>What the caller hears</h2>
      <dl className="outlook">
        {rows.map(([when, words]) => (
          <div key={when}>
            <dt>{when}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      {standing && standing.ladder.length > 1 && (
        <p className="hint">
          Until then:{" "}
          {standing.ladder
            .slice(0, -1)
            .map((rung) => `${rung.kind === "remind" ? "a reminder" : `passed on to ${rung.to}`} after ${duration(rung.after_seconds)}`)
            .join(", ")}
          .
        </p>
      )}
    </section>
  );
}
