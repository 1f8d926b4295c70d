import { Link } from "wouter";
import { Card } from "./components/Card";

/** The front page: two ways in. */
export function Start() {
  return (
    <Card title="Where to?">
      <div className="ways">
        <Link href="/talk" className="way">
          <strong>Talk to an agent</strong>
          <span>With your microphone, or in writing.</span>
        </Link>
        <Link href="/review" className="way">
          <strong>Review</strong>
          <span>Decide what waits for a person.</span>
        </Link>
        <Link href="/operate" className="way">
          <strong>Operate</strong>
          <span>Watch calls, tasks and health.</span>
        </Link>
      </div>
    </Card>
  );
}
