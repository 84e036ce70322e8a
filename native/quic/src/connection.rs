//! One connection: its streams, its datagrams, its end.

use std::sync::Arc;

use bytes::Bytes;
use napi::bindgen_prelude::BufferSlice;
use napi::{Error, Result};
use napi_derive::napi;
use quinn::{Connection, ConnectionError, RecvStream, SendStream};

use crate::failure::{ConnectionEnd, code};
use crate::stream::NativeStream;
use crate::wake::{Repeated, Wakeups};

type Outcome<T> = std::result::Result<T, ConnectionError>;
type Both = Outcome<(SendStream, RecvStream)>;

/// Which wake-ups belong to which question.
#[napi(object)]
pub struct ConnectionHandles {
    pub accept_bidirectional: u32,
    pub accept_unidirectional: u32,
    pub open_bidirectional: u32,
    pub open_unidirectional: u32,
    pub datagram: u32,
    pub end: u32,
}

/// Times in milliseconds.
#[napi(object)]
pub struct ConnectionFigures {
    pub rtt_ms: f64,
    pub sent_packets: f64,
    pub lost_packets: f64,
    pub sent_bytes: f64,
    pub received_bytes: f64,
    pub congestion_window_bytes: f64,
    pub path_mtu_bytes: u32,
}

#[napi]
pub struct NativeConnection {
    /// None once released: a connection that is kept keeps its socket.
    live: Option<Live>,
}

struct Live {
    connection: Connection,
    wakeups: Arc<Wakeups>,
    accept_bidirectional: Repeated<Both>,
    accept_unidirectional: Repeated<Outcome<RecvStream>>,
    open_bidirectional: Repeated<Both>,
    open_unidirectional: Repeated<Outcome<SendStream>>,
    datagram: Repeated<Outcome<Bytes>>,
    end: Repeated<ConnectionError>,
}

/// `repeated!(wakeups, connection, method)`: asks `connection.method()` again and again.
macro_rules! repeated {
    ($wakeups:expr, $connection:expr, $method:ident) => {{
        let connection = $connection.clone();
        Repeated::new($wakeups, move || {
            let connection = connection.clone();
            async move { connection.$method().await }
        })
    }};
}

impl NativeConnection {
    pub fn new(connection: Connection, wakeups: &Arc<Wakeups>) -> Self {
        Self {
            live: Some(Live {
                accept_bidirectional: repeated!(wakeups, connection, accept_bi),
                accept_unidirectional: repeated!(wakeups, connection, accept_uni),
                open_bidirectional: repeated!(wakeups, connection, open_bi),
                open_unidirectional: repeated!(wakeups, connection, open_uni),
                datagram: repeated!(wakeups, connection, read_datagram),
                end: repeated!(wakeups, connection, closed),
                wakeups: Arc::clone(wakeups),
                connection,
            }),
        }
    }

    fn live(&self) -> Result<&Live> {
        self.live
            .as_ref()
            .ok_or_else(|| Error::from_reason("the connection was released"))
    }
}

/// What answers null has nothing yet, or never again: `end` tells.
#[napi]
impl NativeConnection {
    #[napi(getter)]
    pub fn handles(&self) -> Result<ConnectionHandles> {
        let live = self.live()?;
        Ok(ConnectionHandles {
            accept_bidirectional: live.accept_bidirectional.handle(),
            accept_unidirectional: live.accept_unidirectional.handle(),
            open_bidirectional: live.open_bidirectional.handle(),
            open_unidirectional: live.open_unidirectional.handle(),
            datagram: live.datagram.handle(),
            end: live.end.handle(),
        })
    }

    #[napi]
    pub fn accept_bidirectional(&mut self) -> Option<NativeStream> {
        let live = self.live.as_mut()?;
        let (send, receive) = live.accept_bidirectional.poll()?.ok()?;
        Some(NativeStream::new(&live.wakeups, Some(send), Some(receive)))
    }

    #[napi]
    pub fn accept_unidirectional(&mut self) -> Option<NativeStream> {
        let live = self.live.as_mut()?;
        let receive = live.accept_unidirectional.poll()?.ok()?;
        Some(NativeStream::new(&live.wakeups, None, Some(receive)))
    }

