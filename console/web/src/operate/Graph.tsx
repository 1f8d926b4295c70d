import { stageClass, type StepRecord } from "./types";

const WIDTH = 180;
const HEIGHT = 56;
const GAP_X = 60;
const GAP_Y = 20;

/** Steps in columns: each stands to the right of what it waits for. */
export function Graph({ steps }: { steps: StepRecord[] }) {
  const places = layout(steps);
  const columns = Math.max(...[...places.values()].map((place) => place.column)) + 1;
  const rows = Math.max(...[...places.values()].map((place) => place.row)) + 1;
  const x = (column: number) => column * (WIDTH + GAP_X) + 2;
  const y = (row: number) => row * (HEIGHT + GAP_Y) + 2;
  return (
    <div className="graph" role="img" aria-label="The plan as a graph; the table below says the same">
      <svg width={columns * (WIDTH + GAP_X) - GAP_X + 4} height={rows * (HEIGHT + GAP_Y) - GAP_Y + 4}>
        {steps.flatMap((step) =>
          step.depends_on.flatMap((needed) => {
            const from = places.get(needed);
            const to = places.get(step.step_id)!;
            if (!from) return [];
            const [x1, y1] = [x(from.column) + WIDTH, y(from.row) + HEIGHT / 2];
            const [x2, y2] = [x(to.column), y(to.row) + HEIGHT / 2];
            const middle = (x1 + x2) / 2;
            return [<path key={`${needed} ${step.step_id}`} d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} />];
          }),
        )}
        {steps.map((step) => {
          const { column, row } = places.get(step.step_id)!;
          return (
            <g key={step.step_id} className={stageClass(step.status)} transform={`translate(${x(column)} ${y(row)})`}>
              <rect width={WIDTH} height={HEIGHT} rx="10" />
              <text x="12" y="23" className="name">
                {step.step_id} · {step.role}
              </text>
              <text x="12" y="42">
                {step.status ?? "running"}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}

function layout(steps: StepRecord[]): Map<string, { column: number; row: number }> {
  const known = new Map(steps.map((step) => [step.step_id, step]));
  const columns = new Map<string, number>();
  function column(id: string, path: string[] = []): number {
    const done = columns.get(id);
    if (done !== undefined) return done;
    const needs = known.get(id)!.depends_on.filter((other) => known.has(other) && !path.includes(other));
    const found = needs.length ? Math.max(...needs.map((other) => column(other, [...path, id]))) + 1 : 0;
    columns.set(id, found);
    return found;
  }
  const rows: number[] = [];
  return new Map(
    steps.map((step) => {
      const at = column(step.step_id);
      rows[at] = (rows[at] ?? 0) + 1;
      return [step.step_id, { column: at, row: rows[at] - 1 }];
    }),
  );
}
