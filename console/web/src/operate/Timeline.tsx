import { Link } from "wouter";
import { Trouble } from "../components/Trouble";
import { useFresh } from "../live";

interface Moment {
  at: string;
  kind: "call" | "turn" | "task" | "approval" | "decision" | "delivery";
  who: string;
  what: string;
  link: string | null;
  latency_ms: number | null;
}

/** A call from its first word to its last delivery. */
export function Timeline({ id }: { id: string }) {
  const { data, problem } = useFresh<{ moments: Moment[] }>(`/api/sessions/${id}/timeline`);
  const answers = data?.moments.filter((moment) => moment.latency_ms !== null) ?? [];
  return (
    <>
      <h1>{id}</h1>
      <p className="hint">Opening this page is noted in the call's audit trail.</p>
      <Trouble text={problem?.message} />
      {answers.length > 1 && <Latency answers={answers} />}
      <ol className="timeline">
        {data?.moments.map((moment, n) => (
          <li key={n} className={moment.kind}>
            <time dateTime={moment.at}>{new Date(moment.at).toLocaleTimeString()}</time>
            <b>{moment.who || moment.kind}</b>
            <span>
              {moment.link ? <Link href={moment.link}>{moment.what}</Link> : moment.what}
              {moment.latency_ms !== null && <em className="hint"> after {Math.round(moment.latency_ms)} ms</em>}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

/** How long the caller waited for each answer; the numbers stand in the time line below. */
function Latency({ answers }: { answers: Moment[] }) {
  const most = Math.max(1000, ...answers.map((moment) => moment.latency_ms!));
  const width = 24;
  return (
    <figure className="latency">
      <figcaption>First sound of each answer, in ms; the line is one second</figcaption>
      <svg width={answers.length * width} height="84" role="img" aria-label="Answer times; each stands in the time line">
        {answers.map((moment, n) => {
          const height = (moment.latency_ms! / most) * 80;
          return (
            <rect key={n} x={n * width + 3} y={82 - height} width={width - 6} height={height} rx="3">
              <title>{`${Math.round(moment.latency_ms!)} ms: ${moment.what}`}</title>
            </rect>
          );
        })}
        <line x1="0" x2={answers.length * width} y1={82 - (1000 / most) * 80} y2={82 - (1000 / most) * 80} />
      </svg>
    </figure>
  );
}
