//! The pass over io_uring, and what each completion means.
//!
//! Sends need no completion: `MSG_DONTWAIT` makes the kernel finish or refuse them inside the enter
//! (see `send_entry`), and only refusals are reported. Receives last: each socket has one, which
//! completes once a message until it runs out of buffers or fails, and is then started anew.

use core::time::Duration;
use std::collections::VecDeque;
use std::os::fd::AsRawFd;

use io_uring::cqueue;
use sfu_proto::limits::RECEIVED_PER_PASS_MAX;
use sfu_proto::packet::{Datagram, SendBatch, SocketIndex};

use super::buffers::{BUFFERS, HeldBuffer, ReceiveBuffers};
use super::entry::{poll_entry, receive_entry, send_entry};
use super::operation::Operation;
use super::ring::{Ring, Stay};
use crate::receive_buffer::{self, MessageLengths};
use crate::received_train::ReceivedTrain;
use crate::send_failure::{count_as_sent, settle};
use crate::send_headers::{Filled, SendHeaders};
use crate::socket_table::SocketTable;
use crate::{
    BoundSocket, ClockReading, DriverError, IoCounters, Notice, RingRefusal, Waker, probe,
};

/// A message that has come, in its buffer.
struct Arrived {
    socket: SocketIndex,
    buffer: HeldBuffer,
    written: usize,
}

/// A message that is being handed out.
struct Opened {
    buffer: HeldBuffer,
    train: ReceivedTrain,
}

pub(crate) struct UringDriver {
    /// Before the buffers: it writes into them as long as it lives, and fields drop in order.
    ring: Ring,
    buffers: ReceiveBuffers,
    headers: SendHeaders,
    sockets: SocketTable,
    /// Which sockets' receives are under way.
    is_receiving: Vec<bool>,
    is_polling_waker: bool,
    waker: Waker,
    /// At most one for each buffer.
    arrived: VecDeque<Arrived>,
    opened: Option<Opened>,
    gather: Duration,
    notice: Option<Notice>,
    counters: IoCounters,
}

/// The part of the driver that the kernel may refuse, before any socket is given away.
pub(crate) struct RingMemory {
    ring: Ring,
    buffers: ReceiveBuffers,
}

impl RingMemory {
    pub(crate) fn take(sockets: usize) -> Result<Self, RingRefusal> {
        let ring = Ring::open(probe()?).map_err(RingRefusal::from_kernel)?;
        // SAFETY: nothing is pushed to the ring before both are fields of one structure, here and
        // in `UringDriver`, of which the ring is the first and so is dropped first.
        let buffers = unsafe { ReceiveBuffers::register(ring.as_inner(), sockets) }
            .map_err(RingRefusal::from_kernel)?;
        Ok(Self { ring, buffers })
    }
}

impl UringDriver {
    pub(crate) fn open(
        RingMemory { ring, buffers }: RingMemory,
        sockets: Vec<BoundSocket>,
        waker: Waker,
        gather: Duration,
    ) -> Result<Self, DriverError> {
        let sockets = SocketTable::new(sockets);
        // Registered descriptors spare the kernel a look-up and a count for each entry. The waker's
        // stands after the sockets'.
        let descriptors: Vec<_> = sockets
            .raw_descriptors()
            .chain([waker.counter().as_raw_fd()])
            .collect();
        ring.as_inner()
            .submitter()
            .register_files(&descriptors)
            .map_err(DriverError::while_doing("register the sockets"))?;
        let notice = (!ring.is_restricted()).then_some(Notice::RingUnrestricted);
        Ok(Self {
            ring,
            buffers,
            notice,
            headers: SendHeaders::new(),
            is_receiving: vec![false; sockets.len()],
            sockets,
            is_polling_waker: false,
            waker,
            arrived: VecDeque::with_capacity(usize::from(BUFFERS)),
            opened: None,
            gather,
            counters: IoCounters::default(),
        })
    }

