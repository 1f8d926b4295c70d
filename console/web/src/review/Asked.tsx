import type { Asked as Question } from "../types";

/** What the caller was asked, and what they said. */
export function Asked({ asked }: { asked: Question[] }) {
  if (!asked.length) return null;
  return (
    <section aria-label="Questions to the caller">
      <h2>Asked</h2>
      <ul className="asked">
        {asked.map((known) => (
          <li key={known.question_id}>
            <b>{known.reviewer}:</b> {known.question.body}
            <br />
            {known.answer ? (
              <q>{known.answer.body}</q>
            ) : (
              <em>no answer yet: it is said at the next pause, in this call or the next</em>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
