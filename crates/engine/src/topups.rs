//! Buying credits.

use std::sync::Arc;

use store::Store;

use crate::Result;
use crate::settings::Settings;

/// What buying credits needs at run time: gateway clients. Use cases take the whole [`Engine`](crate::Engine).
pub struct Topups {}

impl Topups {
    /// Makes the clients of the gateways that are configured.
    pub(crate) fn new(_store: &Store, _settings: &Arc<Settings>) -> Result<Topups> {
        Ok(Topups {})
    }
}
