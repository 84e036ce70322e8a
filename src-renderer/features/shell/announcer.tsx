/**
 * Says what happened to services, for people who do not see their rows change.
 */
import { useEffect, useRef, useState } from 'react';

import type { ServiceState } from '#contract/agent-state.ts';

import { useAgentView } from '../../state/agent-context.ts';
import { describeChanges } from '../../state/projection.ts';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';

export function Announcer() {
  const services = useAgentView((view) => view.state?.services);
  const before = useRef<readonly ServiceState[]>(undefined);
  const [text, setText] = useState('');
  useEffect(() => {
    if (services === undefined) return;
    const changes = before.current === undefined ? '' : describeChanges(before.current, services);
    before.current = services;
    if (changes !== '') setText(changes);
  }, [services]);
  return (
    <VisuallyHidden>
      <span role="log" aria-label="Changes">
        {text}
      </span>
    </VisuallyHidden>
  );
}
