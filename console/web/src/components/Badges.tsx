import type { QueueItem, Stage } from "../types";

const riskClass: Record<string, string> = { high: "bad", medium: "warn", low: "good" };
const stageClass: Record<Stage, string> = {
  pending: "info",
  approved: "good",
  rejected: "bad",
  taken_over: "info",
  expired: "warn",
  withdrawn: "",
};

export function Badges({ item }: { item: QueueItem }) {
  return (
    <span className="badges">
      {item.stage !== "pending" && (
        <span className={`badge ${stageClass[item.stage]}`}>{item.stage.replace("_", " ")}</span>
      )}
      {item.stage === "pending" && item.on_the_line && (
        <span className="badge live">
          <i aria-hidden="true" /> caller is on the line
        </span>
      )}
      {item.risk && <span className={`badge ${riskClass[item.risk] ?? ""}`}>{item.risk} risk</span>}
      {item.approvers > 1 && (
        <span className="badge">
          {item.approved_by.length} of {item.approvers} approved
        </span>
      )}
      {item.stage === "pending" && item.claimed_by && (
        <span className="badge info">{item.mine ? "claimed by you" : `claimed by ${item.claimed_by}`}</span>
      )}
    </span>
  );
}
