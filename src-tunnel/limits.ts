/**
 * Every number that bounds the data plane, with its reason. Nothing else in this folder may invent one.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  /**
   * Unread bytes one HTTP/2 stream may hold at its reader. 51 MB/s on a path with a round trip of 40 ms; the memory
   * a stalled visitor can cost is this much, so not more.
   */
  streamWindowBytes: 4 * MiB,
  /** Unacknowledged bytes of all streams together: sixteen busy streams before they wait for each other. */
  connectionWindowBytes: 64 * MiB,
  /** Larger frames than the default of 16 KiB: a quarter of the frame headers and callbacks for bulk transfers. */
  frameBytes: 64 * KiB,
  /** Requests at once through one connection, the registration stream not counted; surplus visitors get 503. */
  streamsPerSession: 2000,
  /** Header fields of one message: cookies of 32 KiB and a long CSP pass, a flood does not. */
  headerBytes: 128 * KiB,
  /** Header lines of one message. The default of 128 breaks sites that set many cookies. */
  headerFields: 512,
  /** What `node:http2` may hold for one session beside the readers' buffers; 2000 busy streams with 64 KiB queued each. */
  sessionMemoryMegabytes: 256,
  /** TLS connections an edge keeps before they are admitted; a flood of strangers must not take all descriptors. */
  unadmittedConnections: 256,
  /** Admitted sessions of one edge process; each costs about 100 KiB idle. */
  sessions: 10_000,

  /** From TCP connect to the end of the TLS handshake; three SYN retransmissions. */
  connectMs: 10_000,
  /** From the end of the TLS handshake to the verdict; includes the edge asking its control plane. */
  registrationMs: 10_000,
  /** How long a refused peer gets to read the verdict. */
  farewellMs: 1_000,
  /** Opening a connection from the agent to a backend: its name, TCP and TLS together. */
  dialMs: 10_000,
  /** Head start of one address of a backend before the next one is tried as well (RFC 8305 §8). */
  dialStaggerMs: 250,
  /** Idle time after which a pooled backend connection is closed: below the 5 s of most development servers. */
  pooledIdleMs: 4_000,
  /** Idle backend connections kept for each host and port; a page load opens about six at once for each visitor. */
  pooledIdleSockets: 64,
  /** Attempts of one request after stale pooled connections: each failed attempt removes one, three in a row is a crash. */
  staleRetries: 2,

  /** HTTP/2 PING period: below the 30 s after which some NATs forget a silent connection. */
  pingMs: 10_000,
  /** Periods without a PING answer or any other byte after which a connection is dead. */
  missedPings: 2,
  /** First and largest delay before a lost connection is dialled again, with full jitter. */
  reconnectFirstMs: 1_000,
  reconnectCapMs: 30_000,
  /** First and largest delay after a refusal: only the owner of the control plane can change the verdict. */
  refusedFirstMs: 5_000,
  refusedCapMs: 60_000,
  /** A connection that lasted this long counts as good, and the next loss starts from the first delay again. */
  stableMs: 10_000,
  /** What requests on a connection that its edge drains get to finish; the edge's own grace time is usually shorter. */
  retiredGraceMs: 600_000,
  /** What a removed edge's requests get to finish. */
  removedEdgeGraceMs: 30_000,
  /** Shortest time between two traffic reports. */
  trafficMs: 1_000,
} as const;

/** What a QUIC connection may hold and how long it may be silent. */
export const quicTransport = {
  streamWindowBytes: limits.streamWindowBytes,
  /**
   * QUIC counts the unread bytes of stalled streams against the connection: 64 stalled visitors before they stop the
   * others. Memory is spent only on what really is unread.
   */
  connectionWindowBytes: 256 * MiB,
  /** What waits for its acknowledgement: 200 MB/s at a round trip of 40 ms. */
  sendWindowBytes: 8 * MiB,
  bidirectionalStreams: limits.streamsPerSession + 1,
  /** HTTP/3 needs three (RFC 9114 §6.2); the rest is for its extensions. */
  unidirectionalStreams: 16,
  idleTimeoutMs: limits.pingMs * (limits.missedPings + 1),
  keepAliveMs: limits.pingMs,
  datagramReceiveBytes: 1 * MiB,
  datagramSendBytes: 1 * MiB,
  congestionControl: 'bbr',
  segmentationOffload: true,
} as const;
