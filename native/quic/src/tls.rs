//! TLS 1.3 for both ends (RFC 9001), from PEM.

use std::sync::Arc;

use napi::{Error, Result};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

fn refused(error: impl std::fmt::Display) -> Error {
    Error::from_reason(error.to_string())
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let list: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(refused)?;
    if list.is_empty() {
        Err(refused("no certificate in the PEM text"))
    } else {
        Ok(list)
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Trusts what `ca` holds and nothing else.
pub fn client(ca: &str, alpn: &str) -> Result<Arc<QuicClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(refused)?;
    }
    // SECURITY: only TLS 1.3, only the given authority.
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(refused)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    Ok(Arc::new(
        QuicClientConfig::try_from(config).map_err(refused)?,
    ))
}

pub fn server(certificate: &str, key: &str, alpn: &str) -> Result<Arc<QuicServerConfig>> {
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(refused)?;
    // SECURITY: only TLS 1.3, and no early data, which could be replayed (RFC 9001 §9.2).
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(certificates(certificate)?, key)
        .map_err(refused)?;
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    Ok(Arc::new(
        QuicServerConfig::try_from(config).map_err(refused)?,
    ))
}
