import { LiveKitRoom, RoomAudioRenderer, StartAudio } from "@livekit/components-react";
import { useEffect, useState } from "react";
import { setServerNow } from "../clock";
import { Logo } from "../components/Logo";
import { ThemeButton } from "../components/ThemeButton";
import { Trouble } from "../components/Trouble";
import { useChanges, useFresh } from "../live";
import { Agent } from "./Agent";
import { Captions } from "./Captions";
import { Controls } from "./Controls";
import { Tasks } from "./Tasks";
import type { CallState, Opened } from "./types";

interface Props {
  opened: Opened;
  microphone: boolean;
  onEnd: () => void;
}

/** A page that is loaded again takes its place over; it did not hang up. */
const STAYS = { disconnectOnPageLeave: false };

/** The call itself. Everything of WebRTC is LiveKit's. */
export function Call({ opened, microphone, onEnd }: Props) {
  const [problem, setProblem] = useState("");
  const path = `/api/calls/${opened.session_id}`;
  const { version } = useChanges(`${path}/events`);
  const { data } = useFresh<CallState>(path, version); // a card is written a moment after it was told
  useEffect(() => {
    if (data) setServerNow(data.now);
  }, [data]);

  return (
    <LiveKitRoom
      serverUrl={opened.url}
      token={opened.token}
      audio={microphone}
      video={false}
      connect
      options={STAYS}
      onDisconnected={onEnd}
      onMediaDeviceFailure={() => setProblem("The microphone cannot be used. Allow it for this page, or write below.")}
      onError={(error) => setProblem(error.message)}
      className="talk"
    >
      <header className="bar">
        <Logo />
        <span className="grow" />
        <ThemeButton />
      </header>
      <main className="talk-main">
        <h1 className="hidden">Your call</h1>
        <Agent />
        <Trouble text={problem} />
        <Captions identity={opened.identity} />
        <Controls />
      </main>
      <aside className="talk-tasks" aria-label="Passed on">
        <h2>Passed on</h2>
        {data?.tasks.length ? (
          <Tasks tasks={data.tasks} />
        ) : (
          <p className="hint">Whatever takes time is passed on, and shown here.</p>
        )}
      </aside>
      <RoomAudioRenderer />
      <StartAudio label="Let this page play sound" className="primary start-audio" />
    </LiveKitRoom>
  );
}
