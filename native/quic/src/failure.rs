//! Why a connection ended, in the terms of RFC 9000.

use napi_derive::napi;
use quinn::{ConnectionError, VarInt};

/// `kind` is one of
/// `local` (this side closed it), `application` (the peer closed it, RFC 9000 §19.19), `transport` (either side found a
/// fault; 0x100 to 0x1ff is a TLS alert, RFC 9001 §4.8), `reset` (stateless reset), `timeout`, `version`.
#[napi(object)]
pub struct ConnectionEnd {
    pub kind: String,
    pub code: f64,
    pub reason: String,
}

/// RFC 9000 §16: 62 bits. Codes of HTTP/3 and our own are small; a larger one is rounded, which nobody compares.
pub fn number(code: VarInt) -> f64 {
    code.into_inner() as f64
}

/// A code of JavaScript's; what is no code at all becomes the largest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates"
)]
pub fn code(value: f64) -> VarInt {
    VarInt::from_u64(value as u64).unwrap_or(VarInt::MAX)
}

impl From<ConnectionError> for ConnectionEnd {
    fn from(error: ConnectionError) -> Self {
        let (kind, code, reason) = match error {
            ConnectionError::LocallyClosed => ("local", 0.0, String::new()),
            ConnectionError::ApplicationClosed(close) => (
                "application",
                number(close.error_code),
                String::from_utf8_lossy(&close.reason).into_owned(),
            ),
            ConnectionError::ConnectionClosed(close) => (
                "transport",
                u64::from(close.error_code) as f64,
                String::from_utf8_lossy(&close.reason).into_owned(),
            ),
            ConnectionError::TransportError(error) => (
                "transport",
                u64::from(error.code) as f64,
                error.reason.clone(),
            ),
            ConnectionError::Reset => ("reset", 0.0, String::new()),
            ConnectionError::TimedOut => ("timeout", 0.0, String::new()),
            ConnectionError::VersionMismatch => ("version", 0.0, String::new()),
            ConnectionError::CidsExhausted => {
                ("transport", 0.0, "no connection id left".to_owned())
            }
        };
        Self {
            kind: kind.to_owned(),
            code,
            reason,
        }
    }
}
