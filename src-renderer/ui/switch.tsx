/**
 * An on/off switch named by `label`. While `busy` it keeps its focus and does nothing.
 */
import { Switch as BaseSwitch } from '@base-ui/react/switch';

import styles from './switch.module.css';

export type SwitchProps = {
  readonly label: string;
  readonly checked: boolean;
  readonly busy: boolean;
  readonly onChange: (checked: boolean) => void;
};

export function Switch({ label, checked, busy, onChange }: SwitchProps) {
  return (
    <BaseSwitch.Root
      className={styles.root}
      aria-label={label}
      aria-busy={busy || undefined}
      checked={checked}
      readOnly={busy}
      onCheckedChange={onChange}
    >
      <BaseSwitch.Thumb className={styles.thumb} />
    </BaseSwitch.Root>
  );
}
