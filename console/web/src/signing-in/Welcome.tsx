import { useEffect, useState, type FormEvent } from "react";
import { useLocation } from "wouter";
import { get, post, Problem } from "../api";
import { Card } from "../components/Card";
import { Trouble } from "../components/Trouble";
import { home } from "../me";
import type { Me } from "../types";

/** Where a one-time link leads. Its token stands after the #, which no server is sent. */
export function Welcome() {
  const [, go] = useLocation();
  const [token] = useState(() => window.location.hash.slice(1));
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");

  useEffect(() => {
    window.history.replaceState(null, "", "/welcome"); // not into the history, not over a shoulder
    get<{ name: string }>(`/api/welcome/${encodeURIComponent(token || "none")}`).then(
      (found) => setName(found.name),
      (error: Error) => setProblem(error.message),
    );
  }, [token]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (form.get("password") !== form.get("again")) return setProblem("The two passwords differ.");
    try {
      await post("/api/welcome", { token, password: form.get("password") });
      go(home(await get<Me>("/api/me")));
    } catch (error) {
      setProblem(error instanceof Problem ? error.message : String(error));
    }
  }

  return (
    <Card title={name ? `Welcome, ${name}` : "Welcome"}>
      {name && (
        <form onSubmit={submit}>
          <p>Choose a password of ten characters or more. This link works once.</p>
          <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
          <label>
            Password
            <input name="password" type="password" autoComplete="new-password" minLength={10} required autoFocus />
          </label>
          <label>
            Once more
            <input name="again" type="password" autoComplete="new-password" minLength={10} required />
          </label>
          <button className="primary wide">Set password and sign in</button>
        </form>
      )}
      <Trouble text={problem} />
    </Card>
  );
}
