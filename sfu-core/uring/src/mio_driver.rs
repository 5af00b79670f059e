//! The pass over `mio` with `recvmmsg` and `sendmmsg`: for kernels and containers that forbid
//! io_uring, and the measure that io_uring has to beat.
//!
//! Readiness comes by edge: a socket counts as readable from the kernel's word until it has run dry.
//! Timeouts are whole milliseconds, rounded up, since `epoll_wait` has no finer ones. Gathering is
//! a sleep before the wait, and only while packets come: the first after a pause is never held up.

use core::time::Duration;
use std::io;
use std::os::fd::AsRawFd;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use sfu_proto::packet::{Datagram, SendBatch};

use crate::receive_buffer;
use crate::receive_messages::{MESSAGES_MAX, ReceiveMessages};
use crate::received_train::ReceivedTrain;
use crate::send_failure::{code_of, count_as_sent, settle};
use crate::send_headers::SendHeaders;
use crate::socket_table::SocketTable;
use crate::{BoundSocket, ClockReading, DriverError, IoCounters, Notice, Waker};

/// Messages of one pass after which the next does not gather.
const GATHERED_ENOUGH: usize = 16;
const WAKER: Token = Token(usize::MAX - 1);

pub(crate) struct MioDriver {
    poll: Poll,
    events: Events,
    headers: SendHeaders,
    messages: ReceiveMessages,
    sockets: SocketTable,
    is_readable: Vec<bool>,
    /// The socket to read first, so that none waits for ever behind a busy one.
    first: usize,
    opened: Option<ReceivedTrain>,
    gather: Duration,
    /// Messages that have come since the last wait.
    came: usize,
    waker: Waker,
    counters: IoCounters,
}

impl MioDriver {
    pub(crate) fn open(
        sockets: Vec<BoundSocket>,
        waker: Waker,
        gather: Duration,
    ) -> Result<Self, DriverError> {
        let poll = Poll::new().map_err(DriverError::while_doing("open an epoll"))?;
        let sockets = SocketTable::new(sockets);
        let descriptors = sockets.raw_descriptors().zip((0..).map(Token));
        for (descriptor, token) in descriptors.chain([(waker.counter().as_raw_fd(), WAKER)]) {
            poll.registry()
                .register(&mut SourceFd(&descriptor), token, Interest::READABLE)
                .map_err(DriverError::while_doing("register the sockets"))?;
        }
        Ok(Self {
            poll,
            events: Events::with_capacity(sockets.len() + 1),
            headers: SendHeaders::new(),
            messages: ReceiveMessages::new(),
            is_readable: vec![false; sockets.len()],
            sockets,
            first: 0,
            opened: None,
            gather,
            came: 0,
            waker,
            counters: IoCounters::default(),
        })
    }

    pub(crate) fn counters(&self) -> IoCounters {
        self.counters
    }

    pub(crate) fn take_notice(&mut self) -> Option<Notice> {
        self.sockets.take_notice()
    }

    pub(crate) fn set_gather(&mut self, gather: Duration) {
        self.gather = gather;
    }

    pub(crate) fn send(&mut self, batch: &mut SendBatch) {
        let mut next = 0;
        while next < batch.outgoing().len() {
            next = self.send_round(batch, next);
        }
        batch.clear();
    }

    /// Sends as many trains from the datagram `first` on as there are headers.
    fn send_round(&mut self, batch: &SendBatch, first: usize) -> usize {
        let mut filled = self.headers.fill(batch, first, &self.sockets);
        let end = filled.end();
        let mut next = 0;
        while let Some(train) = filled.trains().get(next).copied() {
            let socket = train.route.socket;
            let is_same = |other: &&crate::trains::Train| other.route.socket == socket;
            let run = filled.trains()[next..].iter().take_while(is_same).count();
            let Some(descriptor) = self.sockets.descriptor(socket) else {
                self.counters.send_failed += train.count as u64;
                next += 1;
                continue;
            };
            self.counters.system_calls += 1;
            match filled.send(next..next + run, descriptor) {
                Ok(went) => {
                    for train in &filled.trains()[next..next + went] {
                        count_as_sent(train, &mut self.counters);
                    }
                    next += went;
                }
                Err(error) => {
                    let code = code_of(&error);
                    // A full buffer stays full for the rest of the run; anything else is about
                    // this one address.
                    let failed = if code == libc::EAGAIN { run } else { 1 };
                    for train in &filled.trains()[next..next + failed] {
                        count_as_sent(train, &mut self.counters);
                        settle(code, train, batch, &mut self.sockets, &mut self.counters);
                    }
                    next += failed;
                }
            }
        }
        end
    }

