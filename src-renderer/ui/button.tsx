/**
 * Push buttons. While `busy`, a button keeps its focus and does nothing.
 */
import type { ComponentProps } from 'react';
import { Button as BaseButton } from '@base-ui/react/button';

import styles from './button.module.css';
import { classNames } from './class-names.ts';

export type ButtonProps = Omit<ComponentProps<'button'>, 'type'> & {
  readonly tone?: 'primary' | 'plain' | 'danger' | 'quiet';
  readonly type?: 'button' | 'submit';
  readonly busy?: boolean;
};

export function Button({ tone = 'plain', type = 'button', busy = false, disabled, className, ...rest }: ButtonProps) {
  return (
    <BaseButton
      {...rest}
      type={type}
      disabled={busy || disabled === true}
      focusableWhenDisabled={busy}
      aria-busy={busy || undefined}
      className={classNames(styles.button, styles[tone], className)}
    />
  );
}
