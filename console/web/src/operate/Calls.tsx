import { Link } from "wouter";
import { Trouble } from "../components/Trouble";
import { moment, Pager } from "./Pager";
import { usePages } from "./pages";

interface Session {
  session_id: string;
  composition: string;
  subject_id: string;
  state: string;
  opened_at: string;
  ended_at: string | null;
  end_reason: string | null;
}

export function Calls() {
  const pages = usePages<Session>("/api/sessions?limit=25");
  return (
    <>
      <h1>Calls</h1>
      <Trouble text={pages.problem?.message} />
      <table>
        <caption className="hidden">Calls, the newest first</caption>
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">State</th>
            <th scope="col">Composition</th>
            <th scope="col">Caller</th>
            <th scope="col">Began</th>
            <th scope="col">Ended</th>
          </tr>
        </thead>
        <tbody>
          {pages.items?.map((call) => (
            <tr key={call.session_id}>
              <td>
                <Link href={`/operate/calls/${call.session_id}`}>{call.session_id}</Link>
              </td>
              <td>
                <span className={`badge ${call.state === "open" ? "live" : ""}`}>
                  {call.state === "open" && <i aria-hidden="true" />} {call.state}
                </span>
              </td>
              <td>{call.composition}</td>
              <td>{call.subject_id}</td>
              <td>{moment(call.opened_at)}</td>
              <td>{call.ended_at ? `${moment(call.ended_at)} (${call.end_reason})` : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {pages.items?.length === 0 && <p className="empty small">No call yet.</p>}
      <Pager pages={pages} />
    </>
  );
}
