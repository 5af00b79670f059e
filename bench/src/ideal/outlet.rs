//! The way out of every layer that sends: a send area, and the driver that it is handed to when it
//! is full. The driver makes trains of neighbours to one address, as it does for the product.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use sfu_proto::packet::{Route, SendBatch};
use sfu_uring::{BoundSocket, Driver, DriverChoice, bind};

use super::shape::send_batch;

const SOCKET_BYTES: usize = 16 << 20;

#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) driver: Driver,
    pub(crate) batch: SendBatch,
}

impl Outlet {
    /// On a socket of its own; says where.
    pub(crate) fn open(choice: DriverChoice) -> anyhow::Result<(Self, SocketAddr)> {
        let sockets = bind_at((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = sockets.iter().map(BoundSocket::local_address).next();
        let outlet = Self::on(choice, sockets)?;
        Ok((outlet, address.context("no socket")?))
    }

    pub(crate) fn on(choice: DriverChoice, sockets: Vec<BoundSocket>) -> anyhow::Result<Self> {
        let (driver, _, _) = Driver::open(choice, sockets)?;
        Ok(Self {
            driver,
            batch: send_batch(),
        })
    }

    /// Makes sure that the next `count` datagrams lie side by side: a train is never cut by the end
    /// of the area, unless it is longer than all of it.
    #[inline]
    pub(crate) fn make_room(&mut self, count: usize, bytes: usize) -> anyhow::Result<()> {
        if !self.batch.has_room_for(count, bytes) && !self.batch.is_empty() {
            self.flush()?;
        }
        Ok(())
    }

    /// Room for the next datagram. It holds what the area held before: who does not write into it
    /// sends that.
    #[inline]
    pub(crate) fn slot(&mut self, route: Route, bytes: usize) -> anyhow::Result<&mut [u8]> {
        self.make_room(1, bytes)?;
        self.batch
            .slot(route, bytes)
            .map_err(|dropped| anyhow::anyhow!("no room for {bytes} bytes: {dropped:?}"))
    }

    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        Ok(self.driver.send(&mut self.batch)?)
    }
}

pub(crate) fn bind_at(address: SocketAddr) -> anyhow::Result<Vec<BoundSocket>> {
    bind(&[address], SOCKET_BYTES).with_context(|| format!("cannot bind {address}"))
}
