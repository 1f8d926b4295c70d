/** What is known, one line a heading, readable while somebody waits; then the last words of the call. */
export function ContextPack({ text }: { text: string }) {
  const [head = "", tail = ""] = text.split("\n\nLast said\n");
  const lines = head.split("\n").map((line) => {
    const at = line.indexOf(": ");
    return at > 0 ? ([line.slice(0, at), line.slice(at + 2)] as const) : (["", line] as const);
  });
  return (
    <section className="pack" aria-label="Context">
      <h2>Context</h2>
      <dl>
        {lines.map(([name, words], n) => (
          <div key={n} className={name === "Recommended" ? "recommended" : ""}>
            <dt>{name}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      {tail && (
        <ol className="said" aria-label="Last said">
          {tail.split("\n").map((line, n) => {
            const [who = "", ...rest] = line.split(": ");
            return (
              <li key={n} className={who}>
                <b>{who}</b> {rest.join(": ")}
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
