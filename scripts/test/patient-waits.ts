/**
 * Lets `vi.waitFor` wait as long as a condition takes on a busy machine; its own default of a second can't be configured.
 * A test that waits in vain fails all the same, later.
 */
import { vi } from 'vitest';

const waitFor = vi.waitFor;

vi.waitFor = (check, options = { timeout: 10_000, interval: 20 }) => waitFor(check, options);
