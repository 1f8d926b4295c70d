/** Lists that page: the newest page stays fresh, older ones are fetched as they are asked for. */
import { useEffect, useState } from "react";
import { useFresh } from "../live";

interface Page<T> {
  items: T[];
  next_before: string | null;
}

export interface Pages<T> {
  items: T[] | null;
  problem: Error | null;
  older: (() => void) | null;
  newest: (() => void) | null;
}

/** `path` has its filters already; it is asked again every few seconds. */
export function usePages<T>(path: string): Pages<T> {
  const [before, setBefore] = useState<string | null>(null);
  useEffect(() => setBefore(null), [path]);
  const separator = path.includes("?") ? "&" : "?";
  const url = before ? `${path}${separator}before=${encodeURIComponent(before)}` : path;
  const { data, problem } = useFresh<Page<T>>(url);
  const next = data?.next_before ?? null;
  return {
    items: data?.items ?? null,
    problem,
    older: next ? () => setBefore(next) : null,
    newest: before ? () => setBefore(null) : null,
  };
}
