//! One meeting: what is published, who receives it, and the fan-out between the two.
//!
//! Receiving only stores; forwarding happens once a pass, viewer by viewer, so that all packets
//! of one viewer are sealed side by side and leave as trains (DESIGN D4).

use slab::Slab;

use super::chunks::Chunks;
use super::layer::{Layer, LayerKey, Received, Viewer};
use super::moments::Moments;
use super::remote::Elsewhere;
use super::slot::Slot;
use super::speaker::{Speakers, UNKNOWN_LEVEL};
use super::subscriber::{Subscriber, SubscriberKey};
use super::track::Track;
use crate::control::Source;
use crate::dropped::Dropped;
use crate::ids::{Epoch, MeetingId, ParticipantId, Ssrc};
use crate::session::{Egress, Media, SessionKey};
use crate::time::Instant;

/// A meeting of this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MeetingKey(pub usize);

/// Moments of arrival told apart in one round of a meeting.
const MOMENTS_MAX: usize = 32;

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
    /// It has called for a refresh and waits for it.
    pub(super) is_listed: bool,
    /// What a slot carries has changed since that was last reported.
    pub(super) slots_changed: bool,
    /// A slot waits for a key frame, or a watched layer may be so no more: layers are picked anew
    /// with the next refresh.
    pub(super) has_waiting: bool,
    /// Somebody has asked for a key frame.
    pub(super) has_requests: bool,
    /// The packet that came last must be followed by a request to its publisher.
    has_loss: bool,
    /// Media waits to be forwarded.
    pub(super) has_media: bool,
    /// The layers of which it is.
    pub(super) arriving: Vec<usize>,
    /// The slots to forward to in this round, and how far it has come.
    pub(super) round: Vec<Viewer>,
    next_in_round: usize,
    /// When what waits for the next round came, and what is of this one.
    waiting_moments: Moments,
    round_moments: Moments,
    /// Its parts on other workers, if it has any.
    pub(super) elsewhere: Option<Box<Elsewhere>>,
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
            is_listed: false,
            slots_changed: false,
            has_waiting: false,
            has_requests: false,
            has_loss: false,
            has_media: false,
            arriving: Vec::new(),
            round: Vec::new(),
            next_in_round: 0,
            waiting_moments: Moments::with_room_for(MOMENTS_MAX),
            round_moments: Moments::with_room_for(MOMENTS_MAX),
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
        chunks: &mut Chunks,
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
        let stored = layer.receive(&received, chunks);
        self.has_loss |= layer.has_requests();
        stored?;
        self.is_stale |= !was_live;
        self.waiting_moments.add(arrival, 1);
        if layer.is_first_arrived() {
            self.arriving.push(*index);
        }
        if track.source == Source::Audio {
            let level = received
                .audio_level
                .map_or(UNKNOWN_LEVEL, |byte| byte & 0x7f);
            self.speakers.hear(arrival, track.participant, level);
        }
        Ok(!core::mem::replace(&mut self.has_media, true))
    }

    /// **Rewrite**, for each viewer in turn, what has come; `egress` protects and sends. False if
    /// the batch is full: send it and call again. What comes in between waits for the next round.
    pub(crate) fn forward(&mut self, egress: &mut Egress<'_>) -> bool {
        let switches = egress.counters.slot_switches;
        let is_done = loop {
            if self.round.is_empty() {
                self.begin_round();
            }
            if !self.forward_round(egress) {
                break false;
            }
            egress.forwarded.take_all(&mut self.round_moments);
            if !self.end_round() {
                break true;
            }
        };
        self.slots_changed |= switches != egress.counters.slot_switches;
        is_done
    }

    /// Whose turn it is, in the order of the viewers, so that each one's packets lie side by side.
    fn begin_round(&mut self) {
        core::mem::swap(&mut self.round_moments, &mut self.waiting_moments);
        for index in &self.arriving {
            if let Some(layer) = self.layers.get_mut(*index) {
                layer.begin_round();
                self.round.extend(&layer.viewers);
            }
        }
        if self.arriving.len() > 1 {
            self.round.sort_unstable_by_key(Viewer::turn);
            self.round.dedup(); // A slot that switches stands with both of its layers.
        }
    }

    fn forward_round(&mut self, egress: &mut Egress<'_>) -> bool {
        while let Some(viewer) = self.round.get(self.next_in_round) {
            let subscriber = self.subscribers.get_mut(viewer.subscriber as usize);
            if let Some(subscriber) = subscriber
                && !subscriber.forward(egress, &self.layers, viewer.slot as usize)
            {
                return false;
            }
            self.next_in_round += 1;
        }
        true
    }

    /// Says whether more has come meanwhile.
    fn end_round(&mut self) -> bool {
        self.round.clear();
        self.next_in_round = 0;
        let layers = &mut self.layers;
        self.arriving
            .retain(|index| layers.get_mut(*index).is_some_and(Layer::end_round));
        self.has_media = !self.arriving.is_empty();
        self.has_media
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
            self.has_requests = true;
        }
    }

    /// Names the sessions of which a key frame was asked since this was last called.
    pub(crate) fn take_requests(&mut self, mut each: impl FnMut(SessionKey)) {
        if !core::mem::take(&mut self.has_requests) {
            return;
        }
        for (_, subscriber) in &self.subscribers {
            let mut layers = subscriber
                .tracks
                .iter()
                .flat_map(|track| &self.tracks[track.0].layers);
            if layers.any(|layer| self.layers[*layer].has_requests()) {
                each(subscriber.session);
            }
        }
    }

    /// Whether the packet that came last must be followed by a request to its publisher.
    pub(crate) fn take_loss(&mut self) -> bool {
        core::mem::take(&mut self.has_loss)
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

    /// Whether anything has changed that `refresh` should look at now, not at its next turn; true
    /// once until it has.
    pub(crate) fn must_be_listed(&mut self) -> bool {
        (self.is_stale || self.has_requests) && !core::mem::replace(&mut self.is_listed, true)
    }
}

/// The layer that `key` names, unless it has begun anew or gone since.
pub(super) fn current(layers: &mut Slab<Layer>, key: LayerKey) -> Option<&mut Layer> {
    layers
        .get_mut(key.index as usize)
        .filter(|layer| layer.key == key)
}
