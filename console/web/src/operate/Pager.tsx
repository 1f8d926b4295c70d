import type { Pages } from "./pages";

export function Pager({ pages }: { pages: Pages<unknown> }) {
  return (
    <div className="buttons pager">
      {pages.newest && <button onClick={pages.newest}>Newest</button>}
      {pages.older && <button onClick={pages.older}>Older</button>}
    </div>
  );
}

/** In the viewer's zone. */
export function moment(at: string): string {
  const day = new Date(at);
  const today = day.toDateString() === new Date().toDateString();
  return today ? day.toLocaleTimeString() : day.toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" });
}
