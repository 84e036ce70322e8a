/**
 * Which of the pages is shown, kept in the address's fragment so that Back works.
 */
import { useSyncExternalStore } from 'react';

export const pages = ['home', 'connector'] as const;
export type Page = (typeof pages)[number];

export function pageHref(page: Page): string {
  return page === 'home' ? '#/' : `#/${page}`;
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

function readPage(): Page {
  const name = location.hash.replace(/^#\/?/, '');
  return pages.find((page) => page === name) ?? 'home';
}

export function usePage(): Page {
  return useSyncExternalStore(subscribe, readPage);
}
