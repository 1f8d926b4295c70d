import type { ReactNode } from "react";
import { Logo } from "./Logo";

/** A page that is one card in the middle. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="centre">
      <section className="card narrow">
        <Logo />
        <h1>{title}</h1>
        {children}
      </section>
    </main>
  );
}
