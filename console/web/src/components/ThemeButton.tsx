import { useState } from "react";

const KEY = "greenroom.theme";
const order = ["", "light", "dark"] as const;
const labels = { "": "Auto", light: "Light", dark: "Dark" };
type Theme = (typeof order)[number];

function read(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "";
}

document.documentElement.dataset.theme = read();

/** Light, dark, or as the system has it. */
export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(read);
  function next() {
    const chosen = order[(order.indexOf(theme) + 1) % order.length]!;
    document.documentElement.dataset.theme = chosen;
    localStorage.setItem(KEY, chosen);
    setTheme(chosen);
  }
  return (
    <button className="quiet" onClick={next} aria-label={`Theme: ${labels[theme]}. Change it.`}>
      {labels[theme]}
    </button>
  );
}
