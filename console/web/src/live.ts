/** Data that stays fresh: fetched now, and again whenever the server says that something changed. */
import { useCallback, useEffect, useRef, useState } from "react";
import { get, Problem } from "./api";

const EVERY_MS = 4000;

interface Live<T> {
  data: T | null;
  problem: Problem | null;
  refresh: () => Promise<void>;
}

/** `path` null fetches nothing. `version` changes when it has to be fetched again. */
export function useLive<T>(path: string | null, version = 0): Live<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; problem: Problem | null }>({
    path: null,
    data: null,
    problem: null,
  });
  const current = useRef(path);
  current.current = path;
  const refresh = useCallback(async () => {
    if (path === null) return;
    try {
      const data = await get<T>(path);
      if (current.current === path) setState({ path, data, problem: null });
    } catch (error) {
      if (error instanceof Problem && current.current === path)
        setState((known) => ({ path, data: known.path === path ? known.data : null, problem: error }));
    }
  }, [path]);
  useEffect(() => {
    void refresh();
  }, [refresh, version]);
  const fresh = state.path === path;
  return { data: fresh ? state.data : null, problem: fresh ? state.problem : null, refresh };
}

/** The same, and fetched again every few seconds too. */
export function useFresh<T>(path: string, version = 0): Live<T> {
  const live = useLive<T>(path, version);
  const { refresh } = live;
  useEffect(() => {
    const timer = window.setInterval(() => void refresh(), EVERY_MS);
    return () => window.clearInterval(timer);
  }, [refresh]);
  return live;
}

/** Counts the server's `changed` events; the browser reconnects by itself, and that counts as a change. */
export function useChanges(path: string | null): { version: number; connected: boolean } {
  const [version, setVersion] = useState(0);
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    if (path === null) return;
    const source = new EventSource(path);
    source.addEventListener("changed", () => setVersion((known) => known + 1));
    source.addEventListener("over", () => {
      setVersion((known) => known + 1);
      source.close();
    });
    source.onopen = () => setConnected(true);
    source.onerror = () => setConnected(false);
    return () => source.close();
  }, [path]);
  return { version, connected };
}
