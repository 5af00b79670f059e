//! What a shard has counted since it started: plain numbers that only its thread touches.

use crate::dropped::Dropped;

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        #[derive(Clone, Debug)]
        pub struct Counters {
            dropped: [u64; Dropped::COUNT],
            $($(#[$doc])* pub $field: u64,)*
        }

        impl Default for Counters {
            fn default() -> Self {
                Self { dropped: [0; Dropped::COUNT], $($field: 0,)* }
            }
        }

        impl Counters {
            /// Every counter under its metric name, labels included.
            pub fn named(&self) -> Vec<(String, u64)> {
                let mut named = vec![$((
                    concat!("millrace_", stringify!($field), "_total").to_owned(),
                    self.$field,
                ),)*];
                named.extend(Dropped::ALL.iter().map(|why| (
                    format!("millrace_dropped_total{{reason=\"{}\"}}", why.name()),
                    self.dropped(*why),
                )));
                named
            }
        }
    };
}

counters! {
    /// Datagrams that came in.
    datagrams_received,
    /// Media packets accepted from publishers, repairs included.
    packets_received,
    /// Media packets sent to viewers for the first time.
    packets_forwarded,
    /// Media packets handed over to other workers' parts of a meeting.
    packets_handed_over,
    /// Media packets that other workers have handed over.
    packets_taken_over,
    /// Packets sent again because a viewer asked.
    packets_resent,
    /// Packets that publishers were asked to repeat.
    repairs_requested,
    /// Repairs that came.
    repairs_received,
    /// Key frames that publishers were asked for.
    keyframes_requested,
    /// Times a slot went over to another layer or source.
    slot_switches,
    /// Times a send batch was full and left before all was forwarded.
    batch_full,
    /// Times a layer's cache wanted to grow and there was no memory left to lend.
    cache_chunks_refused,
    /// STUN checks answered.
    checks_answered,
    /// Sessions that reached `Open`.
    sessions_opened,
    /// Sessions that ended, for whatever reason.
    sessions_closed,
}

impl Counters {
    pub fn drop(&mut self, why: Dropped) {
        self.dropped[why as usize] += 1;
    }

    pub fn dropped(&self, why: Dropped) -> u64 {
        self.dropped[why as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_counter() {
        let mut counters = Counters::default();
        for (times, why) in Dropped::ALL.iter().enumerate() {
            (0..times).for_each(|_| counters.drop(*why));
        }
        for (times, why) in Dropped::ALL.iter().enumerate() {
            assert_eq!(counters.dropped(*why), times as u64);
        }
        assert!(counters.named().contains(&(
            "millrace_dropped_total{reason=\"srtp_replayed\"}".to_owned(),
            counters.dropped(Dropped::SrtpReplayed),
        )));
    }
}
