import { Link, useLocation } from "wouter";
import { post } from "../api";
import { useMe } from "../me";
import { Logo } from "./Logo";
import { ThemeButton } from "./ThemeButton";

/** The bar above every page of whoever signed in. */
export function Bar({ connected = true }: { connected?: boolean }) {
  const me = useMe();
  const [place, go] = useLocation();
  const places: [string, string, boolean][] = [
    ["/review", "Review", me.roles.includes("reviewer")],
    ["/operate", "Operate", me.roles.some((role) => role === "operator" || role === "auditor" || role === "admin")],
  ];

  return (
    <header className="bar">
      <Logo />
      <nav aria-label="Main">
        {places.map(
          ([to, label, shown]) =>
            shown && (
              <Link key={to} href={to} aria-current={place.startsWith(to) ? "page" : undefined}>
                {label}
              </Link>
            ),
        )}
      </nav>
      <span className="grow" />
      {!connected && (
        <span role="status" className="badge warn">
          reconnecting…
        </span>
      )}
      <ThemeButton />
      <span className="who">{me.display_name}</span>
      <button className="quiet" onClick={() => void post("/api/sign-out").then(() => go("/sign-in"))}>
        Sign out
      </button>
    </header>
  );
}
