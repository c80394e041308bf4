//! The wire between our server and Stripe, which can lose answers to charges.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the answers to charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Loss {
    /// They arrive.
    None,
    /// The connection breaks before them; what was asked is done.
    Broken,
    /// They never come; what was asked is done.
    Silent,
}

/// A proxy to one address.
pub(crate) struct Wire {
    pub(crate) url: String,
    loss: Arc<AtomicU8>,
    task: tokio::task::JoinHandle<()>,
}

impl Wire {
    pub(crate) async fn to(url: &str) -> Wire {
        let address = url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let loss = Arc::new(AtomicU8::new(Loss::None as u8));
        let shared = loss.clone();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&address).await.unwrap();
                tokio::spawn(carry(near, far, shared.clone()));
            }
        });
        Wire { url: own, loss, task }
    }

    pub(crate) fn lose(&self, loss: Loss) {
        self.loss.store(loss as u8, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection; ends when either side, or the loss, ends it.
async fn carry(mut near: TcpStream, mut far: TcpStream, loss: Arc<AtomicU8>) {
    let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut charging = false;
    loop {
        tokio::select! {
            read = near.read(&mut asked) => match read {
                Ok(count) if count > 0 => {
                    let head = &asked[..count];
                    // A body may follow by itself: only a new head decides anew.
                    charging |= head.starts_with(b"POST /v1/payment_intents/");
                    charging &= !head.starts_with(b"GET ");
                    if far.write_all(head).await.is_err() { return }
                }
                _ => return,
            },
            read = far.read(&mut answered) => match read {
                Ok(count) if count > 0 => match loss.load(Ordering::SeqCst) {
                    lost if charging && lost == Loss::Broken as u8 => return,
                    lost if charging && lost == Loss::Silent as u8 => {}
                    _ => if near.write_all(&answered[..count]).await.is_err() { return },
                },
                _ => return,
            },
        }
    }
}
