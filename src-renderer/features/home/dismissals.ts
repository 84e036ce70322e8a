/**
 * Which warnings a person has read and put away: kept in the page's storage, by their words, so that one whose words
 * change is shown again.
 */
import type { HealthWarning } from '#contract/agent-state.ts';

/** The part of the page's storage that is used. */
export type TextStorage = Pick<Storage, 'getItem' | 'setItem'>;

export type Dismissals = {
  /** Whether `warning` was put away in these very words. What is broken right now cannot be put away. */
  covers(warning: HealthWarning): boolean;
  with(warning: HealthWarning): Dismissals;
  without(warnings: readonly HealthWarning[]): Dismissals;
};

const storageKey = 'sallyport.dismissed-warnings';
/** Far more than there are kinds of warnings; the oldest are forgotten first. */
const maxKept = 50;

function wordsOf({ code, title, detail }: HealthWarning): string {
  return `${code}: ${title}. ${detail}`;
}

export function canDismiss({ severity }: HealthWarning): boolean {
  return severity !== 'error';
}

function dismissals(kept: readonly string[], storage: TextStorage): Dismissals {
  const next = (words: readonly string[]): Dismissals => {
    const newest = words.slice(-maxKept);
    try {
      storage.setItem(storageKey, JSON.stringify(newest));
    } catch {
      // A full or forbidden storage only means that the warning is back in the next window.
    }
    return dismissals(newest, storage);
  };
  return {
    covers: (warning) => canDismiss(warning) && kept.includes(wordsOf(warning)),
    with: (warning) => next([...kept.filter((words) => words !== wordsOf(warning)), wordsOf(warning)]),
    without: (warnings) => {
      const back = new Set(warnings.map(wordsOf));
      return next(kept.filter((words) => !back.has(words)));
    },
  };
}

/** What was put away earlier. */
export function readDismissals(storage: TextStorage): Dismissals {
  try {
    const saved: unknown = JSON.parse(storage.getItem(storageKey) ?? '[]');
    return dismissals(Array.isArray(saved) ? saved.filter((words) => typeof words === 'string') : [], storage);
  } catch {
    return dismissals([], storage);
  }
}
