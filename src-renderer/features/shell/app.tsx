/**
 * The frame around every page: brand, navigation, the state of the connection, and what the agent last said.
 */
import { useEffect, useState } from 'react';

import type { AgentState } from '#contract/agent-state.ts';

import { useAgentView } from '../../state/agent-context.ts';
import { connectionStatus, headline, needsSetup } from '../../state/summary.ts';
import { Status } from '../../ui/status.tsx';
import { useKeptFocus } from '../../ui/use-kept-focus.ts';
import { ConnectorPage } from '../connector/connector-page.tsx';
import { HomePage } from '../home/home-page.tsx';
import { SetupPage } from '../setup/setup-page.tsx';
import { Announcer } from './announcer.tsx';
import styles from './app.module.css';
import { LinkBanner } from './link-banner.tsx';
import { Mark } from './mark.tsx';
import { Opening } from './opening.tsx';
import { pageHref, pages, usePage, type Page } from './use-page.ts';

const pageNames: Readonly<Record<Page, string>> = { home: 'Home', connector: 'Connector' };

export function App() {
  const state = useAgentView((view) => view.state);
  const link = useAgentView((view) => view.link);
  const [changing, setChanging] = useState(false);
  const setup = state !== null && (changing || needsSetup(state));
  const status = connectionStatus(link, state);

  useKeptFocus(setup ? 'setup' : 'pages');

  const sentence = state === null || setup ? '' : headline(link, state).title;
  useEffect(() => {
    document.title = sentence === '' ? 'Sallyport' : `${sentence} – Sallyport`;
  }, [sentence]);

  return (
    <>
      <header className={styles.header}>
        <div className={styles.bar}>
          <span className={styles.brand}>
            <Mark size={18} />
            Sallyport
          </span>
          {state !== null && !setup && <Navigation />}
          <output className={styles.chip} aria-label="Connection">
            <Status tone={status.tone} word={status.word} />
          </output>
        </div>
      </header>
      {link.phase === 'lost' && <LinkBanner status={link} />}
      <main className={styles.main} tabIndex={-1}>
        {state === null ? (
          <Opening link={link} />
        ) : (
          <Content
            state={state}
            setup={setup}
            onChange={() => setChanging(true)}
            onDone={() => setChanging(false)}
            changing={changing}
          />
        )}
      </main>
      <Announcer />
    </>
  );
}

function Navigation() {
  const page = usePage();
  return (
    <nav aria-label="Pages" className={styles.nav}>
      {pages.map((target) => (
        <a key={target} href={pageHref(target)} aria-current={page === target ? 'page' : undefined}>
          {pageNames[target]}
        </a>
      ))}
    </nav>
  );
}

type ContentProps = {
  readonly state: AgentState;
  readonly setup: boolean;
  readonly changing: boolean;
  readonly onChange: () => void;
  readonly onDone: () => void;
};

function Content({ state, setup, changing, onChange, onDone }: ContentProps) {
  const page = usePage();
  if (setup) return <SetupPage state={state} changing={changing} onDone={onDone} />;
  if (page === 'connector') return <ConnectorPage state={state} onChangeControlPlane={onChange} />;
  return <HomePage state={state} />;
}
