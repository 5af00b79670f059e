//! The driver as the worker sees it: whichever of the two stands behind.

use core::time::Duration;

use sfu_proto::packet::{Datagram, SendBatch};

use crate::mio_driver::MioDriver;
use crate::uring::{RingMemory, UringDriver};
use crate::{
    BoundSocket, ClockReading, DriverChoice, DriverError, DriverKind, IoCounters, Notice, Waker,
};

/// How long a wait goes on gathering if fewer than 16 packets are there: io_uring from Linux 6.12
/// on, mio always (it sleeps, and a wake waits that long too). At low rates most of the cost is one wake-up a packet: this shares it,
/// for half a millisecond of latency at the most, and makes longer trains.
const GATHER: Duration = Duration::from_micros(500);

/// Sends and receives for one worker. It may be opened on any thread; the first thread that calls
/// `send` or `turn` has it for good.
#[derive(Debug)]
pub struct Driver(Inner);

#[derive(Debug)]
enum Inner {
    Uring(Box<UringDriver>),
    Mio(Box<MioDriver>),
}

impl Driver {
    /// Opens the driver that the operator has chosen; the kind says which one it became, and why.
    pub fn open(
        choice: DriverChoice,
        sockets: Vec<BoundSocket>,
    ) -> Result<(Self, Waker, DriverKind), DriverError> {
        let waker = Waker::new().map_err(DriverError::while_doing("open an eventfd"))?;
        let refusal = match choice {
            DriverChoice::Mio => None,
            DriverChoice::Auto | DriverChoice::Uring => match RingMemory::take(sockets.len()) {
                Ok(memory) => {
                    let driver = UringDriver::open(memory, sockets, waker.clone(), GATHER)?;
                    let inner = Inner::Uring(Box::new(driver));
                    return Ok((Self(inner), waker, DriverKind::Uring));
                }
                Err(refusal) if choice == DriverChoice::Uring => return Err(refusal.into()),
                Err(refusal) => Some(refusal),
            },
        };
        let driver = MioDriver::open(sockets, waker.clone(), GATHER)?;
        Ok((
            Self(Inner::Mio(Box::new(driver))),
            waker,
            DriverKind::Mio { instead: refusal },
        ))
    }

    /// Changes how long a wait gathers; zero returns with the first packet.
    pub fn set_gather(&mut self, gather: Duration) {
        match &mut self.0 {
            Inner::Uring(driver) => driver.set_gather(gather),
            Inner::Mio(driver) => driver.set_gather(gather),
        }
    }

    /// Hands the batch to the kernel and clears it: neighbours leave as trains. What the kernel
    /// does not take is counted and gone. An error means that the driver is of no more use.
    pub fn send(&mut self, batch: &mut SendBatch) -> Result<(), DriverError> {
        match &mut self.0 {
            Inner::Uring(driver) => driver.send(batch),
            Inner::Mio(driver) => {
                driver.send(batch);
                Ok(())
            }
        }
    }

    /// Sends the batch, then waits until something has come, the waker fires, or `timeout` has
    /// passed (`None`: for ever). It may also return early, for nothing. It does not wait while
    /// there is something left to receive.
    pub fn turn(
        &mut self,
        batch: &mut SendBatch,
        timeout: Option<Duration>,
    ) -> Result<(), DriverError> {
        match &mut self.0 {
            Inner::Uring(driver) => driver.turn(batch, timeout),
            Inner::Mio(driver) => driver.turn(batch, timeout),
        }
    }

    /// Hands what has come to `each`, at most `max` datagrams; says how many. The rest stays for
    /// the next call. `reading` is the clock of this pass: it turns kernel stamps into arrivals.
    pub fn receive(
        &mut self,
        reading: ClockReading,
        max: usize,
        each: impl FnMut(Datagram<'_>),
    ) -> usize {
        match &mut self.0 {
            Inner::Uring(driver) => driver.receive(reading, max, each),
            Inner::Mio(driver) => driver.receive(reading, max, each),
        }
    }

    /// What the operator should be told, each thing once; `None` nearly always, and then it costs
    /// nothing.
    pub fn take_notice(&mut self) -> Option<Notice> {
        match &mut self.0 {
            Inner::Uring(driver) => driver.take_notice(),
            Inner::Mio(driver) => driver.take_notice(),
        }
    }

    pub fn counters(&self) -> IoCounters {
        match &self.0 {
            Inner::Uring(driver) => driver.counters(),
            Inner::Mio(driver) => driver.counters(),
        }
    }
}
