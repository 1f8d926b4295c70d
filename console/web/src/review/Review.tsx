/** The reviewer's page: what waits on the left, one item on the right, live, and all of it by keyboard. */
import { useCallback, useEffect, useState } from "react";
import { useLocation, useRoute } from "wouter";
import { setServerNow } from "../clock";
import { Bar } from "../components/Bar";
import { Trouble } from "../components/Trouble";
import { useChanges, useLive } from "../live";
import type { QueuePage } from "../types";
import { useAnnounce } from "./announce";
import { Item } from "./Item";
import { Keys } from "./Keys";
import { Queue } from "./Queue";
import { useKeys } from "./keys";
import "../styles/review.css";

export default function Review() {
  const [, go] = useLocation();
  const [, params] = useRoute("/review/:id");
  const selected = params?.id ? decodeURIComponent(params.id) : null;
  const { version, connected } = useChanges("/api/queue/events");
  const [done, setDone] = useState(false);
  const [help, setHelp] = useState(false);
  const waiting = useLive<QueuePage>("/api/queue", version);
  const decided = useLive<QueuePage>(done ? "/api/queue?done=true&limit=50" : null, version);
  const page = done ? decided : waiting;
  const items = page.data?.items ?? [];
  useEffect(() => {
    if (page.data) setServerNow(page.data.now);
  }, [page.data]);
  useAnnounce(waiting.data?.items ?? null);

  const select = useCallback((id: string) => go(`/review/${encodeURIComponent(id)}`), [go]);
  const move = (by: number) => {
    const at = items.findIndex((item) => item.approval_id === selected);
    const next = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))];
    if (next) select(next.approval_id);
  };
  useKeys({ j: () => move(1), k: () => move(-1), "?": () => setHelp((shown) => !shown), Escape: () => setHelp(false) });

  return (
    <div className={`review ${selected ? "has-item" : ""}`}>
      <Bar connected={connected} />
      <aside className="queue" aria-label="Queue">
        <div className="tabs" role="group" aria-label="Which">
          <button aria-pressed={!done} onClick={() => setDone(false)}>
            Waiting <b>{waiting.data?.total ?? ""}</b>
          </button>
          <button aria-pressed={done} onClick={() => setDone(true)}>
            Last hour
          </button>
          <span className="grow" />
          <button className="quiet" onClick={() => setHelp(true)} aria-label="Keyboard shortcuts">
            ?
          </button>
        </div>
        <Trouble text={page.problem?.message} />
        {page.data && <Queue items={items} selected={selected} onSelect={select} done={done} />}
      </aside>
      <main className="item-pane">
        {selected ? (
          <Item key={selected} id={selected} version={version} onClose={() => go("/review")} />
        ) : (
          <div className="empty">
            <h1>{items.length ? "Choose what to look at" : "Nothing waits for you"}</h1>
            <p>
              {items.length ? (
                <>
                  Press <kbd>j</kbd> for the first one: the one with the least time left.
                </>
              ) : (
                "New items appear here by themselves, with a sound and a number in the title."
              )}
            </p>
          </div>
        )}
      </main>
      {help && <Keys onClose={() => setHelp(false)} />}
    </div>
  );
}
