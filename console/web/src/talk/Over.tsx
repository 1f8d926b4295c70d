import { Card } from "../components/Card";
import { useLive } from "../live";
import { Tasks } from "./Tasks";
import type { CallState } from "./types";

export function Over({ sessionId, onAgain }: { sessionId: string; onAgain: () => void }) {
  const { data } = useLive<CallState>(`/api/calls/${sessionId}`);
  return (
    <Card title="The call is over">
      {data && data.tasks.length > 0 ? (
        <>
          <p>What was passed on goes on without you. You hear how it went in your next call.</p>
          <Tasks tasks={data.tasks} />
        </>
      ) : (
        <p>Thank you for calling.</p>
      )}
      <button className="primary wide" onClick={onAgain}>
        Call again
      </button>
    </Card>
  );
}
