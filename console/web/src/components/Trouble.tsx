/** What went wrong, for the person who looks; nothing when nothing did. */
export function Trouble({ text }: { text: string | null | undefined }) {
  return text ? (
    <p role="alert" className="notice bad">
      {text}
    </p>
  ) : null;
}
