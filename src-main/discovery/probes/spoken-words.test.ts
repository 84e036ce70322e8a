import { describe, expect, it } from 'vitest';

import { isTlsAlert, recognise } from './spoken-words.ts';

/** Latin-1 text as bytes. */
const words = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('what servers say first', () => {
  // Recorded of OpenSSH 9.2 and Redis 7.0 on Debian 12 and of Node's HTTP/2; the others are written after the named RFC
  // or manual.
  it.each([
    ['SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n', 'ssh', 'OpenSSH 9.2p1 Debian-2+deb12u10'],
    ['SSH-2.0-dropbear_2022.83\r\n\0\0\u0001\u0004', 'ssh', 'dropbear 2022.83'],
    ['220 mail.example.com ESMTP Postfix (Debian)\r\n', 'smtp', 'mail.example.com ESMTP Postfix (Debian)'],
    ['220-mailpit ESMTP Service Ready\r\n220 hello\r\n', 'smtp', 'mailpit ESMTP Service Ready'],
    ['220 (vsFTPd 3.0.3)\r\n', 'ftp', '(vsFTPd 3.0.3)'],
    ['* OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS] Dovecot ready.\r\n', 'imap', null],
    ['+OK Dovecot ready.\r\n', 'pop3', null],
    ['RFB 003.008\n', 'vnc', null],
    ['AMQP\0\0\u0009\u0001', 'amqp', null],
    ["-ERR wrong number of arguments for 'get' command\r\n", 'redis', null],
    ['J\0\0\0\n8.0.36\0\u0008\0\0\0abcdefgh\0', 'mysql', 'MySQL 8.0.36'],
    ['Y\0\0\0\n5.5.5-10.11.6-MariaDB-0+deb12u1\0\u0008\0\0\0abcdefgh\0', 'mysql', 'MariaDB 10.11.6'],
    ["F\0\0\0ÿj\u0004Host '172.17.0.1' is not allowed to connect to this MySQL server", 'mysql', null],
    ['\0\0\u0006\u0004\0\0\0\0\0\0\u0005\0\0@\0', 'http2', null],
    ['\0\0\0\u0004\0\0\0\0\0', 'http2', null],
  ])('%j is %s', (greeting, kind, product) => {
    expect(recognise(words(greeting))).toMatchObject({ kind, product, certain: true });
  });

  it.each(['', 'S', 'SSH', 'hello\r\n', '+OKAY', '220', '\0\0\0\0\0\0\0\0\0', 'J\0\0\0\n', '220 whatever\r\n'])(
    '%j is nothing known',
    (greeting) => {
      expect(recognise(words(greeting))).toBeNull();
    },
  );

  it('shows nothing that could move a cursor or reverse a line', () => {
    expect(recognise(words('SSH-2.0-a\u001b[2Jb\u0007\r\n'))?.product).toBe('a [2Jb');
    expect(recognise(words(`SSH-2.0-${'x'.repeat(2000)}`))?.product).toHaveLength(120);
  });

  it('tells TLS by the alert it gives to what is not', () => {
    expect(isTlsAlert(words('\u0015\u0003\u0001\0\u0002\u0002F'))).toBe(true);
    expect(isTlsAlert(words('HTTP/1.1 400'))).toBe(false);
    expect(isTlsAlert(words(''))).toBe(false);
  });
});
