import { useState } from "react";
import { Link } from "wouter";
import { Trouble } from "../components/Trouble";
import { taskStages } from "../types";
import { moment, Pager } from "./Pager";
import { usePages } from "./pages";
import { stageClass, type TaskRecord } from "./types";

export function Tasks() {
  const [stage, setStage] = useState("");
  const pages = usePages<TaskRecord>(`/api/tasks?limit=25${stage ? `&stage=${stage}` : ""}`);
  return (
    <>
      <div className="head">
        <h1>Tasks</h1>
        <label className="filter">
          Stage
          <select value={stage} onChange={(event) => setStage(event.target.value)}>
            <option value="">every</option>
            {taskStages.map((name) => (
              <option key={name} value={name}>
                {name.replaceAll("_", " ")}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Trouble text={pages.problem?.message} />
      <table>
        <caption className="hidden">Tasks of all calls, the newest first</caption>
        <thead>
          <tr>
            <th scope="col">Task</th>
            <th scope="col">Stage</th>
            <th scope="col">Goal</th>
            <th scope="col">Call</th>
            <th scope="col">Asked</th>
          </tr>
        </thead>
        <tbody>
          {pages.items?.map((task) => (
            <tr key={task.task_id}>
              <td>
                <Link href={`/operate/tasks/${task.task_id}`}>{task.task_id}</Link>
              </td>
              <td>
                <span className={`badge ${stageClass(task.stage)}`}>{task.stage.replaceAll("_", " ")}</span>
              </td>
              <td>{task.goal.body}</td>
              <td>
                <Link href={`/operate/calls/${task.session_id}`}>{task.session_id}</Link>
              </td>
              <td>{moment(task.requested_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {pages.items?.length === 0 && <p className="empty small">No such task.</p>}
      <Pager pages={pages} />
    </>
  );
}
