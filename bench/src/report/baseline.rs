//! Watch for regressions: today's figures against those of an earlier run. Only like is compared
//! with like; what differs too much to compare is said instead.

use std::fmt::{self, Display, Formatter};

use super::{Table, Unit, summary};
use crate::figures::Figures;

/// Loads that differ by more than this are different loads: what a packet costs depends on how many
/// there are.
const SAME_LOAD: f64 = 0.02;

/// A loss below this is noise, whatever it is a multiple of.
const LOSS_NOISE: f64 = 0.000_1;

/// One figure in both runs.
#[derive(Clone, Debug)]
pub struct Change {
    pub name: &'static str,
    pub before: f64,
    pub now: f64,
    /// Worse by more than the caller puts up with.
    pub worse: bool,
    unit: Unit,
}

#[derive(Clone, Debug)]
pub enum Comparison {
    Compared(Vec<Change>),
    /// Why nothing can be concluded, a reason each.
    Incomparable(Vec<String>),
}

/// A figure, its unit, and whether more of it is better.
struct Measure {
    name: &'static str,
    unit: Unit,
    more_is_better: bool,
    /// Changes below this are noise.
    noise: f64,
    take: fn(&Figures) -> Option<f64>,
}

const fn less(name: &'static str, unit: Unit, take: fn(&Figures) -> Option<f64>) -> Measure {
    Measure {
        name,
        unit,
        more_is_better: false,
        noise: 0.0,
        take,
    }
}

const fn more(name: &'static str, unit: Unit, take: fn(&Figures) -> Option<f64>) -> Measure {
    Measure {
        name,
        unit,
        more_is_better: true,
        noise: 0.0,
        take,
    }
}

const MEASURES: &[Measure] = &[
    more("received", Unit::PerSecond, |it| Some(it.forwarded_pps)),
    Measure {
        noise: LOSS_NOISE,
        ..less("lost", Unit::Share, summary::loss_share)
    },
    less("latency P50", Unit::Microseconds, |it| {
        it.latency_us.map(|at| at.p50)
    }),
    less("latency P99", Unit::Microseconds, |it| {
        it.latency_us.map(|at| at.p99)
    }),
    less("inside the server P99", Unit::Microseconds, |it| {
        it.core_latency_us.map(|at| at.p99)
    }),
    less("CPU a packet", Unit::Nanoseconds, |it| {
        it.core_ns_per_packet
    }),
    more("share of the ideal", Unit::Share, |it| it.share_of_ideal),
    more("packets in trains", Unit::Share, |it| it.train_share),
    less("memory a stream", Unit::Bytes, |it| {
        it.memory_bytes_per_stream
    }),
    more("joins", Unit::PerSecond, |it| it.joins_per_second),
];

impl Comparison {
    /// Of two runs whose rate the scenario says. `tolerance` is the share by which a figure may be
    /// worse: 0.1 lets 100 become 110.
    pub fn new(before: &Figures, now: &Figures, tolerance: f64) -> Self {
        let mut reasons = differences(before, now);
        reasons.extend(other_load(before, now));
        Self::unless(reasons, before, now, tolerance)
    }

    /// Of two runs that sought their sustained limit: the rate is what they have found out.
    pub fn at_limit(before: &Figures, now: &Figures, tolerance: f64) -> Self {
        Self::unless(differences(before, now), before, now, tolerance)
    }

    fn unless(reasons: Vec<String>, before: &Figures, now: &Figures, tolerance: f64) -> Self {
        if !reasons.is_empty() {
            return Self::Incomparable(reasons);
        }
        let mut changes: Vec<_> = MEASURES
            .iter()
            .filter_map(|measure| measure.change(before, now, tolerance))
            .collect();
        // One corrupt packet is a fault, not a figure.
        let corrupt = |figures: &Figures| {
            if figures.corrupt_packets > 0 {
                1.0
            } else {
                0.0
            }
        };
        if corrupt(before) + corrupt(now) > 0.0 {
            changes.push(Change {
                name: "runs with corrupt packets",
                before: corrupt(before),
                now: corrupt(now),
                worse: corrupt(now) > 0.0,
                unit: Unit::Count,
            });
        }
        Self::Compared(changes)
    }

    /// What got worse by more than was allowed.
    pub fn regressions(&self) -> impl Iterator<Item = &Change> {
        let changes: &[Change] = match self {
            Self::Compared(changes) => changes,
            Self::Incomparable(_) => &[],
        };
        changes.iter().filter(|change| change.worse)
    }
}

impl Measure {
    fn change(&self, before: &Figures, now: &Figures, tolerance: f64) -> Option<Change> {
        let (before, now) = ((self.take)(before)?, (self.take)(now)?);
        let worsening = if self.more_is_better {
            before - now
        } else {
            now - before
        };
        let worse = worsening > self.noise.max(before.abs() * tolerance);
        Some(Change {
            name: self.name,
            before,
            now,
            worse,
            unit: self.unit,
        })
    }
}

/// Everything that makes two runs different experiments.
fn differences(before: &Figures, now: &Figures) -> Vec<String> {
    // A new version of the same server is what is to be compared.
    let server = |figures: &Figures| figures.target.split(' ').next().unwrap_or("").to_owned();
    let same = [
        ("scenario", before.scenario.clone(), now.scenario.clone()),
        ("target", server(before), server(now)),
        ("network", before.network.clone(), now.network.clone()),
        ("CPU", before.machine.cpu.clone(), now.machine.cpu.clone()),
        (
            "number of CPUs",
            before.machine.cpus.to_string(),
            now.machine.cpus.to_string(),
        ),
        (
            "kernel",
            before.machine.kernel.clone(),
            now.machine.kernel.clone(),
        ),
        (
            "mitigations",
            before.machine.mitigations.join("; "),
            now.machine.mitigations.join("; "),
        ),
        (
            "SRTP profile",
            before.srtp_profile.clone(),
            now.srtp_profile.clone(),
        ),
        (
            "viewers",
            before.viewers.to_string(),
            now.viewers.to_string(),
        ),
        (
            "streams",
            before.streams.to_string(),
            now.streams.to_string(),
        ),
    ];
    same.into_iter()
        .filter(|(_, before, now)| before != now)
        .map(|(name, before, now)| format!("the {name} differs: {before:?} then, {now:?} now"))
        .collect()
}

