export function Logo() {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M9 13v6M16 8v16M23 12v8" />
      </svg>
      Greenroom
    </span>
  );
}
