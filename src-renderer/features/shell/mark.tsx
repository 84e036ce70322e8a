/**
 * The mark: a wall with battlements and the small lit gate in it. Same geometry as assets/icon-small.svg.
 */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d="M1 3h3v2h2V3h4v2h2V3h3v11H1z" fill="currentcolor" />
      <path d="M6 14v-3a2 2 0 0 1 4 0v3z" fill="var(--surface-page)" />
    </svg>
  );
}
