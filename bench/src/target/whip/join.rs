//! Meetings of WHIP and WHEP sessions: everybody who sends has one, and everybody who receives one
//! for each publisher whose sources it has slots for.

use crate::client::http;
use crate::client::sdp::{Description, Offer};
use crate::endpoint::{Endpoint, IcePair, MediaKind};
use crate::target::one_way::{self, Entrance};
use crate::target::{Room, Seat};

use super::Server;

/// What every session needs on the way in.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// To where each kind of offer goes.
    pub(super) publish: http::Client,
    pub(super) play: http::Client,
    pub(super) server: Server,
    /// Of the rooms' names.
    pub(super) prefix: String,
    /// Rooms of earlier calls.
    pub(super) rooms_before: usize,
    pub(super) access: one_way::Access,
}

type Entry = one_way::Entry<Session>;

/// What is offered is what a seat would that had no other session.
enum Session {
    Publish(Seat),
    Play { publisher: usize, wanted: Seat },
}

/// Brings everybody in: room by room, seat by seat, of one seat the sender first. `transports`
/// counts those of earlier calls, and goes on.
pub(super) async fn all(
    gate: Gate,
    rooms: &[Room],
    transports: &mut u32,
) -> anyhow::Result<Vec<Vec<Endpoint>>> {
    let enter = |entry| {
        let gate = gate.clone();
        async move { gate.enter(entry).await }
    };
    let mut entrance = Entrance::new(transports);
    let publishers = one_way::publishers(rooms).into_iter();
    let publish = publishers.map(|(room, seat, sends)| (room, seat, Session::Publish(sends)));
    entrance.admit(publish, enter).await?;
    let play = one_way::everybody(rooms).flat_map(|(room, seat, meeting)| {
        let played = played(meeting, seat).into_iter();
        played.map(move |(publisher, wanted)| (room, seat, Session::Play { publisher, wanted }))
    });
    entrance.admit(play, enter).await?;
    Ok(entrance.into_rooms(rooms.len()))
}

/// Whom this seat watches, and what of each it receives.
fn played(room: &Room, seat: usize) -> Vec<(usize, Seat)> {
    let mut played: Vec<(usize, Seat)> = Vec::new();
    for (publisher, kind) in one_way::sources_around(room, seat) {
        let known = played.iter().position(|(other, _)| *other == publisher);
        let index = known.unwrap_or_else(|| {
            played.push((publisher, Seat::default()));
            played.len() - 1
        });
        let wanted = &mut played[index].1;
        match kind {
            MediaKind::Audio => wanted.audio_slots = 1,
            MediaKind::Video => wanted.video_slots = 1,
        }
    }
    played
}

impl Gate {
    async fn enter(&self, entry: Entry) -> anyhow::Result<Endpoint> {
        let room = format!("{}-{}", self.prefix, self.rooms_before + entry.room);
        let (client, path, wanted) = match &entry.purpose {
            Session::Publish(sends) => {
                let path = self.server.publish.path(&room, entry.seat);
                (&self.publish, path, sends)
            }
            Session::Play { publisher, wanted } => {
                let path = self.server.play.path(&room, *publisher, entry.seat);
                (&self.play, path, wanted)
            }
        };
        let ice = IcePair::local()?;
        let fingerprint = self.access.identity.fingerprint();
        let offer = Offer::new(wanted, &ice, fingerprint, entry.first_ssrc())?;
        let token = &self.server.token;
        let answer = client.post_offer(&path, token, offer.text.clone()).await?;
        let answer = Description::parse(&answer)?;
        let (sends, receives) = offer.agreed(&answer)?;
        let endpoint = self.access.connect(entry.number, ice, &answer).await?;
        Ok(Endpoint {
            sends,
            receives,
            ..endpoint
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_session_carries_all_that_a_viewer_gets_of_a_publisher() {
        let seat = Seat {
            sends_audio: true,
            video_layers: 1,
            audio_slots: 1,
            video_slots: 5,
        };
        let room = Room {
            seats: vec![seat; 3],
        };
        let said: Vec<_> = played(&room, 1)
            .iter()
            .map(|(publisher, it)| (*publisher, it.audio_slots, it.video_slots))
            .collect();
        assert_eq!(said, [(2, 1, 1), (0, 0, 1)]);
    }
}
