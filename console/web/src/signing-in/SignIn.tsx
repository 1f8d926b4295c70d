import { useState, type FormEvent } from "react";
import { useLocation, useSearch } from "wouter";
import { get, post, Problem } from "../api";
import { Card } from "../components/Card";
import { Trouble } from "../components/Trouble";
import { home } from "../me";
import type { Me } from "../types";

export function SignIn() {
  const [, go] = useLocation();
  const to = new URLSearchParams(useSearch()).get("to");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    try {
      await post("/api/sign-in", { name: form.get("name"), password: form.get("password") });
      const inside = to?.startsWith("/") && !to.startsWith("//") ? to : null;
      go(inside ?? home(await get<Me>("/api/me")));
    } catch (error) {
      setProblem(error instanceof Problem ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <Card title="Sign in">
      <form onSubmit={submit}>
        <label>
          Name
          <input name="name" autoComplete="username" required autoFocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <Trouble text={problem} />
        <button className="primary wide" disabled={busy}>
          Sign in
        </button>
      </form>
      <p className="hint">
        No account yet? Whoever runs this installation makes one with <code>greenroom people add</code>.
      </p>
    </Card>
  );
}
