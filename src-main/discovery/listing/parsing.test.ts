import { describe, expect, it } from 'vitest';

import * as samples from '../testing/listing-samples.ts';
import { listeningAt, parseLsofFields } from './lsof-fields.ts';
import { parseNetstat, parseTasklist } from './netstat-windows.ts';
import { parseProcNetTcp } from './proc-net-tcp.ts';

const places = (found: readonly { readonly address: string; readonly port: number }[]): readonly string[] =>
  found.map(({ address, port }) => `${address} ${port}`);

const lsofPlaces = (text: string): readonly string[] =>
  parseLsofFields(text).flatMap((file) => places([listeningAt(file)].filter((at) => at !== null)));

/** Nothing that is no listing may be taken for one, or throw. */
const nonsense = ['', '\n\n', 'command not found: lsof', '{"a":1}', '\0\0\0', 'TCP', 'p\nn*:80', 'n:::', '0: : : 0A'];

describe('the socket table of Linux', () => {
  it('gives the sockets that listen, with their addresses in the usual spelling', () => {
    expect(places(parseProcNetTcp(samples.linuxTcp))).toEqual([
      '0.0.0.0 8080',
      '127.0.0.1 3000',
      '127.0.0.53 53',
      '192.0.2.7 9000',
    ]);
    expect(places(parseProcNetTcp(samples.linuxTcp6))).toEqual([
      'fd00::7 9001',
      ':: 8081',
      '127.0.0.1 8082',
      '::1 3000',
    ]);
  });

  it('gives each its inode', () => {
    expect(parseProcNetTcp(samples.linuxTcp)[1]).toEqual({ address: '127.0.0.1', port: 3000, inode: '183116' });
  });

  it.each(nonsense)('finds nothing in %j', (text) => {
    expect(parseProcNetTcp(text)).toEqual([]);
  });
});

describe('what lsof prints', () => {
  it('gives the sockets that listen', () => {
    expect(lsofPlaces(samples.linuxLsof)).toEqual([
      '127.0.0.1 3000',
      '::1 3000',
      '0.0.0.0 8080',
      ':: 8081',
      '127.0.0.1 8082',
      '127.0.0.53 53',
      '192.0.2.7 9000',
      'fd00::7 9001',
    ]);
    expect(lsofPlaces(samples.macosLsof)).toEqual([
      '0.0.0.0 49152',
      ':: 49152',
      '0.0.0.0 7000',
      ':: 7000',
      '0.0.0.0 5000',
      ':: 5000',
      '127.0.0.1 9222',
      ':: 5432',
      '::1 5173',
      '127.0.0.1 8888',
      '::1 8888',
      'fe80:4::aede:48ff:fe00:1122 3001',
    ]);
  });

  it('gives each its process, with names as they are', () => {
    const named = parseLsofFields(samples.macosLsof).map(({ pid, command }) => `${pid} ${command}`);
    expect(new Set(named)).toEqual(
      new Set([
        '498 rapportd',
        '512 ControlCenter',
        '1188 Google Chrome Helper',
        '2301 com.docker.backend',
        '40711 node',
        '40980 Python',
        '41002 node',
      ]),
    );
  });

  it('gives the folders that processes work in, with other letters than English ones', () => {
    const folders = (text: string): unknown => parseLsofFields(text).map(({ pid, name }) => [pid, name]);
    expect(folders(samples.linuxLsofDirectories)).toEqual([[12748, String.raw`/tmp/discovery/mein projekt ä\b`]]);
    expect(folders(samples.macosLsofDirectories)).toEqual([
      [512, '/'],
      [40711, '/Users/mira/Code/web-shop'],
      [40980, '/Users/mira/Notizbücher'],
    ]);
  });

  it.each(nonsense)('finds nothing in %j', (text) => {
    expect(lsofPlaces(text)).toEqual([]);
  });
});

describe('what netstat and tasklist of Windows print', () => {
  it('gives the sockets that listen, with their processes', () => {
    expect(parseNetstat(samples.windowsNetstat)).toEqual([
      { address: '0.0.0.0', port: 135, pid: 1012 },
      { address: '0.0.0.0', port: 445, pid: 4 },
      { address: '0.0.0.0', port: 8080, pid: 7224 },
      { address: '127.0.0.1', port: 3306, pid: 5340 },
      { address: '192.168.1.23', port: 139, pid: 4 },
      { address: '::', port: 135, pid: 1012 },
      { address: '::', port: 8080, pid: 7224 },
      { address: '::1', port: 5173, pid: 12876 },
      { address: 'fe80::1c2:3b4d:5e6f:7a8b', port: 2869, pid: 4 },
    ]);
  });

  it('needs no English', () => {
    expect(parseNetstat(samples.windowsNetstatGerman)).toEqual([
      { address: '0.0.0.0', port: 8080, pid: 7224 },
      { address: '::1', port: 5173, pid: 12876 },
    ]);
  });

  it('gives the names of programs', () => {
    const programs = parseTasklist(samples.windowsTasklist);
    expect(programs.get(12876)).toBe('node');
    expect(programs.get(4)).toBe('System');
    expect(programs.get(8890)).toBe('Kanban, die App');
  });

  it.each(nonsense)('finds nothing in %j', (text) => {
    expect(parseNetstat(text)).toEqual([]);
    expect(parseTasklist(text)).toEqual(new Map());
  });
});
