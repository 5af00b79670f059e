//! Says what this part publishes: at once when it changes, and again each second.

use super::super::meeting::Meeting;
use super::super::speaker::SILENT;
use super::super::track::{Track, TrackKey};
use super::elsewhere::SAID_AGAIN;
use super::hand_over::{Handover, Post};
use super::message::{Message, TrackNews};
use crate::control::Source;
use crate::limits::RIDS_PER_LINE_MAX;
use crate::time::Instant;

impl Meeting {
    /// Announces our tracks that have changed, or have not been announced for long.
    pub(super) fn announce<H: Handover>(
        &mut self,
        now: Instant,
        others: &[u8],
        post: &mut Post<'_, H>,
    ) {
        for index in 0..self.tracks.capacity() {
            let Some(track) = self
                .tracks
                .get(index)
                .filter(|track| track.origin.is_none())
            else {
                continue;
            };
            let news = self.news(now, TrackKey(index), track);
            let is_known = track
                .announced
                .is_some_and(|(said_at, said)| said == news && now.since(said_at) < SAID_AGAIN);
            // What finds no room is tried again with the next turn.
            if !is_known && post.tell_all(others, &Message::Track(news)) {
                self.tracks[index].announced = Some((now, news));
            }
        }
    }

    fn news(&self, now: Instant, key: TrackKey, track: &Track) -> TrackNews {
        let mut layers = [None; RIDS_PER_LINE_MAX];
        for (place, index) in layers.iter_mut().zip(&track.layers) {
            let layer = &self.layers[*index];
            *place = Some((layer.key, track.live && layer.is_live(now)));
        }
        let voice = match track.source {
            Source::Audio => self.speakers.voice(track.participant),
            Source::Camera | Source::Screen => None,
        };
        let (loudness, last_speech) = voice.unwrap_or((SILENT, None));
        TrackNews {
            track: u32::try_from(key.0).unwrap_or(u32::MAX),
            participant: track.participant,
            source: track.source,
            codec: track.codec,
            layers,
            loudness,
            last_speech,
        }
    }
}
