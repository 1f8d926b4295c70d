import { duration, left, useSeconds } from "../clock";

/** Time left, live. Red when less than a quarter of it, or half a minute, is left. */
export function Countdown({ deadline, opened }: { deadline: string; opened: string }) {
  const now = useSeconds();
  const seconds = left(deadline, now);
  const whole = Math.max(1, (Date.parse(deadline) - Date.parse(opened)) / 1000);
  const share = Math.min(1, seconds / whole);
  const urgent = seconds <= 30 || share < 0.25;
  return (
    <span className={`countdown ${urgent ? "urgent" : ""}`}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="10" cy="10" r="8" pathLength="100" />
        <circle cx="10" cy="10" r="8" pathLength="100" className="rest" strokeDasharray={`${share * 100} 100`} />
      </svg>
      <time aria-label={`${seconds} seconds left`}>{seconds ? duration(seconds) : "over"}</time>
    </span>
  );
}