    pub(crate) fn counters(&self) -> IoCounters {
        self.counters
    }

    pub(crate) fn take_notice(&mut self) -> Option<Notice> {
        self.notice.take().or_else(|| self.sockets.take_notice())
    }

    pub(crate) fn set_gather(&mut self, gather: Duration) {
        self.gather = gather;
    }

    pub(crate) fn send(&mut self, batch: &mut SendBatch) -> Result<(), DriverError> {
        self.hand_over(batch, Stay::No)
    }

    pub(crate) fn turn(
        &mut self,
        batch: &mut SendBatch,
        timeout: Option<Duration>,
    ) -> Result<(), DriverError> {
        let something_left = self.opened.is_some() || !self.arrived.is_empty();
        let stay = if something_left || timeout == Some(Duration::ZERO) {
            Stay::ForWork
        } else {
            Stay::Until {
                timeout,
                gather: self.gather,
            }
        };
        self.hand_over(batch, stay)?;
        self.run_piled_up_work(batch)
    }

    /// The kernel completes a receive 32 times and then lets others have their turn: goes on until
    /// there is a pass's worth. Its word that there is more may be stale (it sets the flag after
    /// queueing the work, which may be done by then), so an enter that brings nothing is the last.
    fn run_piled_up_work(&mut self, batch: &SendBatch) -> Result<(), DriverError> {
        let mut before = None;
        while self.ring.has_work()
            && self.buffers.any_free()
            && self.arrived.len() < RECEIVED_PER_PASS_MAX
            && before != Some(self.arrived.len())
        {
            before = Some(self.arrived.len());
            self.enter(batch, Stay::ForWork)?;
        }
        Ok(())
    }

