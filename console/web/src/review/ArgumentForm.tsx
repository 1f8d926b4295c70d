import { useEffect, useId } from "react";
import { post } from "../api";
import { Trouble } from "../components/Trouble";
import type { Arguments, Json, Shown } from "../types";
import { sentence } from "./words";

interface Props {
  shown: Shown;
  changes: Arguments;
  editing: boolean;
  onChange: (changes: Arguments) => void;
  onRefusal: (refusal: string | null) => void;
  refusal: string | null;
}

const TYPING_MS = 250;

/** The exact arguments, and what may be changed of them; the rule's word on it comes as one types. */
export function ArgumentForm({ shown, changes, editing, onChange, onRefusal, refusal }: Props) {
  const path = `/api/queue/${encodeURIComponent(shown.approval.approval_id)}/check`;
  const key = JSON.stringify(changes);
  useEffect(() => {
    onRefusal(null);
    if (key === "{}") return;
    const timer = window.setTimeout(() => {
      post<{ refusal: string | null }>(path, { arguments: JSON.parse(key) as Arguments }).then(
        (checked) => onRefusal(checked.refusal),
        (error: Error) => onRefusal(error.message),
      );
    }, TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [key, path, onRefusal]);

  function change(name: string, value: Json) {
    const rest = { ...changes };
    delete rest[name];
    onChange(same(value, shown.arguments[name]) ? rest : { ...rest, [name]: value });
  }

  return (
    <section className="arguments" aria-label="Arguments">
      <h2>
        Exactly this <code>{shown.approval.tool}</code>
      </h2>
      <dl>
        {Object.entries(shown.arguments).map(([name, value]) => {
          const editable = editing && name in (shown.standing?.editable ?? {});
          const original = shown.asked_arguments[name] ?? null;
          const now = name in changes ? changes[name]! : value;
          return (
            <div key={name} className={same(now, original) ? "" : "changed"}>
              <dt>{sentence(name)}</dt>
              <dd>
                {editable ? (
                  <Field name={name} value={now} original={value} bound={bound(shown, name)} onChange={change} />
                ) : (
                  <span className="value">{show(now)}</span>
                )}
                {!same(now, original) && (
                  <span className="was">
                    asked was <del>{show(original)}</del>
                  </span>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
      <Trouble text={refusal} />
    </section>
  );
}

interface FieldProps {
  name: string;
  value: Json;
  original: Json;
  bound: string | null;
  onChange: (name: string, value: Json) => void;
}

/** A field of the kind that the argument is. */
function Field({ name, value, original, bound, onChange }: FieldProps) {
  const hint = useId();
  const label = sentence(name);
  if (typeof original === "boolean")
    return (
      <input
        type="checkbox"
        aria-label={label}
        checked={value === true}
        onChange={(event) => onChange(name, event.target.checked)}
      />
    );
  const number = typeof original === "number";
  return (
    <>
      <input
        aria-label={label}
        aria-describedby={bound ? hint : undefined}
        inputMode={number || /^-?[\d.]+$/.test(String(original)) ? "decimal" : undefined}
        value={typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value)}
        onChange={(event) => onChange(name, read(event.target.value, original))}
        autoFocus
      />
      {bound && (
        <span className="hint" id={hint}>
          {bound}
        </span>
      )}
    </>
  );
}

/** What was typed, as the kind of value that stood there; what cannot be read stays a text, and is refused. */
function read(text: string, original: Json): Json {
  if (typeof original === "string") return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function bound(shown: Shown, name: string): string | null {
  const most = shown.standing?.editable[name]?.at_most;
  if (most === null || most === undefined) return null;
  return `at most ${most === "original" ? show(shown.asked_arguments[name] ?? null) : most}`;
}

function show(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function same(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
