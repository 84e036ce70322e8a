import { describe, it } from 'vitest';

import { systemClock } from '#base/clock.ts';

import { builtQuicAddon } from '../../../testing/quic-addon.ts';
import { describeQuicBackend } from '../../../testing/quic-conformance.ts';
import { createQuinnBackend } from './quinn-backend.ts';

const file = builtQuicAddon();
if (file === null) {
  describe('QUIC backend quinn', () => {
    it.skip('is not built here: node scripts/build-native.ts');
  });
} else {
  describeQuicBackend('quinn', () => createQuinnBackend({ file, clock: systemClock }));
}
