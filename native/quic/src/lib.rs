//! QUIC (RFC 9000) for Sallyport's tunnel: quinn and rustls, driven from JavaScript by readiness.
//!
//! quinn's own tasks run on this library's threads and do all that packets and timers need. JavaScript asks
//! (`read`, `write`, `accept…`) and is told at once what there is, or that there is nothing yet; in that case one
//! callback names the *handles* that are worth asking again. Nothing is ever pushed into JavaScript, so a reader that
//! stops reading stops its peer at the flow-control window, and no queue exists that could grow.
//!
//! SECURITY: memory crosses only into buffers that JavaScript allocated. V8's memory cage, as in Electron, kills a
//! process whose addon hands out its own.

#![deny(unsafe_code)]

mod connection;
mod endpoint;
mod failure;
mod settings;
mod stream;
mod tls;
mod wake;
