import { describe, expect, it } from 'vitest';

import { parseProcNetTcp } from './proc-net-tcp.ts';

// Recorded on Linux 6 (Debian 12), shortened: two that listen, one in TIME_WAIT, one connected.
const recordedIpv4 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:ACA7 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 85407 1 000000009619fbeb 100 0 0 10 0                     
   1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 624 1 00000000550746d0 100 0 0 10 0                       
   5: 0100007F:EAFE 0100007F:9195 06 00000000:00000000 03:00000B40 00000000     0        0 0 3 00000000599b62e3                                      
  17: 0100007F:9979 0100007F:C732 01 00000000:00000000 00:00000000 00000000     0        0 85415 1 000000006212b5b0 20 0 0 10 -1                     
`;

describe('the socket table of Linux', () => {
  it('gives the sockets that listen', () => {
    expect(parseProcNetTcp(recordedIpv4)).toEqual([
      { address: '127.0.0.1', port: 44199, inode: '85407' },
      { address: '0.0.0.0', port: 2024, inode: '624' },
    ]);
  });
});
