import { useChat, useTranscriptions } from "@livekit/components-react";
import { useEffect, useMemo, useRef } from "react";

interface Line {
  id: string;
  mine: boolean;
  text: string;
  at: number;
}

/** Everything that is said and written, as it is said. */
export function Captions({ identity }: { identity: string }) {
  const spoken = useTranscriptions();
  const { chatMessages } = useChat();
  const end = useRef<HTMLLIElement>(null);
  const lines = useMemo(() => {
    const said = new Map<string, Line>();
    for (const piece of spoken) {
      const id = piece.streamInfo.attributes?.["lk.segment_id"] ?? piece.streamInfo.id;
      const known = said.get(id);
      const mine = piece.participantInfo.identity === identity;
      said.set(id, { id, mine, text: piece.text, at: known?.at ?? piece.streamInfo.timestamp });
    }
    for (const message of chatMessages)
      said.set(message.id, {
        id: message.id,
        mine: message.from?.identity === identity,
        text: message.message,
        at: message.timestamp,
      });
    return [...said.values()].filter((line) => line.text.trim()).sort((a, b) => a.at - b.at);
  }, [spoken, chatMessages, identity]);
  const last = lines.at(-1)?.text;
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" }); // answers a promise, which is no cleanup
  }, [last, lines.length]);
  return (
    <ol className="captions" aria-label="Captions" aria-live="polite" tabIndex={0}>
      {lines.map((line) => (
        <li key={line.id} className={line.mine ? "mine" : ""}>
          <span className="hidden">{line.mine ? "You: " : "Agent: "}</span>
          {line.text}
        </li>
      ))}
      <li ref={end} className="end" aria-hidden="true" />
    </ol>
  );
}
