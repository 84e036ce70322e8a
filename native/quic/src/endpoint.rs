//! A UDP socket with its connections: one that listens, or one that dialled.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Wake;
use std::time::Duration;

use napi::bindgen_prelude::{BufferSlice, Function};
use napi::{Error, Result};
use napi_derive::napi;
use quinn::{
    ClientConfig, ConnectionError, Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime,
};
use socket2::SockRef;
use tokio::runtime::{Builder, Runtime};

use crate::connection::NativeConnection;
use crate::failure::{ConnectionEnd, code};
use crate::settings::{TransportSettings, transport};
use crate::tls;
use crate::wake::{Repeated, Source, Wakeups, locked};

/// The threads of all endpoints of this process.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
            // JavaScript needs a core as well, and an edge gains nothing from more than four.
            let threads = cores.saturating_sub(1).clamp(1, 4);
            Builder::new_multi_thread()
                .worker_threads(threads)
                .thread_name("quic")
                .enable_all()
                .build()
        })
        .as_ref()
        .map_err(|error| Error::from_reason(error.to_string()))
}

#[napi(object)]
pub struct ListenSettings {
    pub address: String,
    pub port: u16,
    pub certificate: String,
    pub key: String,
    pub alpn: String,
    pub transport: TransportSettings,
    /// Handshakes under way and connections nobody took yet; a peer beyond them is refused.
    pub max_handshakes: u32,
    /// From this many on a peer must first prove that it receives at its address (RFC 9000 §8.1.2).
    pub retry_from_handshakes: u32,
    pub handshake_timeout_ms: u32,
}

#[napi(object)]
pub struct DialSettings {
    pub address: String,
    pub port: u16,
    /// Checked against the certificate.
    pub server_name: String,
    pub ca: String,
    pub alpn: String,
    pub transport: TransportSettings,
    pub handshake_timeout_ms: u32,
}

#[napi(object)]
pub struct LocalAddress {
    pub address: String,
    pub port: u16,
}

type Outcome = std::result::Result<quinn::Connection, ConnectionError>;

/// Connections whose handshake is over, until JavaScript takes them.
struct Arrivals {
    ready: Mutex<VecDeque<Outcome>>,
    /// Handshakes under way and the ready ones together.
    open: AtomicUsize,
    source: Arc<Source>,
}

impl Arrivals {
    fn put(&self, outcome: Outcome) {
        locked(&self.ready).push_back(outcome);
        Arc::clone(&self.source).wake();
    }

    fn take(&self) -> Option<Outcome> {
        let outcome = locked(&self.ready).pop_front();
        if outcome.is_some() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        outcome
    }
}

#[napi]
pub struct NativeEndpoint {
    /// None once released: its socket is free then.
    endpoint: Option<Endpoint>,
    idle: Option<Repeated<()>>,
    wakeups: Arc<Wakeups>,
    arrivals: Arc<Arrivals>,
    alpn: String,
    transport: Arc<quinn::TransportConfig>,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::from_reason(error.to_string())
}

fn socket_address(address: &str, port: u16) -> Result<SocketAddr> {
    Ok(SocketAddr::new(
        address.parse::<IpAddr>().map_err(failed)?,
        port,
    ))
}

/// The kernel's usual 208 KiB hold 2 ms at 1 Gbit/s. With them a bulk transfer on loopback lost two packets of three.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;

fn bind(address: SocketAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind(address).map_err(failed)?;
    let buffers = SockRef::from(&socket);
    // A kernel that allows less gives less, which costs speed and nothing else.
    let _ = buffers.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = buffers.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    Ok(socket)
}

/// A free port for talking to `peer`.
fn unbound(peer: SocketAddr) -> Result<UdpSocket> {
    let any: IpAddr = if peer.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    bind(SocketAddr::new(any, 0))
}

fn server_config(
    certificate: &str,
    key: &str,
    alpn: &str,
    transport: &Arc<quinn::TransportConfig>,
) -> Result<ServerConfig> {
    let mut config = ServerConfig::with_crypto(tls::server(certificate, key, alpn)?);
    config.transport_config(Arc::clone(transport));
    Ok(config)
}

async fn accept_all(
    endpoint: Endpoint,
    arrivals: Arc<Arrivals>,
    max: usize,
    retry_from: usize,
    limit: Duration,
) {
    while let Some(incoming) = endpoint.accept().await {
        let open = arrivals.open.load(Ordering::Relaxed);
        // SECURITY: strangers can take this many handshakes and no more, and none by inventing addresses.
        if open >= max {
            incoming.refuse();
        } else if open >= retry_from && incoming.may_retry() {
            // It fails only for those that may not retry.
            let _ = incoming.retry();
        } else {
            arrivals.open.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(shake_hands(incoming, Arc::clone(&arrivals), limit));
        }
    }
}