    /// Hands at most `max` datagrams to `each`; says how many.
    pub(crate) fn receive(
        &mut self,
        reading: ClockReading,
        max: usize,
        mut each: impl FnMut(Datagram<'_>),
    ) -> usize {
        let mut handed = 0;
        while handed < max
            && let Some(mut opened) = self.opened.take().or_else(|| self.open_next())
        {
            handed += opened.train.deliver(
                self.buffers.bytes(&mut opened.buffer),
                reading,
                max - handed,
                &mut self.counters,
                &mut each,
            );
            if opened.train.is_done() {
                self.buffers.give_back(opened.buffer);
            } else {
                self.opened = Some(opened);
            }
        }
        handed
    }

    /// The next message that can be read.
    fn open_next(&mut self) -> Option<Opened> {
        loop {
            let mut arrived = self.arrived.pop_front()?;
            let bytes = self.buffers.bytes(&mut arrived.buffer);
            let lengths = MessageLengths::from_head(bytes, arrived.written);
            self.counters.receive_truncated += u64::from(lengths.is_none_or(|it| it.is_truncated));
            let opened = lengths.and_then(|it| receive_buffer::open(bytes, it, arrived.socket));
            let Some(opened) = opened else {
                self.buffers.give_back(arrived.buffer);
                continue;
            };
            if let Some(lost_in_all) = opened.lost_in_all {
                self.sockets
                    .note_losses(arrived.socket, lost_in_all, &mut self.counters);
            }
            return Some(Opened {
                buffer: arrived.buffer,
                train: opened.train,
            });
        }
    }

    /// Sends the whole batch and clears it; stays in the last enter as told.
    fn hand_over(&mut self, batch: &mut SendBatch, stay: Stay) -> Result<(), DriverError> {
        let result = self.hand_over_all(batch, stay);
        batch.clear();
        result
    }

    fn hand_over_all(&mut self, batch: &SendBatch, stay: Stay) -> Result<(), DriverError> {
        if self.ring.enable()? || stay != Stay::No {
            self.start_receives()?;
        }
        let mut next = 0;
        loop {
            let filled = self.headers.fill(batch, next, &self.sockets);
            push_trains(&mut self.ring, &filled, &self.sockets, &mut self.counters)?;
            next = filled.end().max(next);
            let is_last = next >= batch.outgoing().len();
            let nothing_to_do = filled.trains().is_empty() && stay == Stay::No;
            if !nothing_to_do {
                self.enter(batch, if is_last { stay } else { Stay::No })?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Starts each receive that is not under way, and the poll of the waker.
    fn start_receives(&mut self) -> Result<(), DriverError> {
        // Without a free buffer they would end at once.
        if self.buffers.any_free() {
            for index in self.sockets.indices() {
                let is_receiving = &mut self.is_receiving[usize::from(index.0)];
                if !*is_receiving {
                    let entry = receive_entry(index, self.buffers.template());
                    // SAFETY: the template and the buffers live as long as the ring.
                    unsafe { self.ring.push(&entry)? };
                    *is_receiving = true;
                }
            }
        }
        if !self.is_polling_waker {
            // SAFETY: a poll points to nothing.
            unsafe { self.ring.push(&poll_entry(self.sockets.len()))? };
            self.is_polling_waker = true;
        }
        Ok(())
    }

    fn enter(&mut self, batch: &SendBatch, stay: Stay) -> Result<(), DriverError> {
        self.counters.system_calls += 1;
        self.buffers.offer();
        self.ring.enter(stay)?;
        for completion in self.ring.completions() {
            let is_last = !cqueue::more(completion.flags());
            match Operation::decode(completion.user_data()) {
                Some(Operation::Receive(socket)) => {
                    if is_last
                        && let Some(is_receiving) = self.is_receiving.get_mut(usize::from(socket.0))
                    {
                        *is_receiving = false;
                    }
                    let buffer = self.buffers.claim(&completion);
                    match (usize::try_from(completion.result()), buffer) {
                        (Ok(written), Some(buffer)) => self.arrived.push_back(Arrived {
                            socket,
                            buffer,
                            written,
                        }),
                        (_, buffer) => {
                            count_receive_failure(completion.result(), &mut self.counters);
                            if let Some(buffer) = buffer {
                                self.buffers.give_back(buffer);
                            }
                        }
                    }
                }
                Some(Operation::Send(index)) => {
                    // A completion of a send is a refusal.
                    if let Some(train) = self.headers.trains().get(index as usize) {
                        let code = -completion.result();
                        settle(code, train, batch, &mut self.sockets, &mut self.counters);
                    }
                }
                Some(Operation::Wake) => self.is_polling_waker = !is_last,
                None => debug_assert!(false, "user data {:#x}", completion.user_data()),
            }
        }
        Ok(())
    }
}

impl core::fmt::Debug for UringDriver {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("UringDriver")
            .field("sockets", &self.sockets)
            .field("waker", &self.waker)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

/// Queues one entry for each train.
fn push_trains(
    ring: &mut Ring,
    filled: &Filled<'_>,
    sockets: &SocketTable,
    counters: &mut IoCounters,
) -> Result<(), DriverError> {
    for (index, train) in (0_u32..).zip(filled.trains()) {
        if sockets.get(train.route.socket).is_none() {
            counters.send_failed += train.count as u64;
            continue;
        }
        let entry = send_entry(train.route.socket, filled.outbound(index as usize), index);
        // SAFETY: the header or address, and all that it points to, stay until the next enter has returned:
        // the headers are refilled only after it, and the batch is borrowed until then by
        // `hand_over_all`. `send_entry` says why the kernel is done with them by then; and if the
        // enter fails, the ring is broken and the kernel never reads the entry.
        unsafe { ring.push(&entry)? };
        count_as_sent(train, counters);
    }
    Ok(())
}

fn count_receive_failure(result: i32, counters: &mut IoCounters) {
    match -result {
        libc::ENOBUFS => counters.buffers_exhausted += 1,
        // Woken for nothing, or ended by ourselves.
        libc::EAGAIN | libc::EINTR | libc::ECANCELED => {}
        _ => counters.receive_failed += 1,
    }
}
