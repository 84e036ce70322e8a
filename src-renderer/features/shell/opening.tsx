/**
 * What is shown before the agent has said anything.
 */
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import styles from './opening.module.css';
import { Mark } from './mark.tsx';

export function Opening({ link }: { readonly link: LinkStatus }) {
  return (
    <div className={styles.opening}>
      <Mark size={40} />
      <h1>{link.phase === 'lost' ? 'Waiting for the agent' : 'Connecting to the agent'}</h1>
      <p>{link.phase === 'lost' ? 'There is nothing to show before it answers.' : 'This takes a moment.'}</p>
    </div>
  );
}
