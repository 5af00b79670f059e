//! The engine's socket, which is none: it reads records that have passed `inbound` and writes into
//! `outbound`.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use webrtc_util::{Conn, Error};

use super::outbound::Outbound;

type Result<T> = std::result::Result<T, Error>;

pub(super) struct Pipe {
    records: Mutex<mpsc::Receiver<Vec<u8>>>,
    outbound: Arc<Outbound>,
}

impl Pipe {
    pub(super) fn new(records: mpsc::Receiver<Vec<u8>>, outbound: Arc<Outbound>) -> Self {
        Self {
            records: Mutex::new(records),
            outbound,
        }
    }
}

#[async_trait]
impl Conn for Pipe {
    async fn connect(&self, _: SocketAddr) -> Result<()> {
        Ok(())
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize> {
        let Some(record) = self.records.lock().await.recv().await else {
            // The session is going. An error would make the engine ask again at once, and for ever.
            return std::future::pending().await;
        };
        let room = buffer
            .get_mut(..record.len())
            .ok_or(Error::ErrBufferShort)?;
        room.copy_from_slice(&record);
        Ok(record.len())
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr)> {
        let len = self.recv(buffer).await?;
        Ok((len, SocketAddr::from(([0, 0, 0, 0], 0))))
    }

    async fn send(&self, datagram: &[u8]) -> Result<usize> {
        self.outbound.send(datagram);
        Ok(datagram.len())
    }

    async fn send_to(&self, datagram: &[u8], _: SocketAddr) -> Result<usize> {
        self.send(datagram).await
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Err(Error::ErrAddrNotUdpAddr)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync) {
        self
    }
}
