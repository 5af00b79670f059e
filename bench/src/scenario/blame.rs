//! Whose a loss is.
//!
//! ```text
//!  sender ── did not send in time, or its socket refused ─────────┐
//!  core   ── says it has let it go ────────────► lost_by_core     │
//!  our receiving socket ── had no room ───────────────────────────┴─► lost_by_generator
//!  the rest ── between them, the core's own full socket included ───► lost_by_kernel
//! ```
//!
//! A server that does not count its own losses has the rest, but for what the kernel has dropped at
//! its socket.

use super::server_counters::ServerCounters;
use crate::load::Tally;

/// Above this, both threads of the load together have no reserve on their CPU.
const BUSY_MAX: f64 = 0.9;

/// Packets that viewers should have received and did not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loss {
    pub by_core: u64,
    pub by_kernel: u64,
    pub by_generator: u64,
    /// Of all that should have come, whoever is to blame.
    pub share: f64,
    pub notes: Vec<String>,
}

/// `copies`: how many viewers get each packet, if that is the scenario's to say. `unread`: datagrams
/// that the kernel has dropped at the server's sockets, if it can be asked.
pub fn blame(
    tally: &Tally,
    server: &ServerCounters,
    copies: Option<f64>,
    unread: Option<u64>,
) -> Loss {
    let received = &tally.received;
    let sent = count(tally.sent.packets - tally.sent.refused);
    let missing = copies.map_or(0.0, |copies| sent * copies - count(received.packets));
    // Gaps show no loss at the end of a stream, or of a whole stream.
    let lost = missing.max(count(received.lost));
    let our_socket = count(received.socket_drops).min(lost);
    let unsent = count(tally.sent.late + tally.sent.refused) * copies.unwrap_or(1.0);
    let rest = lost - our_socket;
    let unread = unread.map(count).or_else(|| server.unread());
    let by_core = match server.lost() {
        Some(said) => said.min(rest),
        None => (rest - unread.unwrap_or(0.0) * copies.unwrap_or(1.0)).max(0.0),
    };
    let offered = count(received.packets) + lost + unsent;
    Loss {
        by_core: whole(by_core),
        by_kernel: whole(rest - by_core),
        by_generator: whole(our_socket + unsent),
        share: if offered > 0.0 {
            (lost + unsent) / offered
        } else {
            0.0
        },
        notes: notes(tally, unread.unwrap_or(0.0)),
    }
}

fn notes(tally: &Tally, unread: f64) -> Vec<String> {
    let (sent, received) = (&tally.sent, &tally.received);
    let busy = tally.busy();
    let mut notes = Vec::new();
    let is_limit = sent.late > 0 || received.socket_drops > 0 || busy > BUSY_MAX;
    if is_limit {
        notes.push(format!(
            "the generator is the limit: its CPU was {:.0} % busy with sending and receiving, it \
             gave up {} packets of its timetable and dropped {} at its own socket",
            busy * 100.0,
            sent.late,
            received.socket_drops
        ));
    }
    if sent.refused > 0 {
        notes.push(format!(
            "the kernel refused {} packets of the generator's",
            sent.refused
        ));
    }
    if unread > 0.0 {
        notes.push(format!(
            "the server did not read {unread} datagrams in time: its receive buffer was full"
        ));
    }
    if received.nacked > 0 {
        notes.push(format!(
            "the server asked for {} packets again, and did not get them",
            received.nacked
        ));
    }
    notes
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn count(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that is not negative"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::load::{Received, Sent};

    fn tally(sent: Sent, received: Received) -> Tally {
        Tally {
            seconds: 10.0,
            sent,
            received,
        }
    }

    fn server(refused: f64) -> ServerCounters {
        let counters = [
            ("millrace_io_send_refused_total", refused),
            ("millrace_io_send_failed_total", 0.0),
        ];
        let after = counters
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        ServerCounters::between(&BTreeMap::new(), &after)
    }

    #[test]
    fn each_loss_is_put_down_to_one() {
        let tally = tally(
            Sent {
                packets: 1_000,
                late: 10,
                ..Sent::default()
            },
            Received {
                packets: 9_900,
                lost: 100,
                socket_drops: 30,
                ..Received::default()
            },
        );
        let loss = blame(&tally, &server(50.0), Some(10.0), None);
        assert_eq!((loss.by_core, loss.by_kernel), (50, 20));
        assert_eq!(loss.by_generator, 30 + 100);
        assert!((loss.share - 200.0 / 10_100.0).abs() < 1e-9);
        assert!(loss.notes[0].contains("the generator is the limit"));
    }

    #[test]
    fn a_stream_that_never_came_is_lost_without_a_gap() {
        let sent = Sent {
            packets: 100,
            ..Sent::default()
        };
        let received = Received {
            packets: 900,
            ..Received::default()
        };
        let loss = blame(&tally(sent, received), &server(0.0), Some(10.0), None);
        assert_eq!((loss.by_kernel, loss.by_generator), (100, 0));
    }

    #[test]
    fn a_server_that_does_not_count_has_the_rest() {
        let sent = Sent {
            packets: 100,
            ..Sent::default()
        };
        let received = Received {
            packets: 900,
            lost: 100,
            ..Received::default()
        };
        let silent = ServerCounters::default();
        let loss = blame(&tally(sent, received), &silent, Some(10.0), Some(3));
        assert_eq!((loss.by_core, loss.by_kernel), (70, 30));
    }

    #[test]
    fn a_sound_run_has_neither_loss_nor_notes() {
        let sent = Sent {
            packets: 100,
            ..Sent::default()
        };
        let received = Received {
            packets: 1_000,
            ..Received::default()
        };
        let loss = blame(&tally(sent, received), &server(0.0), Some(10.0), None);
        assert_eq!(loss, Loss::default());
    }

    #[test]
    fn a_busy_generator_says_so() {
        let sent = Sent {
            busy_nanos: 4_000_000_000,
            ..Sent::default()
        };
        let received = Received {
            busy_nanos: 5_500_000_000,
            ..Received::default()
        };
        let loss = blame(&tally(sent, received), &server(0.0), Some(1.0), None);
        assert!(loss.notes[0].contains("95 % busy"), "{:?}", loss.notes);
    }
}
