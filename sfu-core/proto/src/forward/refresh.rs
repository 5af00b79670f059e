//! Who is where: looks at what flows and who speaks, gives each slot its track and layer, and says
//! what has changed. Runs a few times a second and whenever something begins or ends; never in the
//! middle of a pass's forwarding.

use hashbrown::HashMap;
use slab::Slab;

use super::assign::assign;
use super::layer::{Layer, LayerKey};
use super::meeting::{Meeting, current};
use super::slot::Slot;
use super::subscriber::Subscriber;
use super::track::{Track, TrackKey, pick_layer};
use crate::control::{Report, SlotKind, Source, Wanted};
use crate::ids::ParticipantId;
use crate::time::Instant;

impl Meeting {
    /// Brings slots up to date with what flows, and reports every change.
    pub(crate) fn refresh(&mut self, now: Instant, mut report: impl FnMut(Report)) {
        self.is_stale |= self.speakers.rank(now);
        self.note_live(now, &mut report);
        self.note_speaking(now, &mut report);
        if self.is_stale {
            self.is_stale = false;
            self.has_changed();
            self.assign_slots();
        }
        self.pick_layers(now);
        self.report_slots(&mut report);
    }

    fn note_live(&mut self, now: Instant, report: &mut impl FnMut(Report)) {
        for (participant, source) in self.ended.drain(..) {
            let is_meant =
                |track: &Track| (track.participant, track.source) == (participant, source);
            if !self
                .tracks
                .iter()
                .any(|(_, track)| track.live && is_meant(track))
            {
                report(Report::Published {
                    meeting: self.id,
                    participant,
                    source,
                    live: false,
                });
            }
        }
        // What is published elsewhere is reported there.
        let own = |track: &Track| track.origin.is_none();
        for (_, track) in self.tracks.iter_mut().filter(|(_, track)| own(track)) {
            let layers = &self.layers;
            let live = !track.muted && track.layers.iter().any(|layer| layers[*layer].is_live(now));
            if live != track.live {
                track.live = live;
                self.is_stale = true;
                report(Report::Published {
                    meeting: self.id,
                    participant: track.participant,
                    source: track.source,
                    live,
                });
            }
        }
    }

    fn note_speaking(&mut self, now: Instant, report: &mut impl FnMut(Report)) {
        if self
            .speakers
            .speaking(now)
            .eq(self.speaking.iter().copied())
        {
            return;
        }
        self.speaking = self.speakers.speaking(now).collect();
        if self.is_home() {
            report(Report::Speaking {
                meeting: self.id,
                participants: self.speaking.clone(),
            });
        }
    }

    fn assign_slots(&mut self) {
        let tracks = &self.tracks;
        let live = |source: Source| {
            tracks
                .iter()
                .filter(move |(_, track)| track.live && track.source == source)
                .map(|(key, track)| (TrackKey(key), track))
        };
        let screens: Vec<_> = live(Source::Screen).collect();
        let mut cameras: Vec<_> = live(Source::Camera).collect();
        let voices: Vec<_> = self
            .speakers
            .ranking()
            .filter_map(|who| live(Source::Audio).find(|(_, track)| track.participant == who))
            .collect();
        // Whoever spoke last comes first.
        let places: HashMap<ParticipantId, usize> = self.speakers.ranking().zip(0..).collect();
        cameras.sort_by_key(|(_, track)| {
            places
                .get(&track.participant)
                .copied()
                .unwrap_or(usize::MAX)
        });
        for (_, subscriber) in &mut self.subscribers {
            let cameras = wanted_cameras(subscriber, &cameras);
            let has_screen_slot = subscriber.slots.iter().any(|s| s.kind == SlotKind::Screen);
            // Without a slot of its own a screen is the most wanted video.
            let pictures: Vec<_> = match has_screen_slot {
                true => cameras,
                false => screens.iter().chain(&cameras).copied().collect(),
            };
            fill(subscriber, SlotKind::Audio, &voices);
            fill(subscriber, SlotKind::Video, &pictures);
            fill(subscriber, SlotKind::Screen, &screens);
        }
    }

