import { Trouble } from "../components/Trouble";
import { useFresh } from "../live";

interface Statistics {
  counted: number;
  by_stage: Record<string, number>;
  changed: number;
  median_seconds: number | null;
  slowest_seconds: number | null;
  refused_decisions: number;
}

export function Approvals() {
  const { data, problem } = useFresh<Statistics>("/api/operate/approvals");
  if (!data) return <Trouble text={problem?.message} />;
  const most = Math.max(1, ...Object.values(data.by_stage));
  const seconds = (value: number | null) => (value === null ? "–" : `${Math.round(value)} s`);
  return (
    <>
      <h1>Approvals</h1>
      <dl className="numbers">
        <Number name="Median time to decide" value={seconds(data.median_seconds)} />
        <Number name="Slowest" value={seconds(data.slowest_seconds)} />
        <Number name="Approved with a change" value={String(data.changed)} />
        <Number name="Decisions that did not count" value={String(data.refused_decisions)} />
      </dl>
      <table className="bars">
        <caption>What became of the last {data.counted}</caption>
        <thead className="hidden">
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">How many</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(data.by_stage).map(([stage, count]) => (
            <tr key={stage}>
              <th scope="row">{stage.replaceAll("_", " ")}</th>
              <td>
                <meter min={0} max={most} value={count} aria-label={stage} /> {count}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Number({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
