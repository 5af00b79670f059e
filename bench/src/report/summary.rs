//! The figures in the order in which people ask for them: a row a figure, a column a target. The
//! terminal and the page both show this table, so that they can never say different things.

use super::{Bars, Row, Table, Unit};
use crate::figures::{Figures, JoinCost, Percentiles};

/// How a figure is taken from a target's figures and written.
type Show = fn(&Figures) -> Option<String>;

const ROWS: &[(&str, Show)] = &[
    ("viewers", |figures| {
        Some(Unit::Count.show(count(figures.viewers)))
    }),
    ("streams", |figures| {
        Some(Unit::Count.show(count(figures.streams)))
    }),
    ("offered to the viewers", |figures| {
        Some(Unit::PerSecond.show(figures.offered_pps))
    }),
    ("received by them", |figures| {
        Some(Unit::PerSecond.show(figures.forwarded_pps))
    }),
    ("  in bits", |figures| {
        Some(Unit::BitsPerSecond.show(figures.forwarded_bps))
    }),
    ("lost", |figures| Some(loss(figures))),
    ("  by the server", |figures| {
        Some(Unit::Count.show(count(figures.lost_by_core)))
    }),
    ("  by the kernel", |figures| {
        Some(Unit::Count.show(count(figures.lost_by_kernel)))
    }),
    ("  by the generator", |figures| {
        Some(Unit::Count.show(count(figures.lost_by_generator)))
    }),
    ("latency P50", |figures| {
        micros(figures.latency_us, |at| at.p50)
    }),
    ("latency P95", |figures| {
        micros(figures.latency_us, |at| at.p95)
    }),
    ("latency P99", |figures| {
        micros(figures.latency_us, |at| at.p99)
    }),
    ("inside the server P50", |figures| {
        micros(figures.core_latency_us, |at| at.p50)
    }),
    ("inside the server P95", |figures| {
        micros(figures.core_latency_us, |at| at.p95)
    }),
    ("inside the server P99", |figures| {
        micros(figures.core_latency_us, |at| at.p99)
    }),
    ("CPU a packet", |figures| nanos(figures.core_ns_per_packet)),
    ("  by the server's threads", |figures| {
        nanos(figures.core_process_ns_per_packet)
    }),
    ("    user (sampled)", |figures| {
        nanos(figures.core_user_ns_per_packet)
    }),
    ("    system (sampled)", |figures| {
        nanos(figures.core_sys_ns_per_packet)
    }),
    ("  by interrupts beside", |figures| {
        nanos(interrupts(figures))
    }),
    ("packets a CPU-second", |figures| {
        figures
            .core_ns_per_packet
            .filter(|&ns| ns > 0.0)
            .map(|ns| Unit::Count.show(1e9 / ns))
    }),
    ("server's CPU busy", |figures| share(figures.core_busy)),
    ("generator's CPU busy", |figures| {
        share(figures.generator_busy)
    }),
    ("share of the ideal", |figures| {
        figures.share_of_ideal.map(|it| Unit::Share.show(it))
    }),
    ("packets in trains", |figures| {
        figures.train_share.map(|it| Unit::Share.show(it))
    }),
    ("packets a train", |figures| {
        figures.train_mean.map(|it| format!("{it:.1}"))
    }),
    ("memory a stream", |figures| {
        bytes(figures.memory_bytes_per_stream)
    }),
    ("memory before anybody joined", |figures| {
        bytes(figures.memory_bytes_before)
    }),
    ("joins", |figures| {
        figures.joins_per_second.map(|it| Unit::PerSecond.show(it))
    }),
    ("CPU a join", |figures| {
        millis(figures, |it| it.core_ms + it.sidecar_ms + it.participant_ms)
    }),
    ("  core", |figures| millis(figures, |it| it.core_ms)),
    ("    its handshake thread", |figures| {
        millis(figures, |it| it.handshake_thread_ms)
    }),
    ("  sidecar", |figures| millis(figures, |it| it.sidecar_ms)),
    ("  participant", |figures| {
        millis(figures, |it| it.participant_ms)
    }),
    ("joins a second of the core's CPU", |figures| {
        let cost = figures.join_cost.as_ref()?;
        (cost.core_ms > 0.0).then(|| Unit::PerSecond.show(1e3 / cost.core_ms))
    }),
    ("decrypted and compared", |figures| {
        Some(Unit::Count.show(count(figures.decrypted_packets)))
    }),
    ("  of them corrupt", |figures| {
        Some(Unit::Count.show(count(figures.corrupt_packets)))
    }),
    ("driver", |figures| named(&figures.driver)),
    ("SRTP", |figures| named(&figures.srtp_profile)),
];

