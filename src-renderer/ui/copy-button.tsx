/**
 * Copies a text with one click and says so.
 */
import { useEffect, useState } from 'react';
import { Check, Copy } from 'lucide-react';

import { IconButton } from './icon-button.tsx';
import { useToast } from './toasts.tsx';

const confirmMs = 1500;

/** Copies `text`; `what` names it in the control's label: “Copy address of demo”. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const toast = useToast();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), confirmMs);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      toast('Copied', text);
    } catch {
      toast('Could not copy', 'The system refused access to the clipboard; select the text instead.');
    }
  };

  return (
    <IconButton
      label={`Copy ${what}`}
      icon={copied ? <Check size={15} aria-hidden="true" /> : <Copy size={15} aria-hidden="true" />}
      onClick={() => void copy()}
    />
  );
}
