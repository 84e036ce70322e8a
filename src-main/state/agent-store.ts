/**
 * The profile's saved state: one JSON file, one writer. What could not be written did not happen.
 */
import { readFile, rename } from 'node:fs/promises';

import type { Cancel, Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { AgentError, type Problem } from '#contract/errors/agent-error.ts';

import { notSaved, removeTemporaryFiles, writePrivateFile } from './private-files.ts';
import { emptyState, readSavedState, type SavedState } from './saved-state.ts';

export type AgentStore = {
  readonly saved: SavedState;
  /** Path under which a damaged file was kept when the store was opened, else null. */
  readonly corruptBackup: string | null;
  /** Why the last attempt to write failed; null again once the disk takes the state, which is tried until it does. */
  readonly problem: Problem | null;
  /** Applies `change` once it is on disk; SP_STATE_NOT_SAVED (and no change) otherwise. One after the other. */
  update(change: (saved: SavedState) => SavedState): Promise<void>;
  /** `problem` has come or gone. */
  onProblem(listener: () => void): () => void;
  /** Resolves when nothing is being written any more. */
  close(): Promise<void>;
};

export type AgentStoreOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Replaces the file as a whole. */
  readonly write?: (path: string, content: string) => Promise<void>;
};

/** How often a disk that refused is asked again; the file is small. */
const probeEveryMs = 2000;

function parse(text: string): SavedState | null {
  try {
    return readSavedState(JSON.parse(text));
  } catch {
    return null;
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new AgentError('SP_STATE_UNREADABLE', { path, reason: `The system says ${code}.` }, { cause: error });
  }
}

/** Moves a damaged file aside. Throws SP_STATE_NOT_SAVED: it must not be written over. */
async function putAside(path: string, nowMs: number): Promise<string> {
  const backup = `${path}.damaged-${nowMs}`;
  try {
    await rename(path, backup);
  } catch (error) {
    throw notSaved(backup, error);
  }
  return backup;
}

/**
 * Opens the state at `path`. A damaged file is put aside and an empty state taken; the caller reports it. Throws
 * SP_STATE_UNREADABLE, SP_STATE_NOT_SAVED.
 */
export async function openAgentStore(options: AgentStoreOptions): Promise<AgentStore> {
  const { path, clock, log } = options;
  const write = options.write ?? writePrivateFile;
  const problemChanges = createListeners<void>();
  await removeTemporaryFiles(path);
  const text = await readIfThere(path);
  const read = text === null ? emptyState : parse(text);
  const corruptBackup = read === null ? await putAside(path, clock.now()) : null;
  if (corruptBackup !== null) log.error('saved state is damaged', { backup: corruptBackup });
  let saved = read ?? emptyState;
  let problem: Problem | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let cancelProbe: Cancel = () => {};
  let closed = false;

  const setProblem = (next: Problem | null): void => {
    if (next?.detail === problem?.detail) return;
    problem = next;
    problemChanges.emit();
  };

  const writeState = async (next: SavedState): Promise<void> => {
    cancelProbe();
    try {
      await write(path, `${JSON.stringify(next, null, 2)}\n`);
    } catch (thrown) {
      const error = notSaved(path, thrown);
      if (problem === null) log.error('state could not be saved', { error });
      setProblem(error.problem);
      // Nobody may come back with another change to find out that there is room again.
      if (!closed)
        cancelProbe = clock.after(probeEveryMs, () => void serially(() => writeState(saved)).catch(() => {}));
      throw error;
    }
    setProblem(null);
  };

  const serially = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };

  const apply = async (change: (saved: SavedState) => SavedState): Promise<void> => {
    const next = change(saved);
    if (next === saved) return;
    await writeState(next);
    saved = next;
  };

  return {
    get saved() {
      return saved;
    },
    get problem() {
      return problem;
    },
    corruptBackup,
    update: (change) => serially(() => apply(change)),
    onProblem: (listener) => problemChanges.add(listener),
    close: async () => {
      closed = true;
      cancelProbe();
      await last;
    },
  };
}
