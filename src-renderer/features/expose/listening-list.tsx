/**
 * What listens on this machine, to pick from. Typing an address selects its row, picking a row fills in the address.
 */
import { useId, useState } from 'react';
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { RefreshCw } from 'lucide-react';

import type { DiscoveredService, Discovery } from '#contract/discovery.ts';
import type { Problem } from '#contract/errors/agent-error.ts';

import { plural } from '../../text/format.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import radio from '../../ui/radio.module.css';
import { describeListening, possibleFirst } from './listening.ts';
import styles from './listening-list.module.css';

export type ListeningListProps = {
  /** Null before the first look has ended. */
  readonly discovery: Discovery | null;
  readonly looking: boolean;
  readonly problem: Problem | null;
  readonly onLookAgain: () => void;
  /** What the address stands for; its row is selected. */
  readonly picked: DiscoveredService | null;
  readonly onPick: (service: DiscoveredService) => void;
};

const keyOf = ({ address, port }: DiscoveredService): string => `${address} ${port}`;

export function ListeningList({ discovery, looking, problem, onLookAgain, picked, onPick }: ListeningListProps) {
  const headingId = useId();
  const [withBackground, setWithBackground] = useState(false);
  const services = possibleFirst(discovery?.services ?? []);
  const background = services.filter(({ group }) => group === 'background');
  const shown = withBackground ? services : services.filter((service) => !background.includes(service));

  return (
    <div className={styles.block}>
      <div className={styles.header}>
        <h3 id={headingId}>Listening on this machine</h3>
        <output className={styles.state}>
          {looking ? 'Looking…' : discovery === null ? '' : `${shown.length} found`}
        </output>
        <IconButton
          label="Look again"
          icon={<RefreshCw size={14} aria-hidden="true" className={classNames(looking && styles.turning)} />}
          onClick={onLookAgain}
        />
      </div>
      {problem === null ? (
        shown.length > 0 && (
          <RadioGroup<string | null>
            aria-labelledby={headingId}
            className={styles.list}
            value={picked === null ? null : keyOf(picked)}
            onValueChange={(key) => {
              const service = services.find((each) => keyOf(each) === key);
              if (service !== undefined) onPick(service);
            }}
          >
            {shown.map((service) => (
              <Row key={keyOf(service)} service={service} />
            ))}
          </RadioGroup>
        )
      ) : (
        <p className={styles.nothing}>This could not be found out: {problem.detail} Name an address instead.</p>
      )}
      {problem === null && discovery !== null && shown.length === 0 && (
        <p className={styles.nothing}>Nothing to expose listens right now. Start your service, then look again.</p>
      )}
      {background.length > 0 && (
        <Button tone="quiet" className={styles.more} onClick={() => setWithBackground(!withBackground)}>
          {withBackground ? 'Hide' : 'Show'} {plural(background.length, 'background service')}
        </Button>
      )}
    </div>
  );
}

function Row({ service }: { readonly service: DiscoveredService }) {
  const { title, details, obstacle } = describeListening(service);
  return (
    <label className={styles.row} data-unavailable={obstacle === null ? undefined : ''}>
      <Radio.Root value={keyOf(service)} className={radio.radio} disabled={obstacle !== null}>
        <Radio.Indicator className={radio.indicator} />
      </Radio.Root>
      <span className={styles.title}>{title}</span>
      <span className={styles.port}>{service.port}</span>
      <span className={styles.details}>{obstacle ?? details.join(' · ')}</span>
    </label>
  );
}
