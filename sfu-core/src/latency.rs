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
