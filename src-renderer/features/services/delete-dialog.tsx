/**
 * Asks before a service is deleted, stays open until that is done, and shows why it failed if it did.
 */
import { useRef, useState, type RefObject } from 'react';
import { AlertDialog } from '@base-ui/react/alert-dialog';

import type { ServiceState } from '#contract/agent-state.ts';

import { useAgentCall } from '../../state/use-agent-call.ts';
import { Actions } from '../../ui/actions.tsx';
import { Button } from '../../ui/button.tsx';
import dialog from '../../ui/dialog.module.css';
import { ProblemNote } from '../../ui/problem-note.tsx';

export type DeleteDialogProps = {
  /** The service in question; null while the dialog is closed. */
  readonly service: ServiceState | null;
  readonly onClose: () => void;
  /** Takes the focus once the service, and the button that asked, are gone. */
  readonly returnFocus: RefObject<HTMLElement | null>;
};

export function DeleteDialog({ service, onClose, returnFocus }: DeleteDialogProps) {
  const { run, running, problem, reset } = useAgentCall('service.delete');
  const cancel = useRef<HTMLButtonElement>(null);
  const deleted = useRef(false);
  // The words stay while the dialog fades out.
  const [shown, setShown] = useState(service);
  if (service !== null && service.name !== shown?.name) {
    setShown(service);
    reset();
  }

  const remove = async (): Promise<void> => {
    if (shown === null) return;
    const answer = await run({ name: shown.name });
    if (answer === undefined) return;
    deleted.current = true;
    onClose();
  };

  return (
    <AlertDialog.Root
      open={service !== null}
      onOpenChange={(open) => {
        if (open) return;
        reset();
        onClose();
      }}
      onOpenChangeComplete={(isOpen) => {
        // The next one may be kept, and then the focus belongs to the button that asked.
        if (!isOpen) deleted.current = false;
      }}
    >
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={dialog.backdrop} />
        <AlertDialog.Viewport className={dialog.viewport}>
          <AlertDialog.Popup
            className={dialog.popup}
            initialFocus={cancel}
            finalFocus={() => (deleted.current ? returnFocus.current : true)}
          >
            <div>
              <AlertDialog.Title className={dialog.title}>Delete {shown?.name}?</AlertDialog.Title>
              <AlertDialog.Description className={dialog.description}>
                {shown?.url === null || shown === null
                  ? 'It is withdrawn, and its name becomes free.'
                  : `${shown.url} stops answering, and the address becomes free for others. To keep it, switch the service off instead.`}
              </AlertDialog.Description>
            </div>
            {problem !== null && <ProblemNote problem={problem} announce />}
            <Actions>
              <AlertDialog.Close render={<Button ref={cancel}>Cancel</Button>} />
              <Button tone="danger" busy={running} onClick={() => void remove()}>
                {running ? 'Deleting…' : 'Delete'}
              </Button>
            </Actions>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
