/**
 * Keeps the focus in the page when what held it has gone.
 */
import { useEffect, useRef } from 'react';

/**
 * When `view` changes and the focus was lost with the old one, the page's main region takes it, so that the next key
 * press goes on there and a screen reader begins to read.
 */
export function useKeptFocus(view: string): void {
  const last = useRef(view);
  useEffect(() => {
    if (last.current === view) return;
    last.current = view;
    if (document.activeElement === document.body) document.querySelector('main')?.focus();
  }, [view]);
}
