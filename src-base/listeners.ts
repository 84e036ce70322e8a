/**
 * A set of listeners to one kind of event.
 */

export type Listeners<T> = {
  /** Returns the function that takes the listener off again. */
  add(listener: (event: T) => void): () => void;
  emit(event: T): void;
};

export function createListeners<T>(): Listeners<T> {
  const listeners = new Set<(event: T) => void>();
  return {
    add: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
}
