//! One meeting: what is published, who receives it, and the fan-out between the two.
//!
//! Receiving only stores; forwarding happens once a pass, viewer by viewer, so that all packets
//! of one viewer are sealed side by side and leave as trains (DESIGN D4).

use slab::Slab;

use super::layer::{Layer, LayerKey, Received};
use super::slot::Slot;
use super::speaker::{Speakers, UNKNOWN_LEVEL};
use super::subscriber::Subscriber;
use super::track::{Track, TrackKey};
use crate::control::{MeetingState, PublishLine, SlotState, Source};
use crate::dropped::Dropped;
use crate::ids::{Epoch, MeetingId, ParticipantId, Ssrc};
use crate::session::{Egress, SessionKey};

#[derive(Debug)]
pub(crate) struct Meeting {
    pub id: MeetingId,
    pub epoch: Epoch,
    pub(super) tracks: Slab<Track>,
    pub(super) layers: Slab<Layer>,
    generation: u32,
    pub(super) subscribers: Slab<Subscriber>,
    pub(super) muted: Vec<(ParticipantId, Source)>,
    pub(super) speakers: Speakers,
    pub(super) speaking: Vec<ParticipantId>,
    /// Who is where has changed: slots must be assigned anew before the next forwarding.
    pub(super) reassign: bool,
    /// Media arrived in this pass.
    arrived: bool,
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
            reassign: false,
            arrived: false,
        }
    }

    /// Takes a session in: its tracks, and its slots if it has any. Returns its tracks, one for
    /// each line.
    pub(crate) fn admit(
        &mut self,
        session: SessionKey,
        participant: ParticipantId,
        lines: &[PublishLine],
        subscriber: Subscriber,
    ) -> Vec<TrackKey> {
        self.subscribers.insert(subscriber);
        self.reassign = true;
        lines
            .iter()
            .map(|line| self.publish(session, participant, line))
            .collect()
    }

    fn publish(
        &mut self,
        session: SessionKey,
        participant: ParticipantId,
        line: &PublishLine,
    ) -> TrackKey {
        let layers = (0..line.rids.len().max(1))
            .map(|_| {
                let entry = self.layers.vacant_entry();
                self.generation += 1;
                let index = entry.key();
                let key = LayerKey {
                    index: narrow(index),
                    generation: self.generation,
                };
                entry.insert(Layer::new(key, participant, line));
                index
            })
            .collect();
        if line.source == Source::Audio {
            self.speakers.add(participant);
        }
        TrackKey(self.tracks.insert(Track {
            participant,
            session,
            source: line.source,
            codec: line.codec,
            layers,
            muted: self.muted.contains(&(participant, line.source)),
            live: false,
        }))
    }

    /// Lets a session go, with all that it published.
    pub(crate) fn dismiss(&mut self, session: SessionKey) {
        self.subscribers
            .retain(|_, subscriber| subscriber.session != session);
        let layers = &mut self.layers;
        self.tracks.retain(|_, track| {
            if track.session == session {
                track
                    .layers
                    .iter()
                    .for_each(|layer| drop(layers.remove(*layer)));
            }
            track.session != session
        });
        let speakers: Vec<ParticipantId> = self.speakers.ranking().collect();
        for participant in speakers {
            let publishes = self
                .tracks
                .iter()
                .any(|(_, t)| t.participant == participant && t.source == Source::Audio);
            if !publishes {
                self.speakers.remove(participant);
            }
        }
        self.reassign = true;
    }

    pub(crate) fn session_count(&self) -> usize {
        self.subscribers.len()
    }

    /// The participant's other sessions.
    pub(crate) fn sessions_of(
        &self,
        participant: ParticipantId,
    ) -> impl Iterator<Item = SessionKey> + use<'_> {
        self.subscribers
            .iter()
            .filter(move |(_, subscriber)| subscriber.participant == participant)
            .map(|(_, subscriber)| subscriber.session)
    }

    pub(crate) fn mute(&mut self, participant: ParticipantId, source: Source, muted: bool) {
        self.muted.retain(|entry| *entry != (participant, source));
        if muted {
            self.muted.push((participant, source));
        }
        for (_, track) in &mut self.tracks {
            if (track.participant, track.source) == (participant, source) {
                track.muted = muted;
                for layer in &track.layers {
                    self.layers[*layer].rest();
                }
            }
        }
        self.reassign = true;
    }

    /// The layer that a publisher's packet belongs to, if it is still the same source.
    pub(crate) fn layer(&self, track: TrackKey, quality: usize) -> Option<&Layer> {
        let index = *self.tracks.get(track.0)?.layers.get(quality)?;
        self.layers.get(index)
    }

    /// A layer's source has a name, or a new one: then it begins anew.
    pub(crate) fn name_source(
        &mut self,
        track: TrackKey,
        quality: usize,
        ssrc: Ssrc,
        is_repair: bool,
    ) {
        let Some(index) = self.tracks.get(track.0).and_then(|t| t.layers.get(quality)) else {
            return;
        };
        let layer = &mut self.layers[*index];
        if is_repair {
            layer.repair_ssrc = Some(ssrc);
            return;
        }
        match layer.ssrc {
            None => layer.ssrc = Some(ssrc),
            Some(known) if known == ssrc => (),
            Some(_) => {
                self.generation += 1;
                layer.restart(ssrc, self.generation);
                self.reassign = true;
            }
        }
    }

    /// **Receive**: one authenticated packet of a track goes into its layer.
    pub(crate) fn receive(
        &mut self,
        track: TrackKey,
        quality: usize,
        received: &Received<'_>,
    ) -> Result<(), Dropped> {
        let track = self.tracks.get(track.0).ok_or(Dropped::RtpUnknownSource)?;
        let index = *track.layers.get(quality).ok_or(Dropped::RtpUnknownSource)?;
        let layer = &mut self.layers[index];
        layer.count(received);
        if track.muted {
            return Err(Dropped::Muted);
        }
        self.reassign |= !layer.is_live(received.arrival);
        layer.receive(received)?;
        self.arrived = true;
        if track.source == Source::Audio {
            let level = received
                .audio_level
                .map_or(UNKNOWN_LEVEL, |byte| byte & 0x7f);
            self.speakers
                .hear(received.arrival, track.participant, level);
        }
        Ok(())
    }

    /// **Rewrite**, for each viewer in turn, what arrived in this pass; `egress` protects and
    /// sends. `Some` if the batch is full: send it and call again with that cursor.
    pub(crate) fn forward(&mut self, egress: &mut Egress<'_>, from: Cursor) -> Option<Cursor> {
        if !self.arrived {
            return None;
        }
        let mut first_slot = from.slot;
        for (index, subscriber) in self.subscribers.iter_mut() {
            if index < from.subscriber {
                continue;
            }
            let full = subscriber.forward(egress, &self.layers, first_slot);
            if let Some(slot) = full {
                return Some(Cursor {
                    subscriber: index,
                    slot,
                });
            }
            first_slot = 0;
        }
        self.layers
            .iter_mut()
            .for_each(|(_, layer)| layer.end_pass());
        self.arrived = false;
        None
    }

    /// A viewer has not received `sequence` of one of its slots (RFC 4585 §6.2.1).
    pub(crate) fn repair(
        &mut self,
        egress: &mut Egress<'_>,
        session: SessionKey,
        source: Ssrc,
        sequence: u16,
    ) -> Result<(), Dropped> {
        let (_, subscriber) = self
            .subscribers
            .iter_mut()
            .find(|(_, subscriber)| subscriber.session == session)
            .ok_or(Dropped::RtpUnknownSource)?;
        subscriber.repair(egress, &self.layers, source, sequence)
    }

    /// A viewer cannot decode what a slot carries (RFC 4585 §6.3.1, RFC 5104 §4.3.1).
    pub(crate) fn want_key_frame(&mut self, session: SessionKey, source: Ssrc) {
        let showing = self
            .subscribers
            .iter()
            .filter(|(_, subscriber)| subscriber.session == session)
            .flat_map(|(_, subscriber)| &subscriber.slots)
            .find(|slot| slot.source.ssrc == source.0)
            .and_then(|slot| slot.showing);
        if let Some(layer) = showing.and_then(|key| current(&mut self.layers, key)) {
            layer.keyframe.want();
        }
    }

    /// The layers that `session` publishes.
    pub(crate) fn layers_of(&mut self, session: SessionKey, mut each: impl FnMut(&mut Layer)) {
        for (_, track) in self
            .tracks
            .iter()
            .filter(|(_, track)| track.session == session)
        {
            for layer in &track.layers {
                each(&mut self.layers[*layer]);
            }
        }
    }

    /// Has anything changed that `refresh` should look at now, not at its next turn?
    pub(crate) fn wants_refresh(&self) -> bool {
        self.reassign
    }

    pub(crate) fn subscriber_mut(&mut self, session: SessionKey) -> Option<&mut Subscriber> {
        self.subscribers
            .iter_mut()
            .map(|(_, s)| s)
            .find(|s| s.session == session)
    }

    /// Media waits to be forwarded.
    pub(crate) fn has_arrived(&self) -> bool {
        self.arrived
    }

    pub(crate) fn slots_of(&self, session: SessionKey) -> impl Iterator<Item = &Slot> {
        self.subscribers
            .iter()
            .filter(move |(_, subscriber)| subscriber.session == session)
            .flat_map(|(_, subscriber)| &subscriber.slots)
    }

    pub(crate) fn slot_states(&self, session: SessionKey) -> Vec<SlotState> {
        self.subscribers
            .iter()
            .find(|(_, subscriber)| subscriber.session == session)
            .map(|(_, subscriber)| subscriber.slot_states(&self.layers))
            .unwrap_or_default()
    }

    /// All but its sessions, which belong to the shard.
    pub(crate) fn state(&self) -> MeetingState {
        MeetingState {
            meeting: self.id,
            epoch: self.epoch,
            sessions: Vec::new(),
            muted: self.muted.clone(),
            live: self
                .tracks
                .iter()
                .filter(|(_, track)| track.live)
                .map(|(_, track)| (track.participant, track.source))
                .collect(),
            speaking: self.speaking.clone(),
        }
    }

    /// Slots must be assigned anew.
    pub(crate) fn changed(&mut self) {
        self.reassign = true;
    }

    /// The session can carry media from now on.
    pub(crate) fn opened(&mut self, session: SessionKey) {
        if let Some(subscriber) = self.subscriber_mut(session) {
            subscriber.is_open = true;
        }
        self.changed();
    }
}

/// The layer that `key` names, unless it has begun anew or gone since.
pub(super) fn current(layers: &mut Slab<Layer>, key: LayerKey) -> Option<&mut Layer> {
    layers
        .get_mut(key.index as usize)
        .filter(|layer| layer.key == key)
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
