/**
 * Which service to expose, under which name, and who will be able to reach it.
 */
import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react';
import { Dialog } from '@base-ui/react/dialog';
import { Users } from 'lucide-react';

import type { ControlPlaneState, ServiceState } from '#contract/agent-state.ts';
import type { Discovery } from '#contract/discovery.ts';

import { audience } from '../../state/summary.ts';
import { useAgentCall } from '../../state/use-agent-call.ts';
import { formatTarget } from '../../text/target.ts';
import { Actions } from '../../ui/actions.tsx';
import { Button } from '../../ui/button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { pick, propose, readDraft, type Draft, type DraftReading } from './draft.ts';
import styles from './expose-dialog.module.css';
import { describeListening } from './listening.ts';
import { ListeningList } from './listening-list.tsx';

export type ChooseServiceProps = {
  readonly draft: Draft;
  readonly onDraft: (change: (draft: Draft) => Draft) => void;
  readonly services: readonly ServiceState[];
  readonly controlPlane: ControlPlaneState;
  /** The agent has taken the service on. */
  readonly onExposed: (name: string) => void;
};

/** What becomes of the address that was typed. */
function addressHint({ target, found }: DraftReading): string {
  if (target.kind !== 'target') return 'Where the service listens, for example 3000 or localhost:3000';
  const origin = `http://${formatTarget(target.target)}`;
  if (target.path !== '') return `All of ${origin} is exposed, not only ${target.path}`;
  const obstacle = found === null ? null : describeListening(found).obstacle;
  return obstacle ?? `Requests go to ${origin}`;
}

export function ChooseService({ draft, onDraft, services, controlPlane, onExposed }: ChooseServiceProps) {
  // Errors of what is still being typed wait until the field is left or the form is sent.
  const [checkAddress, setCheckAddress] = useState(false);
  const [checkName, setCheckName] = useState(false);
  const [discovery, setDiscovery] = useState<Discovery | null>(null);
  const { run: discover, running: looking, problem: unknown } = useAgentCall('service.discover');
  const { run: expose, running, problem, reset } = useAgentCall('service.expose');
  const addressInput = useRef<HTMLInputElement>(null);
  const nameInput = useRef<HTMLInputElement>(null);

  const look = useCallback(
    async (again: boolean): Promise<void> => {
      const found = await discover({ again });
      if (found === undefined) return;
      setDiscovery(found);
      onDraft((current) => propose(current, found.services));
    },
    [discover, onDraft],
  );
  useEffect(() => {
    // The dialog has just been opened: that is the person's question.
    // oxlint-disable-next-line react/set-state-in-effect
    void look(false);
  }, [look]);
  useEffect(() => {
    // Whoever is about to type an address replaces the proposed one.
    if (draft.proposed && document.activeElement === addressInput.current) addressInput.current?.select();
  }, [draft.proposed]);

  const reading = readDraft(draft, new Set(services.map((service) => service.name)), discovery?.services);
  const { target, found, name, nameError, request } = reading;
  const addressError = target.kind === 'invalid' ? target.reason : target.kind === 'empty' ? 'Enter a port.' : null;

  const edit = (change: (draft: Draft) => Draft): void => {
    onDraft(change);
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
    const answer = await expose(request);
    if (answer !== undefined) onExposed(request.name);
  };

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <TextField
        label="Port or address"
        placeholder="3000"
        hint={addressHint(reading)}
        value={draft.address}
        onChange={(address) => edit((current) => ({ ...current, address, proposed: false }))}
        onBlur={({ relatedTarget }) => {
          // A message that appears under the pointer would move the button that is being pressed away from it.
          if (!(relatedTarget instanceof HTMLButtonElement)) setCheckAddress(draft.address !== '');
        }}
        error={checkAddress || (target.kind === 'invalid' && target.final) ? addressError : null}
        inputRef={addressInput}
        maxLength={300}
      />
      <ListeningList
        discovery={discovery}
        looking={looking}
        problem={unknown}
        onLookAgain={() => void look(true)}
        picked={found}
        onPick={(service) => edit((current) => pick(current, service))}
      />
      <TextField
        label="Name"
        placeholder="my-app"
        hint="Becomes part of the web address"
        value={draft.name ?? name}
        onChange={(next) => {
          setCheckName(true);
          edit((current) => ({ ...current, name: next }));
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
  );
}
