//! How long media stays in the core: from the kernel's stamp of its arrival to the end of the send
//! of the pass that forwarded it.
//!
//! ```text
//!  stamp ── socket, gathering ── pass begins ── unprotect … protect ── send ── clock read
//!  |<------------------------------- one packet's latency ------------------------->|
//! ```

use std::time::Duration;

use sfu_proto::limits::RECEIVED_PER_PASS_MAX;
use sfu_proto::packet::{Datagram, Protocol, protocol};
use sfu_proto::time::Instant;

use crate::histogram::Histogram;

/// Media may wait over several passes. More moments than this are taken for the last of them, which
/// makes latency look longer than it is, never shorter.
const ARRIVALS_MAX: usize = 8 * RECEIVED_PER_PASS_MAX;

#[derive(Debug)]
pub(crate) struct Latency {
    /// When the media that is not on its way yet came, packets of one moment together: a train has one stamp.
    arrivals: Vec<(Instant, u64)>,
    packets: Histogram,
    passes: Histogram,
}

impl Latency {
    pub(crate) fn new() -> Self {
        Self {
            arrivals: Vec::with_capacity(ARRIVALS_MAX),
            packets: Histogram::default(),
            passes: Histogram::default(),
        }
    }

    pub(crate) fn received(&mut self, datagram: &Datagram<'_>) {
        if protocol(datagram.bytes) != Ok(Protocol::Rtp) {
            return;
        }
        // Media that waits over several passes may be more than one pass receives.
        let is_full = self.arrivals.len() == self.arrivals.capacity();
        match self.arrivals.last_mut() {
            Some((arrival, count)) if *arrival == datagram.arrival || is_full => *count += 1,
            _ => self.arrivals.push((datagram.arrival, 1)),
        }
    }

    /// A pass that began at `began` has, at `now`, sent all media that came before `waiting_since`;
    /// the rest waits for the next pass.
    pub(crate) fn sent(
        &mut self,
        began: Instant,
        now: Instant,
        waiting_since: Instant,
    ) -> Duration {
        let busy = now.since(began);
        self.passes.add(busy, 1);
        let packets = &mut self.packets;
        self.arrivals.retain(|(arrival, count)| {
            let waits = *arrival >= waiting_since;
            if !waits {
                packets.add(now.since(*arrival), *count);
            }
            waits
        });
        busy
    }

    pub(crate) fn named(&self) -> impl Iterator<Item = (String, u64)> {
        let packets = self.packets.named("millrace_core_latency_us");
        packets
            .into_iter()
            .chain(self.passes.named("millrace_pass_us"))
    }
}

#[cfg(test)]
mod tests {
    use sfu_proto::packet::{Route, SocketIndex};

    use super::*;

    fn at(us: u64) -> Instant {
        Instant::from_nanos(us * 1_000)
    }

    fn receive(latency: &mut Latency, us: u64, payload_type: u8) {
        let mut bytes = [0; 20];
        bytes[..2].copy_from_slice(&[0x80, payload_type]);
        latency.received(&Datagram {
            route: Route {
                socket: SocketIndex(0),
                remote: ([192, 0, 2, 1], 9).into(),
            },
            arrival: at(us),
            bytes: &mut bytes,
        });
    }

    fn value(latency: &Latency, name: &str) -> u64 {
        let mut named = latency.named();
        named.find(|(known, _)| known == name).unwrap().1
    }

    #[test]
    fn media_counts_from_its_stamp_and_reports_do_not_count() {
        let mut latency = Latency::new();
        (0..3).for_each(|_| receive(&mut latency, 100, 96));
        receive(&mut latency, 150, 96);
        receive(&mut latency, 150, 200);
        assert_eq!(
            latency.sent(at(180), at(200), Instant::FAR_FUTURE),
            Duration::from_micros(20)
        );
        assert_eq!(
            value(&latency, "millrace_core_latency_us_bucket{le=\"50\"}"),
            1
        );
        assert_eq!(
            value(&latency, "millrace_core_latency_us_bucket{le=\"100\"}"),
            4
        );
        assert_eq!(value(&latency, "millrace_core_latency_us_sum"), 350);
        assert_eq!(value(&latency, "millrace_pass_us_bucket{le=\"25\"}"), 1);
    }

    #[test]
    fn what_waits_for_the_next_pass_counts_when_that_is_sent() {
        let mut latency = Latency::new();
        receive(&mut latency, 0, 96);
        receive(&mut latency, 5, 96);
        latency.sent(at(10), at(20), at(5));
        assert_eq!(value(&latency, "millrace_core_latency_us_count"), 1);
        latency.sent(at(20), at(900), Instant::FAR_FUTURE);
        assert_eq!(value(&latency, "millrace_core_latency_us_count"), 2);
        assert_eq!(
            value(&latency, "millrace_core_latency_us_bucket{le=\"750\"}"),
            1
        );
        assert_eq!(
            value(&latency, "millrace_core_latency_us_bucket{le=\"1000\"}"),
            2
        );
    }

    #[test]
    fn the_list_of_arrivals_does_not_grow() {
        let mut latency = Latency::new();
        let room = latency.arrivals.capacity();
        (0..5_000).for_each(|us| receive(&mut latency, us, 96));
        assert_eq!(latency.arrivals.capacity(), room);
        latency.sent(at(5_000), at(5_001), Instant::FAR_FUTURE);
        assert_eq!(value(&latency, "millrace_core_latency_us_count"), 5_000);
    }
}
