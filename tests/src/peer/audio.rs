//! What a peer hears in one audio slot.

use sfu_proto::rtp::sequence::Widener;
use sfu_proto::time::Instant;

use super::media::Marks;
use super::slot::Packet;

/// A packet that was played.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    pub at: Instant,
    pub participant: u32,
    pub sent: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    sequence: u64,
    timestamp: u32,
    marks: Marks,
}

#[derive(Debug, Default)]
pub struct AudioSlot {
    widener: Widener,
    last: Option<Last>,
    pub heard: Vec<Heard>,
    /// Times another voice came in.
    pub switches: u64,
    pub faults: Vec<String>,
}

impl AudioSlot {
    pub fn receive(&mut self, now: Instant, packet: &Packet) {
        let Some(marks) = Marks::of_audio(&packet.payload) else {
            self.faults.push("audio without marks".to_owned());
            return;
        };
        let sequence = self.widener.widen(packet.sequence);
        if packet.csrc != Some(marks.participant) {
            self.faults.push(format!(
                "CSRC {:?} on the voice of {}",
                packet.csrc, marks.participant
            ));
        }
        if let Some(last) = self.last {
            if sequence <= last.sequence {
                return; // Too late to be played.
            }
            self.follow(last, sequence, packet, &marks);
        }
        self.last = Some(Last {
            sequence,
            timestamp: packet.timestamp,
            marks,
        });
        self.heard.push(Heard {
            at: now,
            participant: marks.participant,
            sent: marks.sent,
        });
    }

    fn follow(&mut self, last: Last, sequence: u64, packet: &Packet, marks: &Marks) {
        let advance = packet.timestamp.wrapping_sub(last.timestamp);
        if advance == 0 || advance >= 1 << 31 {
            self.faults
                .push(format!("audio time went back at sequence {sequence}"));
        }
        let is_next = sequence == last.sequence + 1;
        let other = marks.participant != last.marks.participant;
        self.switches += u64::from(other);
        if is_next && other && !packet.marker {
            self.faults
                .push(format!("voice changes without a marker at {sequence}"));
        }
        if is_next && !packet.marker && marks.frame != last.marks.frame + 1 {
            self.faults.push(format!(
                "packet {} of {} follows {} without a gap",
                marks.frame, marks.participant, last.marks.frame
            ));
        }
    }
}
