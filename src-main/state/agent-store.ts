/**
 * The profile's saved state: one JSON file, one writer. What could not be written did not happen.
 */
import { readFile, rename } from 'node:fs/promises';

import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { AgentError } from '#contract/errors/agent-error.ts';

import { writePrivateFile } from './private-files.ts';
import { emptyState, readSavedState, type SavedState } from './saved-state.ts';

export type AgentStore = {
  readonly saved: SavedState;
  /** Path under which a damaged file was kept when the store was opened, else null. */
  readonly corruptBackup: string | null;
  /** Applies `change` once it is on disk; SP_STATE_NOT_SAVED (and no change) otherwise. One after the other. */
  update(change: (saved: SavedState) => SavedState): Promise<void>;
  onChange(listener: (saved: SavedState) => void): () => void;
};

export type AgentStoreOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Replaces the file as a whole. */
  readonly write?: (path: string, content: string) => Promise<void>;
};

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
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new AgentError('SP_INTERNAL', { reason: `${path} cannot be read.` }, { cause: error });
  }
}

/** Opens the state at `path`. A damaged file is put aside and an empty state taken; the caller reports it. */
export async function openAgentStore(options: AgentStoreOptions): Promise<AgentStore> {
  const { path, clock, log } = options;
  const write = options.write ?? writePrivateFile;
  const changes = createListeners<SavedState>();
  const text = await readIfThere(path);
  const read = text === null ? emptyState : parse(text);
  let corruptBackup: string | null = null;
  if (read === null) {
    corruptBackup = `${path}.damaged-${clock.now()}`;
    await rename(path, corruptBackup);
    log.error('saved state is damaged', { backup: corruptBackup });
  }
  let saved = read ?? emptyState;
  let last: Promise<unknown> = Promise.resolve();

  const apply = async (change: (saved: SavedState) => SavedState): Promise<void> => {
    const next = change(saved);
    if (next === saved) return;
    try {
      await write(path, `${JSON.stringify(next, null, 2)}\n`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AgentError('SP_STATE_NOT_SAVED', { reason }, { cause: error });
    }
    saved = next;
    changes.emit(saved);
  };

  return {
    get saved() {
      return saved;
    },
    corruptBackup,
    update: (change) => {
      const done = last.then(() => apply(change));
      last = done.catch(() => {});
      return done;
    },
    onChange: (listener) => changes.add(listener),
  };
}
