/**
 * What is shown before the agent has said anything.
 */
import type { LinkStatus } from '../../agent-client/agent-link.ts';
import styles from './opening.module.css';
import { Mark } from './mark.tsx';

export function Opening({ link }: { readonly link: LinkStatus }) {
  return (
    <div className={styles.opening}>
      <Mark size={40} />
      <h1>{link.phase === 'lost' ? 'The agent does not answer' : 'Connecting to the agent'}</h1>
      <p>
        {link.phase === 'lost'
          ? 'Start it again with “npm start” or “npx sallyport agent”; this page connects by itself.'
          : 'This takes a moment.'}
      </p>
    </div>
  );
}
