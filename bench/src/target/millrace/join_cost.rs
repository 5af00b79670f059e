//! What joins took, of whom, and whom everybody waited for.

use std::fmt;
use std::time::Duration;

use crate::figures;
use crate::lab::usage::{Usage, thread_ns};

/// A CPU with less idle time than this has none left: there are always moments between two tasks.
const FULL: f64 = 0.9;
/// The core's thread that does the handshakes.
const HANDSHAKE_THREAD: &str = "dtls";

/// What a join took.
#[derive(Clone, Debug, Default)]
pub struct JoinCost {
    pub joined: usize,
    pub elapsed: Duration,
    /// Summed over all who joined.
    pub signalling: Duration,
    pub ice: Duration,
    pub dtls: Duration,
    /// `None` for a server that is not ours.
    pub spent: Option<Spent>,
}

/// CPU time of all joins together.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    pub core: Duration,
    /// Of the core's.
    pub handshakes: Duration,
    pub sidecar: Duration,
    /// The synthetic participants'.
    pub own: Duration,
    /// The busy part of the core's CPUs, and of the one that the rest shares.
    pub core_cpu_busy: f64,
    pub load_cpu_busy: f64,
}

impl JoinCost {
    pub fn per_second(&self) -> f64 {
        self.joined as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    pub fn figures(&self) -> Option<figures::JoinCost> {
        let spent = self.spent.as_ref()?;
        let each = |sum: Duration| self.each_ms(sum);
        Some(figures::JoinCost {
            core_ms: each(spent.core),
            handshake_thread_ms: each(spent.handshakes),
            sidecar_ms: each(spent.sidecar),
            participant_ms: each(spent.own),
            core_cpu_busy: spent.core_cpu_busy,
            load_cpu_busy: spent.load_cpu_busy,
            limit: spent.limit().to_owned(),
        })
    }

    fn each_ms(&self, sum: Duration) -> f64 {
        sum.as_secs_f64() * 1e3 / self.joined.max(1) as f64
    }
}

impl Spent {
    /// Whom everybody waited for. Sidecar and participants share a CPU.
    fn limit(&self) -> &'static str {
        let (core, load) = (self.core_cpu_busy >= FULL, self.load_cpu_busy >= FULL);
        match (core, load) {
            (true, _) if 2 * self.handshakes > self.core => "the core's CPU, with handshakes",
            (true, _) => "the core's CPU",
            (false, true) if self.sidecar > self.own => "the load's CPU, mostly with the sidecar",
            (false, true) => "the load's CPU, mostly with the participants: not the server",
            (false, false) => "no CPU: waiting for the store's disk, or for each other",
        }
    }
}

impl fmt::Display for JoinCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} joined in {:.1} s, {:.0} a second; each waited {:.1} ms for signalling, {:.1} ms \
             for ICE, {:.1} ms for DTLS",
            self.joined,
            self.elapsed.as_secs_f64(),
            self.per_second(),
            self.each_ms(self.signalling),
            self.each_ms(self.ice),
            self.each_ms(self.dtls),
        )?;
        let Some(it) = self.figures() else {
            return Ok(());
        };
        write!(
            f,
            "; CPU time of each: core {:.2} ms (its handshake thread {:.2} ms), sidecar {:.2} ms, \
             participant {:.2} ms; the core's CPU was {:.0} % busy, the load's {:.0} %; the limit: \
             {}; the core's CPU alone would carry {:.0} a second",
            it.core_ms,
            it.handshake_thread_ms,
            it.sidecar_ms,
            it.participant_ms,
            100.0 * it.core_cpu_busy,
            100.0 * it.load_cpu_busy,
            it.limit,
            1e3 / it.core_ms.max(f64::EPSILON),
        )
    }
}

/// Whose CPU time is told.
pub(super) struct Watched {
    pub(super) core: u32,
    pub(super) sidecar: u32,
    pub(super) core_cpus: Vec<usize>,
    pub(super) load_cpu: usize,
}

/// Counters at one moment.
pub(super) struct Moment {
    core: Usage,
    handshakes_ns: u64,
    sidecar: Usage,
    own: Usage,
}

impl Watched {
    pub(super) fn now(&self) -> anyhow::Result<Moment> {
        let load = &[self.load_cpu];
        Ok(Moment {
            core: Usage::now(&[self.core], &self.core_cpus)?,
            handshakes_ns: thread_ns(self.core, |name| name == HANDSHAKE_THREAD)?,
            sidecar: Usage::now(&[self.sidecar], load)?,
            own: Usage::now(&[std::process::id()], load)?,
        })
    }
}

impl Moment {
    pub(super) fn since(&self, earlier: &Self) -> Spent {
        let core = self.core.since(&earlier.core);
        let sidecar = self.sidecar.since(&earlier.sidecar);
        let own = self.own.since(&earlier.own);
        let handshakes_ns = self.handshakes_ns.saturating_sub(earlier.handshakes_ns);
        Spent {
            core: Duration::from_nanos(core.processes.total_ns),
            handshakes: Duration::from_nanos(handshakes_ns),
            sidecar: Duration::from_nanos(sidecar.processes.total_ns),
            own: Duration::from_nanos(own.processes.total_ns),
            core_cpu_busy: core.busy_share(),
            load_cpu_busy: own.busy_share(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(core_cpu_busy: f64, load_cpu_busy: f64) -> Spent {
        Spent {
            core: Duration::from_secs(2),
            handshakes: Duration::from_millis(1_500),
            sidecar: Duration::from_secs(1),
            own: Duration::from_secs(3),
            core_cpu_busy,
            load_cpu_busy,
        }
    }

    #[test]
    fn who_is_full_is_the_limit() {
        assert!(spent(0.95, 0.99).limit().contains("with handshakes"));
        assert!(spent(0.3, 0.99).limit().contains("not the server"));
        assert!(spent(0.3, 0.5).limit().starts_with("no CPU"));
    }

    #[test]
    fn cost_is_for_each_who_joined() {
        let cost = JoinCost {
            joined: 1_000,
            elapsed: Duration::from_secs(4),
            spent: Some(spent(0.5, 0.95)),
            ..JoinCost::default()
        };
        let said = cost.to_string();
        assert!(
            said.contains("1000 joined in 4.0 s, 250 a second"),
            "{said}"
        );
        assert!(
            said.contains("core 2.00 ms (its handshake thread 1.50 ms)"),
            "{said}"
        );
        assert!(said.ends_with("alone would carry 500 a second"), "{said}");
        assert_eq!(JoinCost::default().figures(), None);
    }
}
