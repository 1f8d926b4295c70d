/** Who signed in, for every page. */
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { Redirect, useLocation } from "wouter";
import { get, Problem, useToken } from "./api";
import { Trouble } from "./components/Trouble";
import type { Me, Role } from "./types";

const Context = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(Context);
  if (me === null) throw new Error("only inside <SignedIn>");
  return me;
}

export function home(me: Me): string {
  return me.roles.includes("reviewer") ? "/review" : "/operate";
}

/** Shows its children to whoever signed in with one of the roles; sends everybody else to sign in. */
export function SignedIn({ roles, children }: { roles: Role[]; children: ReactNode }) {
  const [me, setMe] = useState<Me | Problem | null>(null);
  const [place] = useLocation();
  useEffect(() => {
    get<Me>("/api/me").then(
      (found) => {
        useToken(found.csrf_token);
        setMe(found);
      },
      (error: unknown) => setMe(error instanceof Problem ? error : new Problem(0, String(error))),
    );
  }, []);
  if (me === null) return null;
  if (me instanceof Problem) {
    return me.status === 401 ? (
      <Redirect to={`/sign-in?to=${encodeURIComponent(place)}`} />
    ) : (
      <Trouble text={me.message} />
    );
  }
  if (!roles.some((role) => me.roles.includes(role))) return <Redirect to={home(me)} />;
  return <Context.Provider value={me}>{children}</Context.Provider>;
}
