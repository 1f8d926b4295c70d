import { useEffect, useRef } from "react";
import { time } from "../clock";
import { Badges } from "../components/Badges";
import { Countdown } from "../components/Countdown";
import type { QueueItem } from "../types";

interface Props {
  items: QueueItem[];
  selected: string | null;
  onSelect: (id: string) => void;
  done: boolean;
}

/** One line an item: the least time left first. */
export function Queue({ items, selected, onSelect, done }: Props) {
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    current.current?.scrollIntoView({ block: "nearest" }); // answers a promise, which is no cleanup
  }, [selected]);
  if (!items.length)
    return <p className="empty small">{done ? "Nothing was decided in the last hour." : "Nothing waits for you."}</p>;
  return (
    <ol className="lines">
      {items.map((item) => (
        <li key={item.approval_id}>
          <button
            ref={item.approval_id === selected ? current : undefined}
            className="line"
            aria-current={item.approval_id === selected}
            onClick={() => onSelect(item.approval_id)}
          >
            <span className="line-action">{item.action}</span>
            {done ? (
              <span className="when">{time(item.decided_at ?? item.deadline)}</span>
            ) : (
              <Countdown deadline={item.deadline} opened={item.opened_at} />
            )}
            <span className="line-more">
              <Badges item={item} />
              <span className="composition">{item.composition}</span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
