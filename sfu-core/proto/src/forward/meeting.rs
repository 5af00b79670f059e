//! One meeting: what is published, who receives it, and the fan-out between the two.
//!
//! Receiving only stores; forwarding happens once a pass, viewer by viewer, so that all packets
//! of one viewer are sealed side by side and leave as trains (DESIGN D4).

use slab::Slab;

use super::layer::{Layer, LayerKey, Received};
use super::remote::Elsewhere;
use super::slot::Slot;
use super::speaker::{Speakers, UNKNOWN_LEVEL};
use super::subscriber::{Subscriber, SubscriberKey};
use super::track::Track;
use crate::control::Source;
use crate::dropped::Dropped;
use crate::ids::{Epoch, MeetingId, ParticipantId, Ssrc};
use crate::session::{Egress, Media};
use crate::time::Instant;

/// A meeting of this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MeetingKey(pub usize);

#[derive(Debug)]
pub(crate) struct Meeting {
    pub id: MeetingId,
    pub epoch: Epoch,
    pub(super) tracks: Slab<Track>,
    pub(super) layers: Slab<Layer>,
    pub(super) generation: u32,
    pub(super) subscribers: Slab<Subscriber>,
    pub(super) muted: Vec<(ParticipantId, Source)>,
    pub(super) speakers: Speakers,
    pub(super) speaking: Vec<ParticipantId>,
    /// What was live when its session left; said with the next refresh.
    pub(super) ended: Vec<(ParticipantId, Source)>,
    /// Who is where has changed: slots must be assigned anew before the next forwarding.
    pub(super) is_stale: bool,
    /// Media of this pass waits to be forwarded.
    pub(super) has_media: bool,
    /// Its parts on other workers, if it has any.
    pub(super) elsewhere: Option<Box<Elsewhere>>,
}

/// Where a forwarding that ran out of room goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    subscriber: usize,
    slot: usize,
}

impl Meeting {
    pub(crate) fn new(id: MeetingId, epoch: Epoch) -> Self {
        Self {
            id,
            epoch,
            tracks: Slab::new(),
            layers: Slab::new(),
            generation: 0,
            subscribers: Slab::new(),
            muted: Vec::new(),
            speakers: Speakers::default(),
            speaking: Vec::new(),
            ended: Vec::new(),
            is_stale: false,
            has_media: false,
            elsewhere: None,
        }
    }

    /// **Receive**: one authenticated packet of a publisher goes into its layer. Says whether it is
    /// the meeting's first of this pass.
    pub(crate) fn receive(
        &mut self,
        publisher: SubscriberKey,
        arrival: Instant,
        media: &Media<'_>,
    ) -> Result<bool, Dropped> {
        let tracks = &self.subscribers[publisher.0].tracks;
        let key = tracks
            .get(media.origin.line)
            .ok_or(Dropped::RtpUnknownSource)?;
        let track = &self.tracks[key.0];
        let index = track
            .layers
            .get(media.origin.quality)
            .ok_or(Dropped::RtpUnknownSource)?;
        let layer = &mut self.layers[*index];
        let ssrc = media.packet.header().ssrc;
        let begins_anew = if media.origin.is_repair {
            layer.name_repair_source(ssrc);
            false
        } else {
            media.is_new && layer.name_source(ssrc, self.generation + 1)
                || layer.leaps_in_time(arrival, media.packet.header(), self.generation + 1)
        };
        if begins_anew {
            self.generation += 1;
            self.is_stale = true;
        }
        let received = Received::of(layer, arrival, media)?;
        layer.count(&received);
        if track.muted {
            return Err(Dropped::Muted);
        }
        let was_live = layer.is_live(arrival);
        layer.receive(&received)?;
        self.is_stale |= !was_live;
        if track.source == Source::Audio {
            let level = received
                .audio_level
                .map_or(UNKNOWN_LEVEL, |byte| byte & 0x7f);
            self.speakers.hear(arrival, track.participant, level);
        }
        Ok(!core::mem::replace(&mut self.has_media, true))
    }

    /// **Rewrite**, for each viewer in turn, what came in this pass; `egress` protects and sends.
    /// `Some` if the batch is full: send it and call again with that cursor.
    pub(crate) fn forward(&mut self, egress: &mut Egress<'_>, from: Cursor) -> Option<Cursor> {
        for (index, subscriber) in self.subscribers.iter_mut() {
            if index < from.subscriber {
                continue;
            }
            let first_slot = if index == from.subscriber {
                from.slot
            } else {
                0
            };
            if let Some(slot) = subscriber.forward(egress, &self.layers, first_slot) {
                return Some(Cursor {
                    subscriber: index,
                    slot,
                });
            }
        }
        for (_, layer) in &mut self.layers {
            layer.end_pass();
        }
        self.has_media = false;
        None
    }

    /// A viewer has not received `sequence` of one of its slots (RFC 4585 §6.2.1).
    pub(crate) fn repair(
        &mut self,
        egress: &mut Egress<'_>,
        viewer: SubscriberKey,
        source: Ssrc,
        sequence: u16,
    ) -> Result<(), Dropped> {
        self.subscribers[viewer.0].repair(egress, &self.layers, source, sequence)
    }

    /// A viewer cannot decode what a slot carries (RFC 4585 §6.3.1, RFC 5104 §4.3.1).
    pub(crate) fn want_key_frame(&mut self, viewer: SubscriberKey, source: Ssrc) {
        let showing = self
            .slots_of(viewer)
            .find(|slot| slot.source.ssrc == source.0)
            .and_then(|slot| slot.showing);
        if let Some(layer) = showing.and_then(|key| current(&mut self.layers, key)) {
            layer.keyframe.want();
        }
    }

    /// The layers that a session publishes.
    pub(crate) fn layers_of(&mut self, publisher: SubscriberKey, mut each: impl FnMut(&mut Layer)) {
        for track in &self.subscribers[publisher.0].tracks {
            for layer in &self.tracks[track.0].layers {
                each(&mut self.layers[*layer]);
            }
        }
    }

    pub(crate) fn slots_of(&self, viewer: SubscriberKey) -> impl Iterator<Item = &Slot> {
        self.subscribers[viewer.0].slots.iter()
    }

    /// Has anything changed that `refresh` should look at now, not at its next turn?
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale
    }
}

/// The layer that `key` names, unless it has begun anew or gone since.
pub(super) fn current(layers: &mut Slab<Layer>, key: LayerKey) -> Option<&mut Layer> {
    layers
        .get_mut(key.index as usize)
        .filter(|layer| layer.key == key)
}