/// What one cell says of a figure that is not known.
pub(super) const NOT_MEASURED: &str = "not measured";

/// The table, and the rows that no target has measured.
pub(super) fn table<'a>(
    targets: impl Iterator<Item = &'a Figures> + Clone,
) -> (Table, Vec<&'static str>) {
    let columns = targets.clone().map(|figures| figures.target.clone());
    let mut table = Table {
        title: String::new(),
        columns: std::iter::once(String::new()).chain(columns).collect(),
        rows: Vec::new(),
    };
    let mut missing = Vec::new();
    for &(name, show) in ROWS {
        let cells: Vec<_> = targets.clone().map(show).collect();
        if cells.iter().all(Option::is_none) {
            // The parts go with the whole, and the percentiles are one figure.
            let name = name.rsplit_once(" P").map_or(name, |(name, _)| name);
            if !name.starts_with(' ') && !missing.contains(&name) {
                missing.push(name);
            }
            continue;
        }
        let cells = cells
            .into_iter()
            .map(|cell| cell.unwrap_or_else(|| NOT_MEASURED.to_owned()));
        table
            .rows
            .push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
    (table, missing)
}

/// Ours against the peer's, as sentences.
pub(super) fn ratios(figures: &Figures) -> Vec<String> {
    let Some(ratio) = figures.ratio else {
        return Vec::new();
    };
    [
        (
            "packets a CPU-second",
            ratio.packets_per_cpu_second,
            "more is better",
        ),
        ("latency P99", ratio.latency_p99, "less is better"),
        (
            "memory a stream",
            ratio.memory_bytes_per_stream,
            "less is better",
        ),
    ]
    .into_iter()
    // A peer whose memory or latency is unknown leaves no ratio.
    .filter(|(_, value, _)| value.is_finite() && *value > 0.0)
    .map(|(name, value, better)| {
        format!("{name}: {} the peer's ({better})", Unit::Times.show(value))
    })
    .collect()
}

/// Where and how: a line each.
pub(super) fn circumstances(figures: &Figures) -> Vec<(&'static str, String)> {
    let machine = &figures.machine;
    let cpus = if machine.cpu.is_empty() {
        String::new()
    } else {
        format!("{}, {} CPUs", machine.cpu, machine.cpus)
    };
    [
        ("machine", cpus),
        ("kernel", machine.kernel.clone()),
        ("mitigations", machine.mitigations.join(" · ")),
        ("network", figures.network.clone()),
        ("commit", figures.commit.clone()),
        (
            "measured for",
            if figures.seconds > 0.0 {
                format!("{:.1} s", figures.seconds)
            } else {
                String::new()
            },
        ),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

/// The charts for which there are figures.
pub(super) fn charts<'a>(targets: impl Iterator<Item = &'a Figures> + Clone) -> Vec<Bars> {
    let rows = |values: fn(&Figures) -> Vec<Option<f64>>| -> Vec<Row> {
        targets
            .clone()
            .map(|figures| Row::new(&figures.target, values(figures)))
            .collect()
    };
    let names = |parts: &[&str]| parts.iter().map(|&part| part.to_owned()).collect();
    let charts = [
        Bars {
            title: "CPU time a packet".to_owned(),
            note: "Busy time of the server's CPU for each packet that a viewer received. Less is \
                   better."
                .to_owned(),
            unit: Unit::Nanoseconds,
            parts: names(&["the server's threads", "interrupts beside them"]),
            stacked: true,
            rows: rows(|figures| vec![figures.core_process_ns_per_packet, interrupts(figures)]),
        },
        Bars {
            title: "Packets forwarded a second".to_owned(),
            note: "As counted by the viewers. Equal where the load is the same for all.".to_owned(),
            unit: Unit::PerSecond,
            parts: names(&["offered", "received"]),
            stacked: false,
            rows: rows(|figures| vec![Some(figures.offered_pps), Some(figures.forwarded_pps)]),
        },
        Bars {
            title: "Latency".to_owned(),
            note: "From the generator's send to the viewer's receive. Less is better.".to_owned(),
            unit: Unit::Microseconds,
            parts: names(&["P50", "P95", "P99"]),
            stacked: false,
            rows: rows(|figures| spread(figures.latency_us)),
        },
        Bars {
            title: "Latency inside the server".to_owned(),
            note: "From the kernel's receive stamp to the end of the pass that sent it, so to the \
                   last of its viewers."
                .to_owned(),
            unit: Unit::Microseconds,
            parts: names(&["P50", "P95", "P99"]),
            stacked: false,
            rows: rows(|figures| spread(figures.core_latency_us)),
        },
        Bars {
            title: "Memory a forwarded stream".to_owned(),
            note: String::new(),
            unit: Unit::Bytes,
            parts: names(&[""]),
            stacked: false,
            rows: rows(|figures| vec![figures.memory_bytes_per_stream]),
        },
    ];
    charts
        .into_iter()
        .filter(|chart| chart.longest() > 0.0)
        .collect()
}

/// The busy time that is not the server's own: soft interrupts deliver and receive its packets.
fn interrupts(figures: &Figures) -> Option<f64> {
    let own = figures.core_process_ns_per_packet?;
    // The kernel counts the two in different ways; a little less than nothing is nothing.
    Some((figures.core_ns_per_packet? - own).max(0.0))
}

/// All that was lost, and which part of what was offered that is.
pub(super) fn loss(figures: &Figures) -> String {
    let lost = count(lost(figures));
    let share = loss_share(figures).map(|share| format!(" ({})", Unit::Share.show(share)));
    format!("{}{}", Unit::Count.show(lost), share.unwrap_or_default())
}

pub(super) fn lost(figures: &Figures) -> u64 {
    figures.lost_by_core + figures.lost_by_kernel + figures.lost_by_generator
}

pub(super) fn loss_share(figures: &Figures) -> Option<f64> {
    let offered = figures.offered_pps * figures.seconds;
    (offered > 0.0).then(|| count(lost(figures)) / offered)
}

fn spread(percentiles: Option<Percentiles>) -> Vec<Option<f64>> {
    let at = |pick: fn(Percentiles) -> f64| percentiles.map(pick);
    vec![at(|it| it.p50), at(|it| it.p95), at(|it| it.p99)]
}

fn micros(percentiles: Option<Percentiles>, pick: fn(Percentiles) -> f64) -> Option<String> {
    percentiles.map(|percentiles| Unit::Microseconds.show(pick(percentiles)))
}

fn nanos(value: Option<f64>) -> Option<String> {
    value.map(|value| Unit::Nanoseconds.show(value))
}

fn share(value: Option<f64>) -> Option<String> {
    value.map(|value| Unit::Share.show(value))
}

fn bytes(value: Option<f64>) -> Option<String> {
    value.map(|value| Unit::Bytes.show(value))
}

fn millis(figures: &Figures, pick: fn(&JoinCost) -> f64) -> Option<String> {
    let cost = figures.join_cost.as_ref()?;
    Some(Unit::Microseconds.show(1e3 * pick(cost)))
}

fn named(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn count(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Figures {
        Figures {
            target: "millrace".to_owned(),
            offered_pps: 60_000.0,
            seconds: 10.0,
            lost_by_kernel: 600,
            core_ns_per_packet: Some(900.0),
            core_process_ns_per_packet: Some(700.0),
            ..Figures::default()
        }
    }

    fn cell<'a>(table: &'a Table, name: &str) -> &'a [String] {
        &table.rows.iter().find(|row| row[0].trim() == name).unwrap()[1..]
    }

    #[test]
    fn a_figure_that_only_one_has_is_not_a_zero_of_the_other() {
        let peer = Figures {
            target: "janus".to_owned(),
            ..Figures::default()
        };
        let (table, missing) = table([&ours(), &peer].into_iter());
        assert_eq!(table.columns, ["", "millrace", "janus"]);
        assert_eq!(cell(&table, "CPU a packet"), ["900 ns", NOT_MEASURED]);
        assert_eq!(
            cell(&table, "by interrupts beside"),
            ["200 ns", NOT_MEASURED]
        );
        assert!(missing.contains(&"latency"), "{missing:?}");
        assert!(!missing.contains(&"CPU a packet"), "{missing:?}");
    }

    #[test]
    fn loss_names_its_part_of_what_was_offered() {
        assert_eq!(loss(&ours()), "600 (0.1 %)");
        assert_eq!(loss(&Figures::default()), "0");
    }

    #[test]
    fn only_charts_with_something_in_them_are_drawn() {
        let titles: Vec<_> = charts(std::iter::once(&ours()))
            .into_iter()
            .map(|it| it.title)
            .collect();
        assert_eq!(titles, ["CPU time a packet", "Packets forwarded a second"]);
    }
}
