import { duration, left, useSeconds } from "../clock";
import type { TaskStage } from "../types";
import type { TaskCard } from "./types";

const words: Record<TaskStage, string> = {
  planning: "is being planned",
  running: "is being worked on",
  waiting_approval: "a colleague is checking this",
  waiting: "waits for its time, or for news",
  suspended: "is on hold",
  done: "done",
  needs_person: "a colleague takes care of it",
  declined: "was not approved",
  failed: "did not work out",
  cancelled: "was stopped",
};
const look: Partial<Record<TaskStage, string>> = { done: "good", declined: "bad", failed: "bad", needs_person: "warn" };
const busy = new Set<TaskStage>(["planning", "running", "waiting_approval"]);

/** What was passed on, as cards: the newest first. */
export function Tasks({ tasks }: { tasks: TaskCard[] }) {
  return (
    <ul className="tasks" aria-label="What the agent has passed on">
      {tasks.map((task) => (
        <li key={task.task_id} className={`task ${look[task.stage] ?? ""}`} data-stage={task.stage}>
          <p className="task-goal">{task.goal}</p>
          <p className="task-state">
            {busy.has(task.stage) && <i className="spinner" aria-hidden="true" />}
            <span>
              {words[task.stage]}
              {task.stage === "waiting_approval" && task.waits_until && <Patience until={task.waits_until} />}
            </span>
          </p>
          {task.speech && !busy.has(task.stage) && <p className="task-speech">{task.speech}</p>}
        </li>
      ))}
    </ul>
  );
}

function Patience({ until }: { until: string }) {
  const seconds = left(until, useSeconds());
  if (seconds >= 90) return <>, at most {Math.ceil(seconds / 60)} minutes left</>;
  return <>, at most {duration(seconds)} left</>;
}
