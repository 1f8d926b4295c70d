/** Where anybody talks to an agent: choose, agree, join; reload in mid-call and come back. */
import { useEffect, useState } from "react";
import { get, post, Problem } from "../api";
import { Call } from "./Call";
import { Choose } from "./Choose";
import { Over } from "./Over";
import type { CallState, Opened } from "./types";
import "../styles/talk.css";

const KEPT = "greenroom.call"; // of this tab alone: two tabs are two calls
const SUBJECT = "greenroom.subject"; // of this browser: whoever comes back is known

type Stage =
  | { name: "loading" }
  | { name: "choose"; back?: string }
  | { name: "call"; opened: Opened; microphone: boolean }
  | { name: "over"; sessionId: string };

export default function Talk() {
  const [stage, setStage] = useState<Stage>({ name: "loading" });
  const [problem, setProblem] = useState("");

  useEffect(() => {
    document.title = "Talk · Greenroom";
    const kept = sessionStorage.getItem(KEPT);
    if (kept === null) return setStage({ name: "choose" });
    get<CallState>(`/api/calls/${kept}`).then(
      (state) => setStage(state.open ? { name: "choose", back: kept } : { name: "over", sessionId: kept }),
      () => setStage({ name: "choose" }),
    );
  }, []);

  async function enter(asked: () => Promise<Opened>, microphone: boolean) {
    try {
      const opened = await asked();
      sessionStorage.setItem(KEPT, opened.session_id);
      setProblem("");
      setStage({ name: "call", opened, microphone });
    } catch (error) {
      setProblem(error instanceof Problem ? error.message : String(error));
    }
  }

  switch (stage.name) {
    case "loading":
      return <p className="waiting">…</p>;
    case "choose":
      return (
        <Choose
          back={stage.back}
          problem={problem}
          onOpen={(composition, microphone) =>
            void enter(() => post<Opened>("/sessions", { composition, subject: subject() }), microphone)
          }
          onReturn={(microphone) =>
            void enter(() => post<Opened>(`/api/calls/${stage.back}/token`), microphone)
          }
        />
      );
    case "call":
      return (
        <Call
          opened={stage.opened}
          microphone={stage.microphone}
          onEnd={() => setStage({ name: "over", sessionId: stage.opened.session_id })}
        />
      );
    case "over":
      return (
        <Over
          sessionId={stage.sessionId}
          onAgain={() => {
            sessionStorage.removeItem(KEPT);
            setStage({ name: "choose" });
          }}
        />
      );
  }
}

function subject(): string {
  const kept = localStorage.getItem(SUBJECT);
  if (kept) return kept;
  const made = `web-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  localStorage.setItem(SUBJECT, made);
  return made;
}
