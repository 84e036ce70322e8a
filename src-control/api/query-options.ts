/**
 * Checks the options that queries carry, and refuses those that mean nothing with the name of the option and its values.
 */
import { invalid, type StatusCause } from '../status-error.ts';

/** The options of a request, as Kubernetes calls the object that they stand for. */
type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions';

function refuse(kind: OptionsKind, cause: StatusCause): never {
  throw invalid({ group: 'meta.k8s.io', plural: '', kind }, '', [cause]);
}

/** Throws 422 unless `value` is empty or one of `supported`. */
export function checkOption(kind: OptionsKind, field: string, value: string, supported: readonly string[]): void {
  if (value === '' || supported.includes(value)) return;
  const values = supported.map((each) => JSON.stringify(each)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
  refuse(kind, { reason: 'FieldValueNotSupported', field, message });
}

/** Checks `fieldValidation` and `dryRun` of a write. Throws 422. */
export function checkWriteOptions(kind: OptionsKind, query: URLSearchParams): void {
  if (kind !== 'DeleteOptions') {
    checkOption(kind, 'fieldValidation', query.get('fieldValidation') ?? '', ['Ignore', 'Warn', 'Strict']);
  }
  for (const value of query.getAll('dryRun')) checkOption(kind, 'dryRun', value, ['All']);
}

function forbid(field: string, why: string): never {
  refuse('ListOptions', { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` });
}

/** Checks how a watch says where it begins. Throws 422. */
export function checkWatchOptions(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const isInitial = query.has('sendInitialEvents');
  if (isInitial && match !== 'NotOlderThan') {
    forbid('resourceVersionMatch', 'sendInitialEvents needs the resourceVersionMatch NotOlderThan');
  }
  if (!isInitial && match !== '') forbid('resourceVersionMatch', 'a watch takes it with sendInitialEvents only');
}

/** Checks how a list names the version it wants. Throws 422. */
export function checkListOptions(query: URLSearchParams): void {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  if (query.has('sendInitialEvents')) forbid('sendInitialEvents', 'only a watch sends initial events');
  checkOption('ListOptions', 'resourceVersionMatch', match, ['Exact', 'NotOlderThan']);
  if (match !== '' && version === '') forbid('resourceVersionMatch', 'it needs a resourceVersion');
  if (match === 'Exact' && version === '0') forbid('resourceVersionMatch', 'no version is exactly 0');
}
