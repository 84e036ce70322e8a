/**
 * Exposes a service in two clicks: what listens here is listed and the likeliest proposed; then the dialog stays until
 * the person has seen it answer. Nothing typed is lost when it fails or is closed.
 */
import { useRef, useState, type RefObject } from 'react';
import { Dialog } from '@base-ui/react/dialog';

import type { ControlPlaneState, ServiceState } from '#contract/agent-state.ts';

import { classNames } from '../../ui/class-names.ts';
import dialog from '../../ui/dialog.module.css';
import { ChooseService } from './choose-service.tsx';
import { emptyDraft } from './draft.ts';
import styles from './expose-dialog.module.css';
import { PublishProgress } from './publish-progress.tsx';

export type ExposeDialogProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly services: readonly ServiceState[];
  readonly controlPlane: ControlPlaneState;
  /** Takes the focus after success: the button that opened the dialog may be gone then. */
  readonly returnFocus: RefObject<HTMLElement | null>;
};

export function ExposeDialog({ open, onOpenChange, services, controlPlane, returnFocus }: ExposeDialogProps) {
  const [draft, setDraft] = useState(emptyDraft);
  /** Name of the service that was exposed in this dialog, while it is watched. */
  const [exposed, setExposed] = useState<string | null>(null);
  const popup = useRef<HTMLDivElement>(null);
  const service = services.find(({ name }) => name === exposed);

  return (
    <Dialog.Root
      open={open}
      onOpenChange={onOpenChange}
      onOpenChangeComplete={(isOpen) => {
        // The words stay while the dialog fades out; the next time starts anew.
        if (!isOpen) setExposed(null);
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className={dialog.backdrop} />
        <Dialog.Viewport className={dialog.viewport}>
          <Dialog.Popup
            ref={popup}
            className={classNames(dialog.popup, styles.popup)}
            initialFocus={() => popup.current?.querySelector('input') ?? true}
            finalFocus={() => (exposed === null ? true : returnFocus.current)}
          >
            <div>
              <Dialog.Title className={dialog.title}>
                {exposed === null
                  ? 'Expose a service'
                  : service?.phase === 'ready'
                    ? `${exposed} is online`
                    : `Publishing ${exposed}`}
              </Dialog.Title>
              <Dialog.Description className={dialog.description}>
                {exposed === null
                  ? 'It gets a web address that leads through the tunnel to this machine.'
                  : 'You can close this: it goes on by itself.'}
              </Dialog.Description>
            </div>
            {exposed === null ? (
              <ChooseService
                draft={draft}
                onDraft={setDraft}
                services={services}
                controlPlane={controlPlane}
                onExposed={(name) => {
                  setExposed(name);
                  setDraft(emptyDraft);
                }}
              />
            ) : (
              service !== undefined && <PublishProgress service={service} />
            )}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
