//! Who speaks: a ranking of a meeting's audio tracks by loudness (RFC 6464), steady against coughs.
//!
//! A track's loudness rises within a few words and falls slowly. A track overtakes the one above
//! it only when it is clearly louder and the other has been quiet for the hangover.

use core::time::Duration;

use crate::ids::ParticipantId;
use crate::time::Instant;

/// Who spoke keeps the place this long (DESIGN D1).
const HANGOVER: Duration = Duration::from_millis(400);
/// Louder by this much (decibels) overtakes.
const MARGIN: f32 = 6.0;
/// Louder than this (−dBov, smoothed) counts as speech.
const SPEECH_LEVEL: f32 = 50.0;
/// Share of a new packet in the smoothed level: speech counts after about 100 ms (five packets),
/// and fades over about a second.
const RISE: f32 = 0.25;
const FALL: f32 = 0.03;
/// What a track without the audio-level extension counts for: below speech, above silence.
pub(super) const UNKNOWN_LEVEL: u8 = 60;

/// The loudness of silence.
pub(super) const SILENT: u8 = 127;

#[derive(Clone, Copy, Debug)]
struct Voice {
    participant: ParticipantId,
    /// Smoothed −dBov: 0 is loudest, 127 is silence.
    level: f32,
    last_speech: Option<Instant>,
}

impl Voice {
    fn speaks(&self, now: Instant) -> bool {
        self.last_speech
            .is_some_and(|last| now.since(last) < HANGOVER)
    }
}

#[derive(Debug, Default)]
pub(super) struct Speakers {
    /// Loudest first.
    ranking: Vec<Voice>,
}

impl Speakers {
    pub(super) fn add(&mut self, participant: ParticipantId) {
        if !self
            .ranking
            .iter()
            .any(|voice| voice.participant == participant)
        {
            self.ranking.push(Voice {
                participant,
                level: f32::from(SILENT),
                last_speech: None,
            });
        }
    }

    pub(super) fn remove(&mut self, participant: ParticipantId) {
        self.ranking
            .retain(|voice| voice.participant != participant);
    }

    /// One audio packet of `participant`, at `level` −dBov.
    pub(super) fn hear(&mut self, now: Instant, participant: ParticipantId, level: u8) {
        let Some(voice) = self
            .ranking
            .iter_mut()
            .find(|v| v.participant == participant)
        else {
            return;
        };
        let level = f32::from(level);
        let share = if level < voice.level { RISE } else { FALL };
        voice.level += (level - voice.level) * share;
        if voice.level < SPEECH_LEVEL {
            voice.last_speech = Some(now);
        }
    }

    /// How a voice that another part hears stands there. Says whether it has begun to speak, or
    /// ceased.
    pub(super) fn tell(
        &mut self,
        now: Instant,
        participant: ParticipantId,
        level: u8,
        last_speech: Option<Instant>,
    ) -> bool {
        let voice = self
            .ranking
            .iter_mut()
            .find(|voice| voice.participant == participant);
        let Some(voice) = voice else { return false };
        let spoke = voice.speaks(now);
        voice.level = f32::from(level);
        voice.last_speech = last_speech;
        voice.speaks(now) != spoke
    }

    /// How a voice stands, for other parts: how loud it is, and when it last spoke.
    pub(super) fn voice(&self, participant: ParticipantId) -> Option<(u8, Option<Instant>)> {
        let voice = self
            .ranking
            .iter()
            .find(|voice| voice.participant == participant)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a level is within 0 and 127"
        )]
        let level = voice.level.round() as u8;
        Some((level, voice.last_speech))
    }

    /// Lets the louder overtake; returns whether the order changed.
    pub(super) fn rank(&mut self, now: Instant) -> bool {
        let mut changed = false;
        for index in 1..self.ranking.len() {
            let mut at = index;
            while at > 0 && Self::overtakes(now, &self.ranking[at], &self.ranking[at - 1]) {
                self.ranking.swap(at, at - 1);
                at -= 1;
                changed = true;
            }
        }
        changed
    }

    fn overtakes(now: Instant, challenger: &Voice, above: &Voice) -> bool {
        challenger.speaks(now) && !above.speaks(now)
            || challenger.speaks(now) == above.speaks(now)
                && challenger.level + MARGIN < above.level
                && !above.speaks(now)
    }

    /// Participants, loudest first.
    pub(super) fn ranking(&self) -> impl Iterator<Item = ParticipantId> {
        self.ranking.iter().map(|voice| voice.participant)
    }

    /// Those who speak now, loudest first.
    pub(super) fn speaking(&self, now: Instant) -> impl Iterator<Item = ParticipantId> {
        self.ranking
            .iter()
            .filter(move |v| v.speaks(now))
            .map(|voice| voice.participant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: ParticipantId = ParticipantId(1);
    const BOB: ParticipantId = ParticipantId(2);

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    fn two() -> Speakers {
        let mut speakers = Speakers::default();
        speakers.add(ANN);
        speakers.add(BOB);
        speakers
    }

    fn first(speakers: &Speakers) -> ParticipantId {
        speakers.ranking().next().unwrap()
    }

    /// `level` of `who` for every 20 ms of `range`.
    fn hear(speakers: &mut Speakers, who: ParticipantId, level: u8, range: core::ops::Range<u64>) {
        for ms in range.step_by(20) {
            speakers.hear(at(ms), who, level);
            speakers.rank(at(ms));
        }
    }

    #[test]
    fn who_speaks_comes_first_within_two_hundred_milliseconds() {
        let mut speakers = two();
        hear(&mut speakers, BOB, 20, 0..200);
        assert_eq!(first(&speakers), BOB);
        assert_eq!(speakers.speaking(at(200)).collect::<Vec<_>>(), [BOB]);
    }

    #[test]
    fn a_single_cough_changes_nothing() {
        let mut speakers = two();
        hear(&mut speakers, ANN, 25, 0..1_000);
        speakers.hear(at(1_000), BOB, 5);
        speakers.rank(at(1_000));
        assert_eq!(first(&speakers), ANN);
        assert!(!speakers.speaking(at(1_000)).any(|who| who == BOB));
    }

    #[test]
    fn a_pause_shorter_than_the_hangover_keeps_the_place() {
        let mut speakers = two();
        hear(&mut speakers, ANN, 20, 0..1_000);
        hear(&mut speakers, BOB, 20, 1_000..1_300);
        assert_eq!(first(&speakers), ANN);
        hear(&mut speakers, BOB, 20, 1_300..1_500);
        assert_eq!(first(&speakers), BOB);
    }

    #[test]
    fn silence_is_nobody() {
        let mut speakers = two();
        hear(&mut speakers, ANN, 127, 0..1_000);
        assert_eq!(speakers.speaking(at(1_000)).count(), 0);
    }
}
