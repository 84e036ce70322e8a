/**
 * The mark: a wall with battlements and the small gate in it; the same geometry as in assets/.
 */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d="M1 3h3v2h2V3h4v2h2V3h3v11h-5v-3a2 2 0 0 0-4 0v3H1z" fill="currentcolor" />
    </svg>
  );
}
