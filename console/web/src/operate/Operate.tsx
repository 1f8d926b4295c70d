/** The operator's pages: calls, tasks, approvals, health. */
import { Link, Route, Switch, useLocation } from "wouter";
import { Bar } from "../components/Bar";
import { Approvals } from "./Approvals";
import { Calls } from "./Calls";
import { Health } from "./Health";
import { Task } from "./Task";
import { Tasks } from "./Tasks";
import { Timeline } from "./Timeline";
import "../styles/operate.css";

const places: [string, string][] = [
  ["/operate", "Calls"],
  ["/operate/tasks", "Tasks"],
  ["/operate/approvals", "Approvals"],
  ["/operate/health", "Health"],
];

export default function Operate() {
  const [place] = useLocation();
  const here = places.findLast(([to]) => place.startsWith(to))?.[0];
  return (
    <div className="operate">
      <Bar />
      <nav className="sub" aria-label="Operate">
        {places.map(([to, label]) => (
          <Link key={to} href={to} aria-current={to === here ? "page" : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <main>
        <Switch>
          <Route path="/operate/calls/:id">{({ id }) => <Timeline id={id} />}</Route>
          <Route path="/operate/tasks/:id">{({ id }) => <Task id={id} />}</Route>
          <Route path="/operate/tasks" component={Tasks} />
          <Route path="/operate/approvals" component={Approvals} />
          <Route path="/operate/health" component={Health} />
          <Route component={Calls} />
        </Switch>
      </main>
    </div>
  );
}
