/**
 * Composition root of the window.
 */
import './styles/index.css';

import { StrictMode } from 'react';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { createRoot } from 'react-dom/client';

import { openAgentLink } from './agent-client/open-agent-link.ts';
import { App } from './features/shell/app.tsx';
import { AgentProvider } from './state/agent-context.ts';
import { connectStore } from './state/store.ts';
import { ToastProvider } from './ui/toasts.tsx';

const link = openAgentLink(window);
const { store } = connectStore(link);
const element = document.querySelector('#root');
if (element === null) throw new Error('#root is missing');

createRoot(element).render(
  <StrictMode>
    {/* SECURITY: the policy of the page forbids inline style elements; none may be rendered. */}
    <CSPProvider disableStyleElements>
      <AgentProvider value={{ link, store }}>
        <ToastProvider>
          <App />
        </ToastProvider>
      </AgentProvider>
    </CSPProvider>
  </StrictMode>,
);
