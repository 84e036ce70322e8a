/**
 * Exposes a service: an address on this machine, a name, one click. Nothing typed is lost when it fails or is closed.
 */
import { useRef, useState, type FormEvent, type RefObject } from 'react';
import { Dialog } from '@base-ui/react/dialog';
import { Users } from 'lucide-react';

import type { ControlPlaneState, ServiceState } from '#contract/agent-state.ts';

import { audience } from '../../state/summary.ts';
import { useAgentCall } from '../../state/use-agent-call.ts';
import { formatTarget, type TargetReading } from '../../text/target.ts';
import { Actions } from '../../ui/actions.tsx';
import { Button } from '../../ui/button.tsx';
import dialog from '../../ui/dialog.module.css';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { emptyDraft, readDraft } from './draft.ts';
import styles from './expose-dialog.module.css';

export type ExposeDialogProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly services: readonly ServiceState[];
  readonly controlPlane: ControlPlaneState;
  /** Takes the focus after success: the button that opened the dialog may be gone then. */
  readonly returnFocus: RefObject<HTMLElement | null>;
};

/** What becomes of the address that was typed. */
function addressHint(target: TargetReading): string {
  if (target.kind !== 'target') return 'Where the service listens, for example 3000 or localhost:3000';
  const origin = `http://${formatTarget(target.target)}`;
  return target.path === '' ? `Requests go to ${origin}` : `All of ${origin} is exposed, not only ${target.path}`;
}

export function ExposeDialog({ open, onOpenChange, services, controlPlane, returnFocus }: ExposeDialogProps) {
  const [draft, setDraft] = useState(emptyDraft);
  // Errors of what is still being typed wait until the field is left or the form is sent.
  const [checkAddress, setCheckAddress] = useState(false);
  const [checkName, setCheckName] = useState(false);
  const { run, running, problem, reset } = useAgentCall('service.expose');
  const addressInput = useRef<HTMLInputElement>(null);
  const nameInput = useRef<HTMLInputElement>(null);
  const exposed = useRef(false);

  const taken = new Set(services.map((service) => service.name));
  const { target, name, nameError, request } = readDraft(draft, taken);
  const nameShown = draft.name ?? name;
  const addressError = target.kind === 'invalid' ? target.reason : target.kind === 'empty' ? 'Enter a port.' : null;

  const edit = (change: Partial<typeof draft>): void => {
    setDraft((current) => ({ ...current, ...change }));
    reset();
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setCheckAddress(true);
    setCheckName(true);
    if (request === null) {
      (addressError === null ? nameInput : addressInput).current?.focus();
      return;
    }
    if (running) return;
    const answer = await run(request);
    if (answer === undefined) return;
    exposed.current = true;
    onOpenChange(false);
    setDraft(emptyDraft);
    setCheckAddress(false);
    setCheckName(false);
  };

  return (
    <Dialog.Root
      open={open}
      onOpenChange={onOpenChange}
      onOpenChangeComplete={(isOpen) => {
        // The next time may end by Escape, and then the focus belongs to what opened the dialog.
        if (!isOpen) exposed.current = false;
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className={dialog.backdrop} />
        <Dialog.Viewport className={dialog.viewport}>
          <Dialog.Popup
            className={dialog.popup}
            initialFocus={addressInput}
            finalFocus={() => (exposed.current ? returnFocus.current : true)}
          >
            <div>
              <Dialog.Title className={dialog.title}>Expose a service</Dialog.Title>
              <Dialog.Description className={dialog.description}>
                It gets a web address that leads through the tunnel to this machine.
              </Dialog.Description>
            </div>
            <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
              <TextField
                label="Port or address"
                placeholder="3000"
                hint={addressHint(target)}
                value={draft.address}
                onChange={(address) => edit({ address })}
                onBlur={({ relatedTarget }) => {
                  // A message that appears under the pointer would move the button that is being pressed away from it.
                  if (!(relatedTarget instanceof HTMLButtonElement)) setCheckAddress(draft.address !== '');
                }}
                error={checkAddress || (target.kind === 'invalid' && target.final) ? addressError : null}
                inputRef={addressInput}
                maxLength={300}
              />
              <TextField
                label="Name"
                placeholder="my-app"
                hint="Becomes part of the web address"
                value={nameShown}
                onChange={(next) => {
                  setCheckName(true);
                  edit({ name: next });
                }}
                error={checkName && (draft.name !== null || target.kind === 'target') ? nameError : null}
                inputRef={nameInput}
              />
              <p className={styles.audience}>
                <Users size={15} aria-hidden="true" />
                {audience(controlPlane)}
              </p>
              {problem !== null && <ProblemNote problem={problem} announce />}
              <Actions>
                <Dialog.Close render={<Button>Cancel</Button>} />
                <Button tone="primary" type="submit" busy={running}>
                  {running ? 'Exposing…' : 'Expose'}
                </Button>
              </Actions>
            </form>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
