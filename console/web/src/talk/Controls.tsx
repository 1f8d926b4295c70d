import { DisconnectButton, TrackToggle, useChat, useConnectionState } from "@livekit/components-react";
import { ConnectionState, Track } from "livekit-client";
import type { FormEvent } from "react";

/** Microphone, writing, hanging up. */
export function Controls() {
  const { send, isSending } = useChat();
  const connected = useConnectionState() === ConnectionState.Connected;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const text = String(new FormData(form).get("text") ?? "").trim();
    if (!text) return;
    await send(text);
    form.reset();
  }

  return (
    <div className="controls">
      <form onSubmit={(event) => void submit(event)}>
        <input name="text" aria-label="Write instead of speaking" placeholder="Or write…" autoComplete="off" />
        <button disabled={!connected || isSending}>Send</button>
      </form>
      <div className="buttons">
        <TrackToggle source={Track.Source.Microphone} showIcon>
          Microphone
        </TrackToggle>
        <DisconnectButton className="danger">Hang up</DisconnectButton>
      </div>
    </div>
  );
}
