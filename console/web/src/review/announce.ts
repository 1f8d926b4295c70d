import { useEffect, useRef } from "react";
import type { QueueItem } from "../types";

/** A number in the title, and a sound for what is new. Browsers allow sound only after the first click or key. */
export function useAnnounce(items: QueueItem[] | null): void {
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (items === null) return;
    document.title = items.length ? `(${items.length}) Greenroom` : "Greenroom";
    const ids = new Set(items.map((item) => item.approval_id));
    if (known.current && [...ids].some((id) => !known.current!.has(id))) chime();
    known.current = ids;
  }, [items]);
}

function chime(): void {
  if (!navigator.userActivation?.hasBeenActive) return;
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.5);
  volume.connect(audio.destination);
  [660, 880].forEach((frequency, n) => {
    const tone = audio.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(volume);
    tone.start(audio.currentTime + n * 0.12);
    tone.stop(audio.currentTime + 0.5);
  });
  window.setTimeout(() => void audio.close(), 800);
}
