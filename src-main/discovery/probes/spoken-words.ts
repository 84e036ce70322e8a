/**
 * Recognises a protocol by the first bytes that a server says: unasked, or in answer to a question it does not understand.
 */
import { identityOf, shownText, type Identity } from './identity.ts';

/** RFC 9113 §4.1: a frame's head has nine bytes; §6.5: SETTINGS is type 4, on stream 0, six bytes a setting. */
function isHttp2Settings(bytes: Buffer): boolean {
  if (bytes.length < 9) return false;
  return bytes[3] === 4 && bytes.readUInt32BE(5) === 0 && bytes.readUIntBE(0, 3) % 6 === 0;
}

/**
 * MySQL and MariaDB, Protocol::HandshakeV10: three bytes of length, sequence 0, version 10, the server's version up to
 * a zero byte. A refusal has 0xFF in place of the 10.
 */
function mysqlIdentity(bytes: Buffer): Identity | null {
  if (bytes.length < 7 || bytes[3] !== 0 || bytes.readUIntLE(0, 3) > 1024) return null;
  if (bytes[4] === 0xff) return identityOf('mysql');
  if (bytes[4] !== 10) return null;
  const end = bytes.indexOf(0, 5);
  if (end < 0) return null;
  // MariaDB puts 5.5.5- in front, for replicas that know no version 10.
  const version = bytes.toString('latin1', 5, end).replace(/^5\.5\.5-/, '');
  if (!/^\d+\./.test(version)) return null;
  const plain = version.replace(/[-+].*$/, '');
  return identityOf('mysql', { product: shownText(`${version.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${plain}`) });
}

const lines: readonly (readonly [RegExp, (rest: string) => Identity])[] = [
  // RFC 4253 §4.2
  [/^SSH-[\d.]+-(.*)/, (software) => identityOf('ssh', { product: shownText(software.replaceAll('_', ' ')) })],
  // RFC 5321 §4.2 and RFC 959 §5.4 share the code 220; the words tell them apart.
  [/^220[ -](.*(?:SMTP|mail).*)/i, (words) => identityOf('smtp', { product: shownText(words) })],
  [/^220[ -](.*FTP.*)/i, (words) => identityOf('ftp', { product: shownText(words) })],
  // RFC 9051 §7.1.1, RFC 1939 §4
  [/^\* (?:OK|PREAUTH)\b.*?(IMAP.*)/i, () => identityOf('imap')],
  [/^\+OK\b(.*)/, () => identityOf('pop3')],
  // RFC 6143 §7.1.1
  [/^RFB \d{3}\.\d{3}()/, () => identityOf('vnc')],
  // Errors of RESP, the protocol of Redis and of what is compatible with it.
  [/^-(?:ERR|NOAUTH|DENIED)\b(.*)/, () => identityOf('redis')],
  // AMQP 0-9-1 §4.2.2: the answer to a head that is none.
  [/^AMQP(.*)/, () => identityOf('amqp')],
];

/** What speaks like this; null if the words are of no protocol known here. */
export function recognise(bytes: Buffer): Identity | null {
  if (isHttp2Settings(bytes)) return identityOf('http2');
  const database = mysqlIdentity(bytes);
  if (database !== null) return database;
  const [line = ''] = bytes.toString('latin1').split(/\r?\n/, 1);
  for (const [pattern, identify] of lines) {
    const words = pattern.exec(line);
    if (words !== null) return identify(words[1] ?? '');
  }
  return null;
}

/** RFC 8446 §5.1, §6: a TLS record of type alert. What speaks TLS says this to whoever does not. */
export function isTlsAlert(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[0] === 21 && bytes[1] === 3;
}
