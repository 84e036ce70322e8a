//! Limits and times of a connection, as JavaScript gives them, for quinn.

use std::sync::Arc;
use std::time::Duration;

use napi::{Error, Result};
use napi_derive::napi;
use quinn::congestion::{BbrConfig, CubicConfig};
use quinn::{IdleTimeout, TransportConfig, VarInt};

/// Bytes and milliseconds. Limits hold for what the peer may do; RFC 9000 §4.
#[napi(object)]
pub struct TransportSettings {
    pub stream_window_bytes: u32,
    pub connection_window_bytes: u32,
    /// Written, not yet acknowledged; all streams together.
    pub send_window_bytes: u32,
    pub bidirectional_streams: u32,
    pub unidirectional_streams: u32,
    pub idle_timeout_ms: u32,
    /// 0 for none.
    pub keep_alive_ms: u32,
    /// Received datagrams that nobody took yet; the oldest is dropped first.
    pub datagram_receive_bytes: u32,
    pub datagram_send_bytes: u32,
    /// `cubic` (RFC 9438) or `bbr`.
    pub congestion_control: String,
    /// Several packets in one system call, where the kernel can.
    pub segmentation_offload: bool,
}

pub fn transport(settings: &TransportSettings) -> Result<Arc<TransportConfig>> {
    let milliseconds = |value: u32| Duration::from_millis(u64::from(value));
    let idle = IdleTimeout::try_from(milliseconds(settings.idle_timeout_ms))
        .map_err(|error| Error::from_reason(error.to_string()))?;
    let mut config = TransportConfig::default();
    config
        .stream_receive_window(VarInt::from_u32(settings.stream_window_bytes))
        .receive_window(VarInt::from_u32(settings.connection_window_bytes))
        .send_window(u64::from(settings.send_window_bytes))
        .max_concurrent_bidi_streams(VarInt::from_u32(settings.bidirectional_streams))
        .max_concurrent_uni_streams(VarInt::from_u32(settings.unidirectional_streams))
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(
            (settings.keep_alive_ms > 0).then(|| milliseconds(settings.keep_alive_ms)),
        )
        .datagram_receive_buffer_size(Some(settings.datagram_receive_bytes as usize))
        .datagram_send_buffer_size(settings.datagram_send_bytes as usize)
        .enable_segmentation_offload(settings.segmentation_offload);
    match settings.congestion_control.as_str() {
        "cubic" => config.congestion_controller_factory(Arc::new(CubicConfig::default())),
        "bbr" => config.congestion_controller_factory(Arc::new(BbrConfig::default())),
        other => {
            return Err(Error::from_reason(format!(
                "no congestion control is called {other:?}"
            )));
        }
    };
    Ok(Arc::new(config))
}
