//! Who is where: looks at what flows and who speaks, gives each slot its track and layer, and says
//! what has changed. Runs a few times a second and whenever something begins or ends; never in the
//! middle of a pass's forwarding.

use super::assign::assign;
use super::layer::LayerKey;
use super::meeting::{Meeting, current};
use super::subscriber::Subscriber;
use super::track::{Track, TrackKey, pick_layer};
use crate::control::{Report, SlotKind, Source};
use crate::ids::ParticipantId;
use crate::time::Instant;

/// Pixels of height we take a picture for when the page does not say: by how many share it.
const fn height_among(count: usize) -> u16 {
    match count {
        0..=1 => 720,
        2..=4 => 360,
        _ => 180,
    }
}

impl Meeting {
    /// Brings slots up to date with what flows, and reports every change.
    pub(crate) fn refresh(&mut self, now: Instant, mut report: impl FnMut(Report)) {
        self.reassign |= self.speakers.rank(now);
        self.note_live(now, &mut report);
        self.note_speaking(now, &mut report);
        if self.reassign {
            self.reassign = false;
            self.assign_slots();
        }
        self.pick_layers(now);
        self.report_slots(&mut report);
    }

    fn note_live(&mut self, now: Instant, report: &mut impl FnMut(Report)) {
        for (_, track) in &mut self.tracks {
            let layers = &self.layers;
            let live = !track.muted && track.layers.iter().any(|layer| layers[*layer].is_live(now));
            if live != track.live {
                track.live = live;
                self.reassign = true;
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
        report(Report::Speaking {
            meeting: self.id,
            participants: self.speaking.clone(),
        });
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
        let cameras: Vec<_> = live(Source::Camera).collect();
        let voices: Vec<_> = self
            .speakers
            .ranking()
            .filter_map(|who| live(Source::Audio).find(|(_, track)| track.participant == who))
            .collect();
        let ranking: Vec<_> = self.speakers.ranking().collect();
        for (_, subscriber) in &mut self.subscribers {
            let cameras = wanted_cameras(subscriber, &cameras, &ranking);
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
            layer.is_watched = false;
        }
        for (_, subscriber) in &mut self.subscribers {
            let pictures = subscriber
                .slots
                .iter()
                .filter(|slot| slot.kind == SlotKind::Video && slot.assigned.is_some())
                .count();
            let watch = subscriber.watch.as_deref();
            for slot in &mut subscriber.slots {
                let track = slot.assigned.and_then(|track| self.tracks.get(track.0));
                let wanted = track.and_then(|track| {
                    let height = match track.source {
                        Source::Camera => watch
                            .and_then(|watch| {
                                watch.iter().find(|w| w.participant == track.participant)
                            })
                            .map_or_else(|| height_among(pictures), |wanted| wanted.height),
                        Source::Audio | Source::Screen => u16::MAX,
                    };
                    let best = Track::layer_for_height(height, track.layers.len());
                    let layers = track.layers.iter().enumerate().map(|(quality, index)| {
                        let layer = &self.layers[*index];
                        (quality, layer.key, layer.is_live(now))
                    });
                    pick_layer(layers, best)
                });
                slot.wanted = wanted;
                let flows = |key: LayerKey| {
                    self.layers
                        .get(key.index as usize)
                        .is_some_and(|layer| layer.key == key && layer.is_live(now))
                };
                if slot
                    .showing
                    .is_some_and(|key| wanted.is_none() || !flows(key))
                {
                    slot.showing = None;
                    subscriber.slots_changed = true;
                }
                if !subscriber.is_open {
                    continue;
                }
                for key in [slot.showing, slot.wanted].into_iter().flatten() {
                    if let Some(layer) = current(&mut self.layers, key) {
                        layer.is_watched = true;
                    }
                }
                if slot.kind != SlotKind::Audio
                    && slot.awaits_key_frame()
                    && let Some(layer) = wanted.and_then(|key| current(&mut self.layers, key))
                {
                    layer.keyframe.want();
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

/// The cameras for one viewer, most wanted first: what its page shows, or else whoever spoke last.
fn wanted_cameras<'a>(
    subscriber: &Subscriber,
    live: &[(TrackKey, &'a Track)],
    ranking: &[ParticipantId],
) -> Vec<(TrackKey, &'a Track)> {
    let mut cameras: Vec<_> = live.to_vec();
    match &subscriber.watch {
        Some(watch) => {
            let place = |who| watch.iter().position(|wanted| wanted.participant == who);
            cameras.retain(|(_, track)| place(track.participant).is_some());
            cameras.sort_by_key(|(_, track)| place(track.participant));
        }
        None => cameras.sort_by_key(|(_, track)| {
            ranking
                .iter()
                .position(|who| *who == track.participant)
                .unwrap_or(usize::MAX)
        }),
    }
    cameras
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
