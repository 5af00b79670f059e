//! A received message, cut into the datagrams that the kernel joined (UDP GRO).

use core::ops::Range;

use sfu_proto::limits::DATAGRAM_BYTES_MAX;
use sfu_proto::packet::{Datagram, Route};

use crate::{ClockReading, IoCounters};

/// Where the datagrams of one message lie in its buffer; yields them one by one, and may be put
/// aside and taken up again.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedTrain {
    pub(crate) route: Route,
    pub(crate) stamp_nanos: Option<u64>,
    next: usize,
    end: usize,
    segment: usize,
    /// A message of no bytes is still one datagram.
    empty: bool,
}

impl ReceivedTrain {
    /// `payload` is where the bytes lie, `segment` the length of each datagram but the last.
    pub(crate) fn new(
        route: Route,
        stamp_nanos: Option<u64>,
        payload: Range<usize>,
        segment: Option<usize>,
    ) -> Self {
        Self {
            route,
            stamp_nanos,
            next: payload.start,
            end: payload.end,
            segment: segment
                .filter(|len| *len > 0)
                .unwrap_or_else(|| payload.len()),
            empty: payload.is_empty(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.next == self.end && !self.empty
    }

    /// Hands at most `max` datagrams to `each`; says how many. `buffer` holds the message.
    pub(crate) fn deliver(
        &mut self,
        buffer: &mut [u8],
        reading: ClockReading,
        max: usize,
        counters: &mut IoCounters,
        each: &mut impl FnMut(Datagram<'_>),
    ) -> usize {
        let arrival = reading.arrival(self.stamp_nanos);
        let mut handed = 0;
        while handed < max {
            let Some(range) = self.next() else { break };
            if range.len() > DATAGRAM_BYTES_MAX {
                counters.receive_oversized += 1;
                continue;
            }
            handed += 1;
            counters.received += 1;
            counters.received_bytes += range.len() as u64;
            each(Datagram {
                route: self.route,
                arrival,
                bytes: &mut buffer[range],
            });
        }
        handed
    }
}

impl Iterator for ReceivedTrain {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.is_done() {
            return None;
        }
        self.empty = false;
        let start = self.next;
        self.next = self.end.min(start + self.segment);
        Some(start..self.next)
    }
}

#[cfg(test)]
mod tests {
    use sfu_proto::packet::SocketIndex;

    use super::*;

    fn cut(payload: Range<usize>, segment: Option<usize>) -> Vec<(usize, usize)> {
        let route = Route {
            socket: SocketIndex(0),
            remote: ([127, 0, 0, 1], 9).into(),
        };
        ReceivedTrain::new(route, None, payload, segment)
            .map(|range| (range.start, range.end))
            .collect()
    }

    #[test]
    fn one_datagram_is_whole() {
        assert_eq!(cut(10..110, None), [(10, 110)]);
    }

    #[test]
    fn a_train_is_cut_and_its_last_may_be_short() {
        assert_eq!(cut(10..260, Some(100)), [(10, 110), (110, 210), (210, 260)]);
        assert_eq!(cut(10..210, Some(100)), [(10, 110), (110, 210)]);
    }

    #[test]
    fn a_segment_longer_than_the_message_is_the_message() {
        assert_eq!(cut(0..50, Some(100)), [(0, 50)]);
    }

    #[test]
    fn an_empty_datagram_comes_once() {
        assert_eq!(cut(10..10, None), [(10, 10)]);
        assert_eq!(cut(10..10, Some(5)), [(10, 10)]);
    }
}