    pub(crate) fn turn(
        &mut self,
        batch: &mut SendBatch,
        timeout: Option<Duration>,
    ) -> Result<(), DriverError> {
        self.send(batch);
        let something_left =
            self.opened.is_some() || self.messages.has_more() || self.is_readable.contains(&true);
        // A look at the others all the same, or one busy socket would keep them unheard.
        let timeout = if something_left {
            Some(Duration::ZERO)
        } else {
            self.sleep_to_gather(timeout)
        };
        self.came = 0;
        self.counters.system_calls += 1;
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(source) => {
                return Err(DriverError::System {
                    doing: "wait for the sockets",
                    source,
                });
            }
        }
        for event in &self.events {
            if let Some(is_readable) = self.is_readable.get_mut(event.token().0) {
                *is_readable = true;
            }
        }
        Ok(())
    }

    /// Lets packets gather if few came last time; says what is left of the timeout. At low rates
    /// most of the cost is one wake-up a packet, and at high rates they gather by themselves.
    fn sleep_to_gather(&mut self, timeout: Option<Duration>) -> Option<Duration> {
        let gather = self.gather.min(timeout.unwrap_or(self.gather));
        if gather.is_zero() || !(1..GATHERED_ENOUGH).contains(&self.came) {
            return timeout;
        }
        self.counters.system_calls += 1;
        std::thread::sleep(gather);
        timeout.map(|it| it - gather)
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
            && let Some(mut train) = self.opened.take().or_else(|| self.open_next(max - handed))
        {
            handed += train.deliver(
                self.messages.current(),
                reading,
                max - handed,
                &mut self.counters,
                &mut each,
            );
            if train.is_done() {
                self.messages.finish_current();
            } else {
                self.opened = Some(train);
            }
        }
        handed
    }

    /// The next message that can be read; asks the kernel for up to `max` more if there is none.
    fn open_next(&mut self, max: usize) -> Option<ReceivedTrain> {
        loop {
            if !self.messages.has_more() && !self.refill(max) {
                return None;
            }
            let socket = self.messages.socket();
            let lengths = self.messages.current_lengths();
            self.counters.receive_truncated += u64::from(lengths.is_truncated);
            let opened = receive_buffer::open(self.messages.current(), lengths, socket);
            let Some(opened) = opened else {
                self.counters.receive_truncated += u64::from(!lengths.is_truncated);
                self.messages.finish_current();
                continue;
            };
            if let Some(lost_in_all) = opened.lost_in_all {
                self.sockets
                    .note_losses(socket, lost_in_all, &mut self.counters);
            }
            return Some(opened.train);
        }
    }

    /// Reads one readable socket; says whether anything came.
    fn refill(&mut self, max: usize) -> bool {
        let asked = max.min(MESSAGES_MAX);
        let sockets = self.sockets.indices();
        // Two rounds: the second only reaches sockets that were passed over in the first.
        for index in sockets.clone().chain(sockets).skip(self.first) {
            let at = usize::from(index.0);
            while self.is_readable[at] {
                let Some(descriptor) = self.sockets.descriptor(index) else {
                    break;
                };
                self.counters.system_calls += 1;
                match self.messages.receive(index, descriptor, asked) {
                    Ok(count) => {
                        self.came += count;
                        // Fewer than asked for: it has run dry, and says so when there is more.
                        self.is_readable[at] = count == asked;
                        self.first = (at + 1) % self.sockets.len();
                        return true;
                    }
                    Err(error) => match code_of(&error) {
                        libc::EAGAIN => self.is_readable[at] = false,
                        libc::EINTR => {}
                        // An ICMP answer to something sent: it is told once, and the datagrams
                        // stay.
                        _ => {
                            self.counters.receive_failed += 1;
                            break;
                        }
                    },
                }
            }
        }
        false
    }
}

impl core::fmt::Debug for MioDriver {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MioDriver")
            .field("sockets", &self.sockets)
            .field("waker", &self.waker)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}
