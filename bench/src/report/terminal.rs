//! What stands on the terminal in the end.

use std::fmt::Write as _;

use super::{Record, summary};

/// The circumstances, the table, and what a reader must know to judge it.
pub fn render(record: &Record) -> String {
    let figures = &record.figures;
    let (table, missing) = summary::table(record.targets());
    let mut text = format!("{}\n\n{table}", figures.scenario);
    for line in summary::ratios(figures) {
        push(&mut text, "  ", &line);
    }
    text.push('\n');
    for (name, value) in summary::circumstances(figures) {
        push(&mut text, "  ", &format!("{name}: {value}"));
    }
    if !missing.is_empty() {
        push(
            &mut text,
            "  ",
            &format!("not measured: {}", missing.join(", ")),
        );
    }
    for target in record.targets() {
        for note in &target.notes {
            push(&mut text, "  note: ", &format!("{}: {note}", target.target));
        }
    }
    text
}

fn push(text: &mut String, before: &str, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{before}{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Figures, Ratio};

    #[test]
    fn it_says_whose_loss_what_is_unknown_and_every_note() {
        let figures = Figures {
            scenario: "fanout".to_owned(),
            target: "millrace".to_owned(),
            offered_pps: 60_000.0,
            forwarded_pps: 59_940.0,
            seconds: 10.0,
            lost_by_generator: 600,
            ratio: Some(Ratio {
                packets_per_cpu_second: 15.2,
                latency_p99: 0.5,
                memory_bytes_per_stream: 0.0,
            }),
            notes: vec!["the generator is the limit".to_owned()],
            ..Figures::default()
        };
        let text = render(&Record {
            figures,
            ..Record::default()
        });
        assert!(
            text.contains("by the generator               600"),
            "{text}"
        );
        assert!(
            text.contains("lost                     600 (0.1 %)"),
            "{text}"
        );
        assert!(
            text.contains("packets a CPU-second: 15.2 × the peer's"),
            "{text}"
        );
        assert!(!text.contains("memory a stream:"), "{text}");
        assert!(
            text.contains("not measured: latency, inside the server, CPU a packet"),
            "{text}"
        );
        assert!(
            text.contains("note: millrace: the generator is the limit"),
            "{text}"
        );
    }
}
