//! The process's one TLS implementation: ring.

use rustls::crypto::{CryptoProvider, ring};

/// Makes ring the process's cryptography. Call it before the first client is built; calling it
/// again changes nothing.
pub fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, with the same provider.
        let _already_installed = ring::default_provider().install_default();
    }
}
