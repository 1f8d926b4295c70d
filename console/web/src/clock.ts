/** Time left by the server's clock, which is the one that deadlines are judged by. */
import { useEffect, useState } from "react";

let offset = 0; // server minus browser, in milliseconds

export function setServerNow(now: string): void {
  offset = Date.parse(now) - Date.now();
}

function serverNow(): number {
  return Date.now() + offset;
}

/** Renders anew every second, at the second's turn. */
export function useSeconds(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    let timer: number;
    const tick = () => {
      setNow(serverNow());
      timer = window.setTimeout(tick, 1000 - (serverNow() % 1000));
    };
    tick();
    return () => window.clearTimeout(timer);
  }, []);
  return now;
}

export function left(deadline: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(deadline) - now) / 1000));
}

export function duration(seconds: number): string {
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function time(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