fn other_load(before: &Figures, now: &Figures) -> Option<String> {
    let (then, today) = (before.offered_pps, now.offered_pps);
    let differs = (then - today).abs() > then.max(today) * SAME_LOAD;
    let [then, today] = [then, today].map(|pps| Unit::PerSecond.show(pps));
    differs.then(|| format!("the load differs: {then} then, {today} now"))
}

impl Display for Comparison {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let changes = match self {
            Self::Incomparable(reasons) => {
                writeln!(
                    out,
                    "Not compared with the baseline, these were different runs:"
                )?;
                return reasons
                    .iter()
                    .try_for_each(|reason| writeln!(out, "  {reason}"));
            }
            Self::Compared(changes) => changes,
        };
        let rows = changes.iter().map(|change| {
            let times = change.now / change.before;
            let times = if times.is_finite() {
                Unit::Times.show(times)
            } else {
                "–".to_owned()
            };
            let verdict = if change.worse { "worse" } else { "" };
            let [before, now] = [change.before, change.now].map(|value| change.unit.show(value));
            vec![
                change.name.to_owned(),
                before,
                now,
                times,
                verdict.to_owned(),
            ]
        });
        let table = Table {
            title: "Against the baseline".to_owned(),
            columns: ["", "before", "now", "now / before", ""]
                .map(str::to_owned)
                .to_vec(),
            rows: rows.collect(),
        };
        write!(out, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Percentiles;

    fn figures() -> Figures {
        Figures {
            scenario: "fanout".to_owned(),
            target: "millrace 0.1.0".to_owned(),
            viewers: 50,
            seconds: 10.0,
            offered_pps: 15_000.0,
            forwarded_pps: 15_000.0,
            latency_us: Some(Percentiles {
                p50: 100.0,
                p95: 200.0,
                p99: 400.0,
            }),
            core_ns_per_packet: Some(1_000.0),
            share_of_ideal: Some(0.9),
            ..Figures::default()
        }
    }

    fn worse(before: &Figures, now: &Figures) -> Vec<&'static str> {
        Comparison::new(before, now, 0.1)
            .regressions()
            .map(|change| change.name)
            .collect()
    }

    #[test]
    fn only_what_is_worse_by_more_than_the_tolerance_is_a_regression() {
        let mut now = figures();
        now.core_ns_per_packet = Some(1_090.0);
        now.share_of_ideal = Some(0.95);
        assert!(worse(&figures(), &now).is_empty());
        now.core_ns_per_packet = Some(1_120.0);
        now.share_of_ideal = Some(0.7);
        now.latency_us = Some(Percentiles {
            p99: 300.0,
            ..Percentiles::default()
        });
        assert_eq!(
            worse(&figures(), &now),
            ["CPU a packet", "share of the ideal"]
        );
        let text = Comparison::new(&figures(), &now, 0.1).to_string();
        assert!(text.contains("1.12 ×   worse"), "{text}");
    }

    #[test]
    fn the_first_lost_packets_are_a_regression_unless_they_are_noise() {
        let mut now = figures();
        now.lost_by_core = 10;
        assert!(worse(&figures(), &now).is_empty());
        now.lost_by_core = 1_000;
        assert_eq!(worse(&figures(), &now), ["lost"]);
    }

    #[test]
    fn a_figure_that_one_run_lacks_is_left_out() {
        let mut now = figures();
        now.core_ns_per_packet = None;
        let Comparison::Compared(changes) = Comparison::new(&figures(), &now, 0.1) else {
            panic!("the runs are alike");
        };
        assert!(changes.iter().all(|change| change.name != "CPU a packet"));
    }

    #[test]
    fn a_corrupt_packet_is_worse_at_any_tolerance() {
        let now = Figures {
            corrupt_packets: 1,
            ..figures()
        };
        assert_eq!(worse(&figures(), &now), ["runs with corrupt packets"]);
    }

    #[test]
    fn different_experiments_are_not_compared_and_the_reasons_are_said() {
        let mut now = Figures {
            network: "lo".to_owned(),
            offered_pps: 16_000.0,
            ..figures()
        };
        now.machine.cpus = 64;
        let comparison = Comparison::new(&figures(), &now, 0.1);
        let text = comparison.to_string();
        for reason in [
            "network",
            "number of CPUs",
            "load differs: 15,000/s then, 16,000/s now",
        ] {
            assert!(text.contains(reason), "{text}");
        }
        assert_eq!(comparison.regressions().count(), 0);
        // A newer version is the point of it.
        let now = Figures {
            target: "millrace 0.2.0".to_owned(),
            ..figures()
        };
        assert!(matches!(
            Comparison::new(&figures(), &now, 0.1),
            Comparison::Compared(_)
        ));
    }

    #[test]
    fn at_the_sustained_limit_the_rate_itself_is_compared() {
        let mut now = Figures {
            offered_pps: 9_000.0,
            forwarded_pps: 9_000.0,
            ..figures()
        };
        now.latency_us = None;
        let comparison = Comparison::at_limit(&figures(), &now, 0.1);
        let names: Vec<_> = comparison.regressions().map(|change| change.name).collect();
        assert_eq!(names, ["received"]);
    }
}
