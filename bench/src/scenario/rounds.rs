//! Two servers in turn, in one run: A, B, A, B, … Each round begins with a fresh server, so that
//! neither pays for the other's idling, and drifts of the machine meet both alike.

use super::console::Console;
use super::plan::Scenario;
use super::run::{Measured, Running};
use super::settings::{Place, Settings};
use crate::figures::{Figures, Ratio};
use crate::target::Target;

/// Starts a server anew.
pub type Start<'a> = Box<dyn FnMut() -> anyhow::Result<Box<dyn Target>> + 'a>;

/// Runs the scenario `rounds` times against each, alternating. For each contender: its median round.
pub fn alternate(
    contenders: &mut [Start<'_>],
    rounds: u32,
    scenario: &Scenario,
    settings: &Settings,
    place: &Place,
    console: &Console,
) -> anyhow::Result<Vec<Measured>> {
    let seconds = settings.seconds.unwrap_or(scenario.seconds);
    let mut measured: Vec<Vec<Measured>> = contenders.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        for (start, results) in contenders.iter_mut().zip(&mut measured) {
            if rounds > 1 {
                console.say(&format!("round {round} of {rounds}"));
            }
            let mut running = Running::join(scenario, start()?, settings, place, console)?;
            results.push(match settings.search {
                true => running.search(seconds)?,
                false => running.measure(1.0, seconds)?,
            });
        }
    }
    Ok(measured.into_iter().filter_map(median).collect())
}

/// The round whose cost a packet lies in the middle; the others stand in its notes.
fn median(mut rounds: Vec<Measured>) -> Option<Measured> {
    let cost = |measured: &Measured| measured.figures.core_ns_per_packet.unwrap_or(f64::INFINITY);
    let all: Vec<String> = rounds
        .iter()
        .map(|round| format!("{:.0}", cost(round)))
        .collect();
    rounds.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
    let corrupt = rounds
        .iter()
        .map(|round| round.figures.corrupt_packets)
        .sum();
    let middle = rounds.len().checked_sub(1)? / 2;
    let mut median = rounds.swap_remove(middle);
    // What is wrong in any round is wrong.
    median.figures.corrupt_packets = corrupt;
    // Of a server that runs somewhere else no cost is known.
    if all.len() > 1 && median.figures.core_ns_per_packet.is_some() {
        median.figures.notes.push(format!(
            "the median of {} rounds; CPU a packet in each: {} ns",
            all.len(),
            all.join(", ")
        ));
    }
    Some(median)
}

/// Ours divided by the peer's. A figure that either lacks is left at zero, which the report leaves
/// out.
pub fn ratio(ours: &Figures, peer: &Figures) -> Ratio {
    let of = |ours: Option<f64>, peer: Option<f64>| match (ours, peer) {
        (Some(ours), Some(peer)) if peer > 0.0 => ours / peer,
        _ => 0.0,
    };
    let p99 = |figures: &Figures| figures.latency_us.map(|latency| latency.p99);
    Ratio {
        // Packets a CPU-second are one divided by the cost.
        packets_per_cpu_second: of(peer.core_ns_per_packet, ours.core_ns_per_packet),
        latency_p99: of(p99(ours), p99(peer)),
        memory_bytes_per_stream: of(ours.memory_bytes_per_stream, peer.memory_bytes_per_stream),
    }
}

/// The ideal's cost divided by ours.
pub fn share_of_ideal(ours: &Figures, ideal: &Figures) -> Option<f64> {
    Some(ideal.core_ns_per_packet? / ours.core_ns_per_packet.filter(|cost| *cost > 0.0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Percentiles;
    use crate::report::Series;

    fn figures(cost: f64) -> Figures {
        Figures {
            core_ns_per_packet: Some(cost),
            latency_us: Some(Percentiles {
                p99: cost / 2.0,
                ..Percentiles::default()
            }),
            ..Figures::default()
        }
    }

    #[test]
    fn the_median_round_is_taken_and_all_are_named() {
        let rounds = [900.0, 700.0, 800.0].map(|cost| Measured {
            figures: Figures {
                corrupt_packets: 1,
                ..figures(cost)
            },
            lost_share: 0.0,
            series: Series::default(),
        });
        let median = median(rounds.into()).unwrap();
        assert_eq!(median.figures.core_ns_per_packet, Some(800.0));
        assert_eq!(median.figures.corrupt_packets, 3);
        assert!(median.figures.notes[0].contains("900, 700, 800 ns"));
    }

    #[test]
    fn ratios_are_ours_by_theirs() {
        let ratio = ratio(&figures(1_000.0), &figures(15_000.0));
        assert!((ratio.packets_per_cpu_second - 15.0).abs() < 1e-9);
        assert!((ratio.latency_p99 - 1.0 / 15.0).abs() < 1e-9);
        assert_eq!(ratio.memory_bytes_per_stream, 0.0, "not known");
        let share = share_of_ideal(&figures(1_000.0), &figures(850.0)).unwrap();
        assert!((share - 0.85).abs() < 1e-9);
    }
}