async fn shake_hands(incoming: Incoming, arrivals: Arc<Arrivals>, limit: Duration) {
    let handshake = async { incoming.accept()?.await };
    match tokio::time::timeout(limit, handshake).await {
        Ok(Ok(connection)) => arrivals.put(Ok(connection)),
        // Nobody asked for it, so nobody is told.
        _ => {
            arrivals.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[napi]
impl NativeEndpoint {
    /// `wake` is called with the handles that are worth asking again.
    #[napi(factory)]
    pub fn listen(settings: ListenSettings, wake: Function<'_, Vec<u32>, ()>) -> Result<Self> {
        let _context = runtime()?.enter();
        let transport = transport(&settings.transport)?;
        let config = server_config(
            &settings.certificate,
            &settings.key,
            &settings.alpn,
            &transport,
        )?;
        let socket = bind(socket_address(&settings.address, settings.port)?)?;
        let endpoint = Endpoint::new(
            EndpointConfig::default(),
            Some(config),
            socket,
            Arc::new(TokioRuntime),
        )
        .map_err(failed)?;
        let native = Self::new(endpoint, transport, settings.alpn, &wake)?;
        tokio::spawn(accept_all(
            native.open()?.clone(),
            Arc::clone(&native.arrivals),
            settings.max_handshakes as usize,
            settings.retry_from_handshakes as usize,
            Duration::from_millis(u64::from(settings.handshake_timeout_ms)),
        ));
        Ok(native)
    }

    /// The outcome, a connection or a failure, is the only one that `arrival` will have.
    #[napi(factory)]
    pub fn dial(settings: DialSettings, wake: Function<'_, Vec<u32>, ()>) -> Result<Self> {
        let _context = runtime()?.enter();
        let transport = transport(&settings.transport)?;
        let peer = socket_address(&settings.address, settings.port)?;
        let mut config = ClientConfig::new(tls::client(&settings.ca, &settings.alpn)?);
        config.transport_config(Arc::clone(&transport));
        let endpoint = Endpoint::new(
            EndpointConfig::default(),
            None,
            unbound(peer)?,
            Arc::new(TokioRuntime),
        )
        .map_err(failed)?;
        let connecting = endpoint
            .connect_with(config, peer, &settings.server_name)
            .map_err(failed)?;
        let native = Self::new(endpoint, transport, settings.alpn, &wake)?;
        let arrivals = Arc::clone(&native.arrivals);
        arrivals.open.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let limit = Duration::from_millis(u64::from(settings.handshake_timeout_ms));
            let outcome = tokio::time::timeout(limit, connecting).await;
            arrivals.put(outcome.unwrap_or(Err(ConnectionError::TimedOut)));
        });
        Ok(native)
    }

    fn new(
        endpoint: Endpoint,
        transport: Arc<quinn::TransportConfig>,
        alpn: String,
        wake: &Function<'_, Vec<u32>, ()>,
    ) -> Result<Self> {
        let wakeups = Wakeups::new(wake)?;
        let arrivals = Arc::new(Arrivals {
            ready: Mutex::new(VecDeque::new()),
            open: AtomicUsize::new(0),
            source: wakeups.source(),
        });
        let waited_for = endpoint.clone();
        let idle = Repeated::new(&wakeups, move || {
            let endpoint = waited_for.clone();
            async move { endpoint.wait_idle().await }
        });
        Ok(Self {
            endpoint: Some(endpoint),
            idle: Some(idle),
            wakeups,
            arrivals,
            alpn,
            transport,
        })
    }

    fn open(&self) -> Result<&Endpoint> {
        self.endpoint
            .as_ref()
            .ok_or_else(|| Error::from_reason("the endpoint is closed"))
    }

    /// Woken when `arrival` is worth calling again.
    #[napi(getter)]
    pub fn arrival_handle(&self) -> u32 {
        self.arrivals.source.handle
    }

    #[napi(getter)]
    pub fn local_address(&self) -> Result<LocalAddress> {
        let local = self.open()?.local_addr().map_err(failed)?;
        Ok(LocalAddress {
            address: local.ip().to_string(),
            port: local.port(),
        })
    }

    /// The next connection, the failure of a dial, or null for not yet.
    #[napi]
    pub fn arrival(&self) -> Option<napi::Either<NativeConnection, ConnectionEnd>> {
        Some(match self.arrivals.take()? {
            Ok(connection) => napi::Either::A(NativeConnection::new(connection, &self.wakeups)),
            Err(error) => napi::Either::B(ConnectionEnd::from(error)),
        })
    }

    /// For connections that come from now on.
    #[napi]
    pub fn set_certificate(&self, certificate: String, key: String) -> Result<()> {
        let config = server_config(&certificate, &key, &self.alpn, &self.transport)?;
        self.open()?.set_server_config(Some(config));
        Ok(())
    }

    /// Goes on from a new socket, as after a change of network (RFC 9000 §9).
    #[napi]
    pub fn rebind(&self) -> Result<()> {
        let _context = runtime()?.enter();
        let local = self.open()?.local_addr().map_err(failed)?;
        self.open()?.rebind(unbound(local)?).map_err(failed)
    }

    /// Ends all connections and takes no new ones.
    #[napi]
    pub fn close(&self, with: f64, reason: BufferSlice<'_>) {
        if let Some(endpoint) = &self.endpoint {
            endpoint.close(code(with), &reason);
        }
    }

    /// Woken when `idle` is worth calling again.
    #[napi(getter)]
    pub fn idle_handle(&self) -> u32 {
        self.idle.as_ref().map_or(u32::MAX, Repeated::handle)
    }

    /// True once every connection has ended and its peer was told.
    #[napi]
    pub fn idle(&mut self) -> bool {
        self.idle.as_mut().is_none_or(|idle| idle.poll().is_some())
    }

    /// Wakes nobody any more, and gives the socket back once no connection needs it. The last call.
    #[napi]
    pub fn release(&mut self) {
        self.wakeups.silence();
        self.idle = None;
        self.endpoint = None;
    }
}
