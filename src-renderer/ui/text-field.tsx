/**
 * A labelled text field with a hint that gives way to the error.
 */
import { useId, type FocusEvent, type RefObject } from 'react';

import styles from './text-field.module.css';

export type TextFieldProps = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly hint?: string;
  /** Why the value cannot be used; null while it can, or while it is too early to say. */
  readonly error: string | null;
  readonly inputRef?: RefObject<HTMLInputElement | null>;
  readonly onBlur?: (event: FocusEvent) => void;
  readonly maxLength?: number;
};

export function TextField(props: TextFieldProps) {
  const { label, value, onChange, placeholder, hint, error, inputRef, onBlur, maxLength } = props;
  const id = useId();
  const noteId = `${id}-note`;
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={inputRef}
        className={styles.input}
        type="text"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onBlur={onBlur}
        placeholder={placeholder}
        maxLength={maxLength}
        aria-invalid={error !== null}
        aria-describedby={noteId}
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
      />
      <p id={noteId} className={styles.note} data-error={error === null ? undefined : ''} aria-live="polite">
        {error ?? hint}
      </p>
    </div>
  );
}
