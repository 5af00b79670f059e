//! One session's side of a meeting: the slots in which it receives, and the tracks it publishes.

use slab::Slab;

use super::layer::{Layer, LayerKey};
use super::slot::Slot;
use super::track::TrackKey;
use crate::control::{SlotKind, SlotState, Wanted};
use crate::dropped::Dropped;
use crate::ids::{ParticipantId, SessionId, Ssrc};
use crate::session::{Egress, SessionKey};

/// A session's place in its meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SubscriberKey(pub usize);

#[derive(Debug)]
pub(crate) struct Subscriber {
    pub session: SessionKey,
    pub id: SessionId,
    pub participant: ParticipantId,
    /// Its transport can carry media. Before that a key frame would come and go unseen.
    pub is_open: bool,
    /// What it publishes, one for each line.
    pub tracks: Vec<TrackKey>,
    pub slots: Vec<Slot>,
    /// Which cameras the page shows; `None` leaves the choice to us.
    pub watch: Option<Vec<Wanted>>,
    /// What the slots carry has changed since it was last reported.
    pub slots_changed: bool,
}

/// Pixels of height we take a picture for when the page does not say: by how many share it.
const fn height_among(count: usize) -> u16 {
    match count {
        0..=1 => 720,
        2..=4 => 360,
        _ => 180,
    }
}

impl Subscriber {
    /// Everything of this round for one slot; false if the batch has no room for what it may send.
    pub(crate) fn forward(
        &mut self,
        egress: &mut Egress<'_>,
        layers: &Slab<Layer>,
        slot: usize,
    ) -> bool {
        let Some(slot) = self.slots.get_mut(slot) else {
            return true;
        };
        let waiting = slot.sources().filter_map(|key| layer(layers, key));
        if !egress.has_room(waiting.clone().map(|layer| layer.round().len()).sum()) {
            return false;
        }
        let chunks = egress.chunks;
        let Some(mut viewer) = egress.to(self.session) else {
            return true;
        };
        for layer in waiting {
            for sequence in layer.round() {
                let Some((outgoing, switched)) = slot.take(layer, *sequence, chunks) else {
                    if layer.packet(*sequence, chunks).is_none() {
                        viewer.counters.drop(Dropped::ForwardTooLate);
                    }
                    continue;
                };
                self.slots_changed |= switched;
                viewer.counters.slot_switches += u64::from(switched);
                if viewer.protect(&outgoing) {
                    slot.count_sent(outgoing.payload.len());
                    viewer.counters.packets_forwarded += 1;
                }
            }
        }
        true
    }

    /// Sends again what left as `sequence` of the slot whose source is `source`.
    pub(crate) fn repair(
        &mut self,
        egress: &mut Egress<'_>,
        layers: &Slab<Layer>,
        source: Ssrc,
        sequence: u16,
    ) -> Result<(), Dropped> {
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| slot.source.ssrc == source.0)
            .ok_or(Dropped::RtpUnknownSource)?;
        let (key, sequence_in) = slot.origin(sequence).ok_or(Dropped::NackExpired)?;
        let layer = layer(layers, key).ok_or(Dropped::NackExpired)?;
        let packet = layer
            .packet(sequence_in, egress.chunks)
            .ok_or(Dropped::NackExpired)?;
        let mut viewer = egress.to(self.session).ok_or(Dropped::UnknownAddress)?;
        let outgoing = slot
            .repeat(layer, sequence, &packet)
            .ok_or(Dropped::NackExpired)?;
        if viewer.protect(&outgoing) {
            viewer.counters.packets_resent += 1;
        }
        Ok(())
    }

    /// The height we take for its pictures when the page does not say.
    pub(crate) fn picture_height(&self) -> u16 {
        let is_picture = |slot: &&Slot| slot.kind == SlotKind::Video && slot.assigned.is_some();
        height_among(self.slots.iter().filter(is_picture).count())
    }

    /// What each slot carries now.
    pub(crate) fn slot_states(&self, layers: &Slab<Layer>) -> Vec<SlotState> {
        self.slots
            .iter()
            .map(|slot| SlotState {
                mid: slot.mid,
                kind: slot.kind,
                showing: slot
                    .showing
                    .and_then(|key| layer(layers, key))
                    .map(|layer| (layer.participant, layer.source)),
            })
            .collect()
    }
}

fn layer(layers: &Slab<Layer>, key: LayerKey) -> Option<&Layer> {
    layers
        .get(key.index as usize)
        .filter(|layer| layer.key == key)
}
