//! Says what this part publishes: at once when it changes, and again each second.

use core::time::Duration;

use super::super::meeting::Meeting;
use super::super::speaker::SILENT;
use super::super::track::{Track, TrackKey};
use super::elsewhere::SAID_AGAIN;
use super::hand_over::{Handover, Post};
use super::message::{Message, TrackNews};
use crate::control::Source;
use crate::limits::RIDS_PER_LINE_MAX;
use crate::time::Instant;

/// A voice is said to be as loud as it was until it is clearly louder or softer: less changes no
/// ranking.
const LOUDER: u8 = 6;
/// And to speak on without a word: far less than its hangover.
const SPEAKS_ON: Duration = Duration::from_millis(100);

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
            let is_known = track.announced.is_some_and(|(said_at, said)| {
                news.is_said_by(&said) && now.since(said_at) < SAID_AGAIN
            });
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

impl TrackNews {
    /// Whether what was said before says this as well.
    fn is_said_by(&self, said: &Self) -> bool {
        let speaks_as_said = match (self.last_speech, said.last_speech) {
            (Some(last), Some(said)) => last.since(said) < SPEAKS_ON,
            (last, said) => last == said,
        };
        let as_then = Self {
            loudness: said.loudness,
            last_speech: said.last_speech,
            ..*self
        };
        as_then == *said && speaks_as_said && self.loudness.abs_diff(said.loudness) < LOUDER
    }
}
