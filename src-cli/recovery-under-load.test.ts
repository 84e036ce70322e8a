/**
 * Recovery from kill -9 while visitors come; a file of its own, so that the two halves run side by side.
 */
import { describeRecovery } from './testing/recovery-scenarios.ts';

describeRecovery(true);