    #[napi]
    pub fn open_bidirectional(&mut self) -> Option<NativeStream> {
        let live = self.live.as_mut()?;
        let (send, receive) = live.open_bidirectional.poll()?.ok()?;
        Some(NativeStream::new(&live.wakeups, Some(send), Some(receive)))
    }

    #[napi]
    pub fn open_unidirectional(&mut self) -> Option<NativeStream> {
        let live = self.live.as_mut()?;
        let send = live.open_unidirectional.poll()?.ok()?;
        Some(NativeStream::new(&live.wakeups, Some(send), None))
    }

    /// Sends now or, when the buffer is full, in place of the oldest that waits (RFC 9221 §5.4). False if it can never be
    /// sent: too large, not wanted by the peer, or the connection has ended.
    #[napi]
    pub fn send_datagram(&self, bytes: BufferSlice<'_>) -> bool {
        self.live.as_ref().is_some_and(|live| {
            let datagram = Bytes::copy_from_slice(&bytes);
            live.connection.send_datagram(datagram).is_ok()
        })
    }

    /// Copies the next datagram to the start of `target`, cut off where that ends: its length, or -1.
    #[napi]
    pub fn read_datagram(&mut self, mut target: BufferSlice<'_>) -> i32 {
        let Some(Ok(datagram)) = self.live.as_mut().and_then(|live| live.datagram.poll()) else {
            return -1;
        };
        let length = datagram.len().min(target.len());
        target[..length].copy_from_slice(&datagram[..length]);
        i32::try_from(length).unwrap_or(i32::MAX)
    }

    /// Largest datagram that fits the path at present; 0 if the peer takes none.
    #[napi(getter)]
    pub fn max_datagram_bytes(&self) -> Result<u32> {
        let size = self.live()?.connection.max_datagram_size().unwrap_or(0);
        Ok(u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// Of the peer, at present: it changes when the peer moves.
    #[napi(getter)]
    pub fn remote_address(&self) -> Result<String> {
        let remote = self.live()?.connection.remote_address();
        Ok(remote.ip().to_canonical().to_string())
    }

    #[napi(getter)]
    pub fn remote_port(&self) -> Result<u16> {
        Ok(self.live()?.connection.remote_address().port())
    }

    #[napi(getter)]
    pub fn figures(&self) -> Result<ConnectionFigures> {
        let stats = self.live()?.connection.stats();
        Ok(ConnectionFigures {
            rtt_ms: stats.path.rtt.as_secs_f64() * 1000.0,
            sent_packets: stats.path.sent_packets as f64,
            lost_packets: stats.path.lost_packets as f64,
            sent_bytes: stats.udp_tx.bytes as f64,
            received_bytes: stats.udp_rx.bytes as f64,
            congestion_window_bytes: stats.path.cwnd as f64,
            path_mtu_bytes: u32::from(stats.path.current_mtu),
        })
    }

    /// Fills `target` with keying material (RFC 8446 §7.5), the same at both ends and nowhere else.
    #[napi]
    pub fn export_keying_material(
        &self,
        mut target: BufferSlice<'_>,
        label: BufferSlice<'_>,
    ) -> Result<()> {
        self.live()?
            .connection
            .export_keying_material(&mut target, &label, &[])
            .map_err(|_| Error::from_reason("no keying material of this length"))
    }

    /// Ends it at once (RFC 9000 §10.2): what was not acknowledged may be lost.
    #[napi]
    pub fn close(&self, with: f64, reason: BufferSlice<'_>) {
        if let Some(live) = &self.live {
            live.connection.close(code(with), &reason);
        }
    }

    /// Why it ended; null while it has not.
    #[napi]
    pub fn end(&mut self) -> Option<ConnectionEnd> {
        Some(ConnectionEnd::from(self.live.as_mut()?.end.poll()?))
    }

    /// The last call, once it has ended. Its streams stay as they are.
    #[napi]
    pub fn release(&mut self) {
        self.live = None;
    }
}
