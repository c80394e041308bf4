//! The server that the demo's history is made with: the same API on a port that nobody is told, while the clock stands.
//!
//! Purchases go through it as a payer's do, and the sandboxes send it their notices. It runs no jobs: they would act by a
//! clock of the past.

use std::net::SocketAddr;

use engine::Engine;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::cannot_start;
use crate::exit::Exit;
use crate::server;

/// A server behind the scenes; [`Backstage::close`] ends it.
pub struct Backstage {
    pub url: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Backstage {
    /// Starts it on a free port of this machine.
    pub async fn open(engine: &Engine) -> Result<Backstage, Exit> {
        let listener = server::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let url = format!("http://{}", listener.local_addr().map_err(cannot_start)?);
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(api::serve(listener, engine.clone(), async { drop(stopped.await) }));
        Ok(Backstage { url, stop, served })
    }

    /// Answers what it was asked, then ends.
    pub async fn close(self) {
        drop(self.stop);
        let _ended = self.served.await;
    }
}
