/**
 * What the app understands of its command line. Pure; switches of Chromium pass by.
 */
import { parseArgs } from 'node:util';

export type AppArguments = {
  /** The profile to use, null for the default one. */
  readonly profile: string | null;
  /** Start without showing the window; for autostart. */
  readonly hidden: boolean;
  /** Prove that the app works, print one JSON line, and end. */
  readonly smoke: boolean;
};

export function readArguments(args: readonly string[]): AppArguments {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: { profile: { type: 'string' }, hidden: { type: 'boolean' }, smoke: { type: 'boolean' } },
  });
  return {
    profile: typeof values.profile === 'string' && values.profile !== '' ? values.profile : null,
    hidden: values.hidden === true,
    smoke: values.smoke === true,
  };
}
