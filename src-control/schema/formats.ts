/**
 * The formats of strings and numbers that schemas may ask for, judged as Kubernetes judges them.
 */
import type { Ajv } from 'ajv';
import { isIPv4, isIPv6 } from 'node:net';

const int64Limit = 2 ** 63;

/** A schema with any other format is refused when it is compiled. */
export function addFormats(ajv: Ajv): void {
  ajv.addFormat('int32', { type: 'number', validate: (value: number) => Math.abs(value) <= 2 ** 31 });
  ajv.addFormat('int64', { type: 'number', validate: (value: number) => Math.abs(value) <= int64Limit });
  for (const name of ['float', 'double']) ajv.addFormat(name, { type: 'number', validate: Number.isFinite });
  ajv.addFormat('date-time', isDateTime);
  ajv.addFormat('byte', /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
  ajv.addFormat('cidr', isCidr);
}

/** RFC 3339 §5.6. */
function isDateTime(value: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** RFC 4632 §3.1, RFC 4291 §2.3. */
function isCidr(value: string): boolean {
  const [, address = '', length = ''] = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(value) ?? [];
  return (isIPv4(address) && Number(length) <= 32) || (isIPv6(address) && Number(length) <= 128);
}
