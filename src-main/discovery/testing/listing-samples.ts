/**
 * What systems print when they are asked what listens: for tests of what reads it.
 *
 * `linux*` was recorded on Debian 12 (Linux 6.18, lsof 4.95), in a network namespace of its own, while one Node process
 * listened on 127.0.0.1:3000, [::1]:3000, 0.0.0.0:8080, [::]:8081, [::ffff:127.0.0.1]:8082, 127.0.0.53:53,
 * 192.0.2.7:9000 and [fd00::7]:9001, and had one connection to itself.
 *
 * `macos*` and `windows*` were NOT recorded on a machine of ours: there was none. They are written after the documented
 * formats (lsof(8); Microsoft's pages on netstat and tasklist) and what others have published of their machines.
 */

export const linuxTcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183118 1 00000000b4825c92 100 0 0 10 0                    
   1: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183116 1 000000002eab70ca 100 0 0 10 0                    
   2: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183121 1 00000000ac168bba 100 0 0 10 0                    
   3: 070200C0:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183122 1 00000000006252e1 100 0 0 10 0                    
   4: 0100007F:E79E 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000     0        0 183124 2 000000008705f713 20 0 0 10 -1                    
   5: 0100007F:0BB8 0100007F:E79E 01 00000000:00000000 00:00000000 00000000     0        0 183125 1 00000000a62fb736 20 0 0 10 -1                    
`;

export const linuxTcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 000000FD000000000000000007000000:2329 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183123 1 000000002a73af59 100 0 0 10 0
   1: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183119 1 00000000d3b8ab08 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183120 1 0000000076041050 100 0 0 10 0
   3: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 183117 1 00000000b5dfc1ef 100 0 0 10 0
`;

export const linuxLsof = String.raw`p12748
cnode
f19
tIPv4
n127.0.0.1:3000
f20
tIPv6
n[::1]:3000
f21
tIPv4
n*:8080
f22
tIPv6
n*:8081
f23
tIPv6
n127.0.0.1:8082
f24
tIPv4
n127.0.0.53:53
f25
tIPv4
n192.0.2.7:9000
f26
tIPv6
n[fd00::7]:9001
`;

/** Of a process that works in the folder `/tmp/discovery/mein projekt ä\\b`. */
export const linuxLsofDirectories = String.raw`p12748
n/tmp/discovery/mein projekt \xc3\xa4\\b
`;

/** As `lsof -nPw -iTCP -sTCP:LISTEN -F pcftn` of macOS has it. */
export const macosLsof = String.raw`p498
crapportd
f8
tIPv4
n*:49152
f9
tIPv6
n*:49152
p512
cControlCenter
f9
tIPv4
n*:7000
f10
tIPv6
n*:7000
f11
tIPv4
n*:5000
f12
tIPv6
n*:5000
p1188
cGoogle\x20Chrome\x20Helper
f31
tIPv4
n127.0.0.1:9222
p2301
ccom.docker.backend
f180
tIPv6
n*:5432
p40711
cnode
f24
tIPv6
n[::1]:5173
p40980
cPython
f6
tIPv4
n127.0.0.1:8888
f7
tIPv6
n[::1]:8888
p41002
cnode
f19
tIPv6
n[fe80:4::aede:48ff:fe00:1122]:3001
`;

/** As `lsof -a -w -d cwd -p … -F pn` of macOS has it; older versions print the field `f` unasked. */
export const macosLsofDirectories = String.raw`p512
fcwd
n/
p40711
fcwd
n/Users/mira/Code/web-shop
p40980
fcwd
n/Users/mira/Notizb\xc3\xbccher
`;

/** As `netstat -ano` of an English Windows has it. */
export const windowsNetstat = `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1012
  TCP    0.0.0.0:445            0.0.0.0:0              LISTENING       4
  TCP    0.0.0.0:8080           0.0.0.0:0              LISTENING       7224
  TCP    127.0.0.1:3306         0.0.0.0:0              LISTENING       5340
  TCP    127.0.0.1:49731        127.0.0.1:49732        ESTABLISHED     8890
  TCP    192.168.1.23:139       0.0.0.0:0              LISTENING       4
  TCP    192.168.1.23:52011     203.0.113.80:443       TIME_WAIT       0
  TCP    [::]:135               [::]:0                 LISTENING       1012
  TCP    [::]:8080              [::]:0                 LISTENING       7224
  TCP    [::1]:5173             [::]:0                 LISTENING       12876
  TCP    [fe80::1c2:3b4d:5e6f:7a8b%12]:2869  [::]:0                 LISTENING       4
  UDP    0.0.0.0:5353           *:*                                    2404
  UDP    [::1]:1900             *:*                                    6120
`.replaceAll('\n', '\r\n');

/** The same of a German Windows, shortened; its console's code page makes of Ö the byte 0x99. */
export const windowsNetstatGerman = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:8080           0.0.0.0:0              ABH\u0099REN         7224
  TCP    127.0.0.1:49731        127.0.0.1:49732        HERGESTELLT     8890
  TCP    [::1]:5173             [::]:0                 ABH\u0099REN         12876
  UDP    0.0.0.0:5353           *:*                                    2404
`.replaceAll('\n', '\r\n');

/** As `tasklist /FO CSV /NH` has it; memory is written as the country does. */
export const windowsTasklist = `"System Idle Process","0","Services","0","8 K"
"System","4","Services","0","3.356 K"
"svchost.exe","1012","Services","0","15.180 K"
"httpd.exe","7224","Console","1","21.044 K"
"mysqld.exe","5340","Services","0","18,9 K"
"node.exe","12876","Console","1","102,772 K"
"Kanban, die App.exe","8890","Console","1","88.120 K"
`.replaceAll('\n', '\r\n');
