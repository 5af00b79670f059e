//! Who belongs to a meeting: sessions come and go with what they publish and receive, and sources
//! are muted.

use super::chunks::Chunks;
use super::layer::{Layer, LayerKey};
use super::meeting::Meeting;
use super::subscriber::{Subscriber, SubscriberKey};
use super::track::{Track, TrackKey};
use crate::control::{MeetingState, PublishLine, SlotState, Source};
use crate::ids::ParticipantId;
use crate::session::SessionKey;

impl Meeting {
    /// Takes a session in: its slots, and a track for each of its publish lines.
    pub(crate) fn admit(
        &mut self,
        mut subscriber: Subscriber,
        lines: &[PublishLine],
    ) -> SubscriberKey {
        let participant = subscriber.participant;
        subscriber.tracks = lines
            .iter()
            .map(|line| self.publish(participant, line))
            .collect();
        self.is_stale = true;
        SubscriberKey(self.subscribers.insert(subscriber))
    }

    fn publish(&mut self, participant: ParticipantId, line: &PublishLine) -> TrackKey {
        let layers = (0..line.rids.len().max(1))
            .map(|_| {
                let entry = self.layers.vacant_entry();
                self.generation += 1;
                let key = LayerKey {
                    index: u32::try_from(entry.key()).unwrap_or(u32::MAX),
                    generation: self.generation,
                };
                let index = entry.key();
                entry.insert(Layer::new(key, participant, line));
                index
            })
            .collect();
        if line.source == Source::Audio {
            self.speakers.add(participant);
        }
        TrackKey(self.tracks.insert(Track {
            participant,
            source: line.source,
            codec: line.codec,
            layers,
            muted: self.muted.contains(&(participant, line.source)),
            live: false,
            origin: None,
            announced: None,
        }))
    }

    /// Lets a session go, with all that it published.
    pub(crate) fn dismiss(&mut self, key: SubscriberKey, chunks: &mut Chunks) {
        let subscriber = self.subscribers.remove(key.0);
        for key in subscriber.tracks {
            let track = self.tracks.remove(key.0);
            self.say_gone(key);
            if track.live {
                self.ended.push((track.participant, track.source));
            }
            for layer in track.layers {
                self.layers.remove(layer).end(chunks);
            }
        }
        self.silence(subscriber.participant);
        self.is_stale = true;
    }

    /// The meeting is over: what is left of it gives its memory back.
    pub(crate) fn end(self, chunks: &mut Chunks) {
        for (_, layer) in self.layers {
            layer.end(chunks);
        }
    }

    pub(crate) fn session_count(&self) -> usize {
        self.subscribers.len()
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionKey> {
        self.subscribers
            .iter()
            .map(|(_, subscriber)| subscriber.session)
    }

    /// All sessions of a participant.
    pub(crate) fn sessions_of(
        &self,
        participant: ParticipantId,
    ) -> impl Iterator<Item = SessionKey> + use<'_> {
        self.subscribers
            .iter()
            .filter(move |(_, subscriber)| subscriber.participant == participant)
            .map(|(_, subscriber)| subscriber.session)
    }

    /// A muted source is not forwarded. Saying so twice is saying it once.
    pub(crate) fn mute(&mut self, participant: ParticipantId, source: Source, muted: bool) {
        self.muted.retain(|entry| *entry != (participant, source));
        if muted {
            self.muted.push((participant, source));
        }
        for (_, track) in &mut self.tracks {
            let is_meant = (track.participant, track.source) == (participant, source);
            if is_meant && track.muted != muted {
                track.muted = muted;
                for layer in &track.layers {
                    self.layers[*layer].rest();
                }
                self.is_stale = true;
            }
        }
    }

    /// The subscriber's transport can carry media from now on.
    pub(crate) fn opened(&mut self, subscriber: SubscriberKey) {
        self.change(subscriber, |subscriber| subscriber.is_open = true);
    }

    /// Changes what a subscriber wants or can do; its slots are assigned anew.
    pub(crate) fn change(&mut self, key: SubscriberKey, change: impl FnOnce(&mut Subscriber)) {
        change(&mut self.subscribers[key.0]);
        self.is_stale = true;
    }

    pub(crate) fn slot_states(&self, key: SubscriberKey) -> Vec<SlotState> {
        self.subscribers[key.0].slot_states(&self.layers)
    }

    /// What this part knows best: what is live of its own and, at home, who speaks. Its sessions
    /// belong to the shard.
    pub(crate) fn state(&self) -> MeetingState {
        MeetingState {
            meeting: self.id,
            epoch: self.epoch,
            sessions: Vec::new(),
            muted: self.muted.clone(),
            live: self
                .tracks
                .iter()
                .filter(|(_, track)| track.live && track.origin.is_none())
                .map(|(_, track)| (track.participant, track.source))
                .collect(),
            speaking: match self.is_home() {
                true => self.speaking.clone(),
                false => Vec::new(),
            },
        }
    }
}
