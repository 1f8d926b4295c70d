import { Link } from "wouter";
import { Trouble } from "../components/Trouble";
import { useFresh } from "../live";
import { Graph } from "./Graph";
import { moment } from "./Pager";
import { stageClass, type StepRecord, type TaskRecord } from "./types";

/** One task: its plan as a graph that fills in, and the same as a table. */
export function Task({ id }: { id: string }) {
  const { data, problem } = useFresh<{ task: TaskRecord; steps: StepRecord[] }>(`/api/tasks/${id}`);
  if (!data) return <Trouble text={problem?.message} />;
  const { task, steps } = data;
  return (
    <>
      <div className="head">
        <h1>{task.goal.body}</h1>
        <span className={`badge ${stageClass(task.stage)}`}>{task.stage.replaceAll("_", " ")}</span>
      </div>
      <p className="hint">
        {task.task_id}, asked {moment(task.requested_at)} in{" "}
        <Link href={`/operate/calls/${task.session_id}`}>{task.session_id}</Link>. Opening this page is noted in the call's
        audit trail.
      </p>
      {task.speech && <p className="notice">{task.speech.body}</p>}
      {steps.length > 0 ? <Graph steps={steps} /> : <p className="empty small">No step has begun yet.</p>}
      <table>
        <caption className="hidden">Steps</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Role</th>
            <th scope="col">Status</th>
            <th scope="col">Goal</th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={step.step_id}>
              <td>{step.step_id}</td>
              <td>{step.role}</td>
              <td>
                <span className={`badge ${stageClass(step.status)}`}>{step.status ?? "running"}</span>
              </td>
              <td>{step.goal.body}</td>
              <td>{step.answer?.body}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
