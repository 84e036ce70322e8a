/**
 * The tables of the network benchmark, which say themselves which figures are the emulator's.
 */
import { quantile } from '../load.ts';
import type { Ceiling, Conditions, Measured } from './path.ts';
import type { Transport } from './transports.ts';

/** `columns` has the measurements of each transport, none where the path could not carry it. */
export type Row = { readonly conditions: Conditions; readonly columns: readonly (readonly Measured[])[] };

/** From this share of the ceiling on, a figure says more about the emulator and the cores than about the transport. */
const nearCeiling = 0.5;

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** One table for one bandwidth limit, in Markdown, with the ceiling above it. */
export function table(
  limit: number,
  transports: readonly Transport[],
  rows: readonly Row[],
  ceilings: readonly Ceiling[],
): readonly string[] {
  const ceiling = median(ceilings.map(({ megabytesPerSecond }) => megabytesPerSecond));
  const described = ceilings.find(({ megabytesPerSecond }) => megabytesPerSecond === ceiling)?.description;
  const rate = (measured: readonly Measured[]): string => {
    if (measured.length === 0) return '–';
    const value = median(measured.map(({ megabytesPerSecond }) => megabytesPerSecond));
    return `${value.toPrecision(value < 1 ? 2 : 3)}${value >= ceiling * nearCeiling ? ' \\*' : ''}`;
  };
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const titles = ['RTT ms', 'loss %', ...transports.map(({ name }) => name), 'own loss %', 'late ms'];
  return [
    `${limit === 0 ? 'Without a bandwidth limit' : `${limit} Mbit/s`}; ceiling of the emulator in this run: ${described}.`,
    '',
    line(titles),
    line(titles.map(() => '---')),
    ...rows.map(({ conditions, columns }) => {
      const worst = (of: (measured: Measured) => number): number =>
        Math.max(0, ...columns.filter(({ length }) => length > 0).map((measured) => median(measured.map(of))));
      return line([
        String(conditions.rttMs),
        String(conditions.lossPercent),
        ...columns.map(rate),
        (worst(({ ownLoss }) => ownLoss) * 100).toFixed(3),
        worst(({ lateMs }) => lateMs).toFixed(2),
      ]);
    }),
    '',
    `\\* at least ${nearCeiling * 100} % of the ceiling: the emulator's figure. Own loss: packets that the emulator lost`,
    'without being told to. Late: 99 of 100 packets were delivered at most so much later than due.',
  ];
}
