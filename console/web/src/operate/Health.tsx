import { Trouble } from "../components/Trouble";
import { useFresh } from "../live";

interface State {
  checks: Record<string, string>;
  queues: { name: string; workers: number; waiting: number; oldest_seconds: number }[] | null;
}

export function Health() {
  const { data, problem } = useFresh<State>("/api/operate/health");
  if (!data) return <Trouble text={problem?.message} />;
  return (
    <>
      <h1>Health</h1>
      <ul className="checks">
        {Object.entries(data.checks).map(([name, state]) => (
          <li key={name} className={`notice ${state === "ok" ? "good" : "bad"}`}>
            <b>{name}</b> {state}
          </li>
        ))}
      </ul>
      {data.queues ? (
        <table>
          <caption>Task queues</caption>
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col">Workers</th>
              <th scope="col">Waiting</th>
              <th scope="col">Oldest</th>
            </tr>
          </thead>
          <tbody>
            {data.queues.map((queue) => (
              <tr key={queue.name}>
                <td>{queue.name}</td>
                <td>{queue.workers || <span className="badge bad">nobody</span>}</td>
                <td>{queue.waiting}</td>
                <td>{queue.oldest_seconds.toFixed(1)} s</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p className="notice warn">Temporal does not say how its queues stand.</p>
      )}
    </>
  );
}
