import { BarVisualizer, useVoiceAssistant, type AgentState } from "@livekit/components-react";

const words: Partial<Record<AgentState, string>> = {
  disconnected: "Connecting…",
  connecting: "Connecting…",
  initializing: "One moment…",
  idle: "Here",
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
};

/** What the agent does now. */
export function Agent() {
  const { state, audioTrack } = useVoiceAssistant();
  return (
    <section className={`agent ${state}`} aria-label="Agent">
      <BarVisualizer state={state} track={audioTrack} barCount={7} options={{ minHeight: 12 }} />
      <p role="status" data-state={state}>
        {words[state] ?? "Connecting…"}
      </p>
    </section>
  );
}
