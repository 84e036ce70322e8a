/**
 * Nothing is exposed yet: what to do, in one glance.
 */
import { Plus } from 'lucide-react';

import { Button } from '../../ui/button.tsx';
import { Mark } from '../shell/mark.tsx';
import styles from './empty-services.module.css';

export function EmptyServices({ onExpose }: { readonly onExpose: () => void }) {
  return (
    <section className={styles.empty} aria-labelledby="no-services">
      <Mark size={36} />
      <h2 id="no-services">Expose your first service</h2>
      <p>
        Pick what listens on this machine, and it gets a web address. No port is opened here: visitors come in through
        the tunnel, and only to what you expose.
      </p>
      <Button tone="primary" onClick={onExpose}>
        <Plus size={15} aria-hidden="true" />
        Expose a service
      </Button>
      <p className={styles.terminal}>
        or in a terminal <code>npx sallyport serve 3000</code>
      </p>
    </section>
  );
}
