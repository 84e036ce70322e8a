/**
 * The processes on this machine: the agent and its tunnel engine.
 */
import type { AgentState } from '#contract/agent-state.ts';

import { processStatus } from '../../state/summary.ts';
import { Card } from '../../ui/card.tsx';
import { Fact, Facts } from '../../ui/facts.tsx';
import { Status } from '../../ui/status.tsx';
import { Ago } from '../../ui/time.tsx';

export function Engine({ engine, agent }: Pick<AgentState, 'engine' | 'agent'>) {
  const status = processStatus(engine.phase);
  return (
    <Card title="Tunnel engine" aside={<Status tone={status.tone} word={status.word} />}>
      <Facts>
        <Fact name="Process">{engine.pid === null ? 'none' : `id ${engine.pid}`}</Fact>
        <Fact name="Restarts">{engine.restarts}</Fact>
        <Fact name="Agent">
          {agent.version}, {agent.runtime === 'electron' ? 'app' : 'headless'}, process id {agent.pid}
        </Fact>
        <Fact name="Profile">{agent.profile}</Fact>
        <Fact name="Started">
          <Ago at={agent.startedAt} />
        </Fact>
      </Facts>
    </Card>
  );
}