    /// Gives each slot the best layer that flows of its track, and asks for the key frames that
    /// this needs.
    fn pick_layers(&mut self, now: Instant) {
        for (_, layer) in &mut self.layers {
            layer.is_watched = layer.is_wanted_elsewhere();
        }
        for (_, subscriber) in &mut self.subscribers {
            let height = subscriber.picture_height();
            for slot in &mut subscriber.slots {
                let track = slot.assigned.and_then(|track| self.tracks.get(track.0));
                slot.wanted = track.and_then(|track| {
                    let height = match track.source {
                        Source::Camera => {
                            wanted_height(subscriber.watch.as_deref(), track).unwrap_or(height)
                        }
                        Source::Audio | Source::Screen => u16::MAX,
                    };
                    best_layer(&self.layers, track, height, now)
                });
                let flows = |key: LayerKey| {
                    self.layers
                        .get(key.index as usize)
                        .is_some_and(|layer| layer.key == key && layer.is_live(now))
                };
                subscriber.slots_changed |= slot.let_go(flows);
                if subscriber.is_open {
                    watch_layers(slot, &mut self.layers);
                }
            }
        }
    }

    fn report_slots(&mut self, report: &mut impl FnMut(Report)) {
        for (_, subscriber) in &mut self.subscribers {
            if subscriber.slots_changed {
                subscriber.slots_changed = false;
                report(Report::Slots {
                    meeting: self.id,
                    session: subscriber.id,
                    participant: subscriber.participant,
                    slots: subscriber.slot_states(&self.layers),
                });
            }
        }
    }
}

/// The cameras for one viewer, most wanted first: what its page shows, or else as they come.
fn wanted_cameras<'a>(
    subscriber: &Subscriber,
    cameras: &[(TrackKey, &'a Track)],
) -> Vec<(TrackKey, &'a Track)> {
    match &subscriber.watch {
        None => cameras.to_vec(),
        Some(watch) => watch
            .iter()
            .filter_map(|wanted| {
                cameras
                    .iter()
                    .find(|(_, track)| track.participant == wanted.participant)
            })
            .copied()
            .collect(),
    }
}

/// At which height the viewer's page shows this camera, if it has said so.
fn wanted_height(watch: Option<&[Wanted]>, track: &Track) -> Option<u16> {
    let wanted = watch?
        .iter()
        .find(|wanted| wanted.participant == track.participant)?;
    Some(wanted.height)
}

fn best_layer(layers: &Slab<Layer>, track: &Track, height: u16, now: Instant) -> Option<LayerKey> {
    let best = Track::layer_for_height(height, track.layers.len());
    let candidates = track.layers.iter().enumerate().map(|(quality, index)| {
        let layer = &layers[*index];
        (quality, layer.key, layer.is_live(now))
    });
    pick_layer(candidates, best)
}

/// What a slot shows or waits for is watched: its losses are repaired, and a video that the slot
/// cannot begin without a key frame is asked for one.
fn watch_layers(slot: &Slot, layers: &mut Slab<Layer>) {
    for key in [slot.showing, slot.wanted].into_iter().flatten() {
        if let Some(layer) = current(layers, key) {
            layer.is_watched = true;
        }
    }
    if slot.awaits_key_frame()
        && let Some(layer) = slot.wanted.and_then(|key| current(layers, key))
        && layer.is_video()
    {
        layer.keyframe.want();
    }
}

/// Fills the viewer's slots of `kind` with what it can decode of `wanted`; nobody is shown their
/// own media.
fn fill(subscriber: &mut Subscriber, kind: SlotKind, wanted: &[(TrackKey, &Track)]) {
    let viewer = subscriber.participant;
    let mut slots: Vec<_> = subscriber
        .slots
        .iter_mut()
        .filter(|s| s.kind == kind)
        .collect();
    let wanted: Vec<TrackKey> = wanted
        .iter()
        .filter(|(_, track)| track.participant != viewer)
        .filter(|(_, track)| slots.iter().any(|slot| slot.codec(track.codec).is_some()))
        .map(|(key, _)| *key)
        .collect();
    let mut assigned: Vec<_> = slots.iter().map(|slot| slot.assigned).collect();
    assign(&mut assigned, &wanted);
    for (slot, track) in slots.iter_mut().zip(assigned) {
        slot.assigned = track;
    }
}
