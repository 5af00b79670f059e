//! Hands over what came in this pass, to the parts that have viewers of it.

use super::super::chunks::Chunks;
use super::super::meeting::Meeting;
use super::elsewhere::{FORGOTTEN_AFTER, LayerOrigin};
use super::message::{Message, PacketNews, encode};
use crate::counters::Counters;
use crate::dropped::Dropped;
use crate::ids::MeetingId;
use crate::time::Instant;

/// The way to the other workers: one ring each.
pub trait Handover {
    /// Lets `write` write one message of at most `HANDOVER_BYTES_MAX` bytes for worker `to` and say
    /// how long it is; false if there is no room, or no way.
    fn push(&mut self, to: u8, write: impl FnOnce(&mut [u8]) -> usize) -> bool;
}

/// The same for one meeting, and it counts.
pub(super) struct Post<'a, H> {
    pub(super) meeting: MeetingId,
    pub(super) way: &'a mut H,
    pub(super) counters: &'a mut Counters,
}

impl<H: Handover> Post<'_, H> {
    pub(super) fn tell(&mut self, worker: u8, message: &Message<'_>) -> bool {
        let meeting = self.meeting;
        let is_taken = self.way.push(worker, |out| encode(meeting, message, out));
        if !is_taken {
            self.counters.drop(Dropped::HandoverFull);
        }
        is_taken
    }

    pub(super) fn tell_all(&mut self, workers: &[u8], message: &Message<'_>) -> bool {
        // Each is told, although one has no room.
        let missed = workers
            .iter()
            .filter(|worker| !self.tell(**worker, message));
        missed.count() == 0
    }
}

impl Meeting {
    /// Tells the other parts what has changed, then hands over the media of this pass. `is_turn`:
    /// also what goes by the clock.
    pub(crate) fn hand_over<H: Handover>(
        &mut self,
        now: Instant,
        is_turn: bool,
        way: &mut H,
        chunks: &mut Chunks,
        counters: &mut Counters,
    ) {
        let Some(elsewhere) = &mut self.elsewhere else {
            return;
        };
        let is_turn = is_turn || core::mem::take(&mut elsewhere.has_news);
        let mut post = Post {
            meeting: self.id,
            way,
            counters,
        };
        if is_turn {
            // Taken out and put back: announcing borrows the meeting.
            let others = core::mem::take(&mut elsewhere.others);
            for track in elsewhere.gone.drain(..) {
                post.tell_all(&others, &Message::Gone { track });
            }
            self.announce(now, &others, &mut post);
            if let Some(elsewhere) = &mut self.elsewhere {
                elsewhere.others = others;
            }
            self.say_wishes(now, &mut post);
            self.forget_remote(chunks, |origin| now.since(origin.heard) >= FORGOTTEN_AFTER);
        }
        if self.has_media {
            self.hand_over_media(chunks, &mut post);
        }
    }

    fn hand_over_media<H: Handover>(&mut self, chunks: &Chunks, post: &mut Post<'_, H>) {
        for index in &self.arriving {
            let Some(layer) = self.layers.get_mut(*index) else {
                continue;
            };
            let handed_over = layer.note_handed_over();
            let LayerOrigin::Here { wanted_by } = &layer.origin else {
                continue;
            };
            if wanted_by.is_empty() {
                continue;
            }
            for packet in layer.arrived()[handed_over..]
                .iter()
                .filter_map(|it| layer.packet(*it, chunks))
            {
                let news = Message::Packet(PacketNews {
                    layer: layer.key,
                    sequence: packet.sequence,
                    arrival: layer.last_arrival().unwrap_or_default(),
                    info: packet.info,
                    payload: packet.payload,
                });
                for (worker, _) in wanted_by {
                    let is_taken = post.tell(*worker, &news);
                    post.counters.packets_handed_over += u64::from(is_taken);
                }
            }
        }
    }
}
