/**
 * A button or link that shows only an icon: its name is spoken, and shown as a tooltip.
 */
import { useCallback, useState, type ReactElement, type ReactNode } from 'react';
import { Tooltip } from '@base-ui/react/tooltip';

import styles from './icon-button.module.css';
import { classNames } from './class-names.ts';

export type IconButtonProps = {
  readonly label: string;
  readonly icon: ReactNode;
  readonly onClick?: () => void;
  readonly tone?: 'plain' | 'danger';
  /** Renders a link to this address, opened outside the window, instead of a button. */
  readonly href?: string;
};

export function IconButton({ label, icon, onClick, tone = 'plain', href }: IconButtonProps) {
  // The tooltip belongs into the landmark or dialog of its control: outside, it would be content of no region.
  const [region, setRegion] = useState<HTMLElement | undefined>(undefined);
  const findRegion = useCallback((element: HTMLElement | null) => {
    setRegion(element?.closest<HTMLElement>('[role="dialog"], [role="alertdialog"], main') ?? undefined);
  }, []);
  const className = classNames(styles.control, styles[tone]);
  const control: ReactElement =
    href === undefined ? (
      <button type="button" aria-label={label} className={className} onClick={onClick}>
        {icon}
      </button>
    ) : (
      <a href={href} target="_blank" rel="noreferrer" aria-label={label} className={className}>
        {icon}
      </a>
    );
  return (
    <Tooltip.Root>
      <Tooltip.Trigger ref={findRegion} render={control} />
      <Tooltip.Portal container={region}>
        <Tooltip.Positioner sideOffset={6} className={styles.positioner}>
          <Tooltip.Popup className={styles.tooltip}>{label}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
