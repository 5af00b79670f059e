//! A scenario as data: who is in which meeting, and what each source sends.

use crate::endpoint::{Endpoint, MediaKind};
use crate::load::Shape;
use crate::target::{Room, Seat};

/// One meeting and its media.
#[derive(Clone, Debug)]
pub struct RoomLoad {
    pub room: Room,
    pub audio: Shape,
    /// Of a camera's encodings, the lowest first; one with fewer encodings sends the highest ones.
    pub video: Vec<Shape>,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    pub rooms: Vec<RoomLoad>,
    /// How long a window is unless `--seconds` says otherwise.
    pub seconds: f64,
}

impl RoomLoad {
    /// A shape for each source of the participant.
    pub fn shapes(&self, endpoint: &Endpoint) -> Vec<Shape> {
        let is_video = |kind| kind == MediaKind::Video;
        let layers = endpoint
            .sends
            .iter()
            .filter(|source| is_video(source.kind))
            .count();
        let mut video = self.video[self.video.len().saturating_sub(layers)..].iter();
        endpoint
            .sends
            .iter()
            .map(|source| match source.kind {
                MediaKind::Audio => self.audio,
                // More encodings than shapes: what is left is as the highest.
                MediaKind::Video => *video
                    .next()
                    .or_else(|| self.video.last())
                    .unwrap_or(&self.audio),
            })
            .collect()
    }

    /// Slots of this seat that can be filled: nobody receives their own media.
    fn filled(&self, seat: &Seat) -> (usize, usize) {
        let audio = self.senders(|other| other.sends_audio) - usize::from(seat.sends_audio);
        let video =
            self.senders(|other| other.video_layers > 0) - usize::from(seat.video_layers > 0);
        (seat.audio_slots.min(audio), seat.video_slots.min(video))
    }

    fn senders(&self, does: impl Fn(&Seat) -> bool) -> usize {
        self.room.seats.iter().filter(|seat| does(seat)).count()
    }

    fn has_simulcast(&self) -> bool {
        self.room.seats.iter().any(|seat| seat.video_layers > 1)
    }

    #[expect(clippy::cast_precision_loss, reason = "a meeting has few slots")]
    fn offered_pps(&self) -> f64 {
        let video = self.video.last().map_or(0.0, Shape::packets_per_second);
        let slots = self.room.seats.iter().map(|seat| self.filled(seat));
        slots
            .map(|(audio, of_video)| {
                audio as f64 * self.audio.packets_per_second() + of_video as f64 * video
            })
            .sum()
    }
}

impl Scenario {
    pub fn participants(&self) -> usize {
        self.rooms.iter().map(|room| room.room.seats.len()).sum()
    }

    /// Slots that something will flow in.
    pub fn streams(&self) -> usize {
        let seats = |load: &RoomLoad| -> usize {
            let filled = load.room.seats.iter().map(|seat| load.filled(seat));
            filled.map(|(audio, video)| audio + video).sum()
        };
        self.rooms.iter().map(seats).sum()
    }

    /// What all viewers together should receive each second; `None` where a camera has several
    /// encodings, since which of them a viewer gets is the server's choice.
    pub fn offered_pps(&self) -> Option<f64> {
        match self.rooms.iter().any(RoomLoad::has_simulcast) {
            true => None,
            false => Some(self.rooms.iter().map(RoomLoad::offered_pps).sum()),
        }
    }

    /// Whether anybody sends anything.
    pub fn has_media(&self) -> bool {
        self.streams() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        rate: 10.0,
        packets: 2,
        bytes: 500,
    };

    fn room(seats: Vec<Seat>) -> Scenario {
        Scenario {
            name: "test".to_owned(),
            rooms: vec![RoomLoad {
                room: Room { seats },
                audio: Shape {
                    packets: 1,
                    ..SHAPE
                },
                video: vec![SHAPE],
            }],
            seconds: 1.0,
        }
    }

    #[test]
    fn nobody_is_offered_their_own_media() {
        let all = Seat {
            sends_audio: true,
            video_layers: 1,
            audio_slots: 2,
            video_slots: 9,
        };
        let scenario = room(vec![all; 4]);
        // Each: two slots of the three others' voices, and three cameras.
        assert_eq!(scenario.streams(), 4 * (2 + 3));
        assert_eq!(
            scenario.offered_pps(),
            Some(4.0 * (2.0 * 10.0 + 3.0 * 20.0))
        );
    }

    #[test]
    fn with_simulcast_what_should_come_is_not_known() {
        let mut seats = vec![Seat::default(); 2];
        seats[0].video_layers = 3;
        seats[1].video_slots = 1;
        assert_eq!(room(seats.clone()).offered_pps(), None);
        seats[0].video_layers = 1;
        assert_eq!(room(seats).offered_pps(), Some(20.0));
    }
}
