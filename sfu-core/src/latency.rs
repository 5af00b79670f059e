//! How long media stays in the core: from the kernel's stamp of its arrival to the end of the send
//! of the pass that forwarded it.
//!
//! ```text
//!  stamp ── socket, gathering ── pass begins ── unprotect … protect ── send ── clock read
//!  |<------------------------------- one packet's latency ------------------------->|
//! ```

use std::time::Duration;

use sfu_proto::shard::Moments;
use sfu_proto::time::Instant;

use crate::histogram::Histogram;

#[derive(Debug, Default)]
pub(crate) struct Latency {
    packets: Histogram,
    passes: Histogram,
}

impl Latency {
    /// A pass that began at `began` has sent at `now` what it has forwarded. Each packet that came
    /// counts once, when its last viewer's copy has left.
    pub(crate) fn sent(
        &mut self,
        began: Instant,
        now: Instant,
        forwarded: &mut Moments,
    ) -> Duration {
        let busy = now.since(began);
        self.passes.add(busy, 1);
        for (arrival, packets) in forwarded.drain() {
            self.packets.add(now.since(arrival), packets);
        }
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
    use super::*;

    #[test]
    fn each_name_is_told_and_a_pass_without_media_counts_as_a_pass_alone() {
        let mut latency = Latency::default();
        let at = |us: u64| Instant::from_nanos(us * 1_000);
        let busy = latency.sent(at(180), at(200), &mut Moments::with_room_for(4));
        assert_eq!(busy, Duration::from_micros(20));
        let value = |name: &str| {
            let mut named = latency.named();
            named.find(|(known, _)| known == name).unwrap().1
        };
        assert_eq!(value("millrace_pass_us_bucket{le=\"25\"}"), 1);
        assert_eq!(value("millrace_pass_us_count"), 1);
        assert_eq!(value("millrace_core_latency_us_count"), 0);
    }

    #[test]
    fn media_counts_from_its_stamp_to_the_end_of_the_send() {
        let mut latency = Latency::default();
        let at = |us: u64| Instant::from_nanos(us * 1_000);
        let mut forwarded = Moments::with_room_for(4);
        forwarded.add(at(100), 3);
        forwarded.add(at(150), 1);
        latency.sent(at(180), at(200), &mut forwarded);
        let value = |name: &str| {
            let mut named = latency.named();
            named.find(|(known, _)| known == name).unwrap().1
        };
        assert_eq!(value("millrace_core_latency_us_bucket{le=\"50\"}"), 1);
        assert_eq!(value("millrace_core_latency_us_bucket{le=\"100\"}"), 4);
        assert_eq!(value("millrace_core_latency_us_sum"), 350);
    }
}
