import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { Redirect, Route, Switch } from "wouter";
import { SignedIn } from "./me";
import { SignIn } from "./signing-in/SignIn";
import { Welcome } from "./signing-in/Welcome";
import { Start } from "./Start";
import "./styles/base.css";

const Review = lazy(() => import("./review/Review"));
const Talk = lazy(() => import("./talk/Talk"));
const Operate = lazy(() => import("./operate/Operate"));

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Suspense fallback={<p className="waiting">…</p>}>
      <Switch>
        <Route path="/" component={Start} />
        <Route path="/sign-in" component={SignIn} />
        <Route path="/welcome" component={Welcome} />
        <Route path="/talk" component={Talk} />
        <Route path="/review/*?">
          <SignedIn roles={["reviewer"]}>
            <Review />
          </SignedIn>
        </Route>
        <Route path="/operate/*?">
          <SignedIn roles={["operator", "auditor", "admin"]}>
            <Operate />
          </SignedIn>
        </Route>
        <Route>
          <Redirect to="/" />
        </Route>
      </Switch>
    </Suspense>
  </StrictMode>,
);
