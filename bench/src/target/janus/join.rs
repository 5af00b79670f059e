//! Meetings in Janus: its rooms, and a transport for each who sends and each who receives.

use std::sync::Arc;

use anyhow::bail;

use super::answer;
use super::api::Api;
use super::video_room::{self, Wanted};
use crate::client::sdp::{Description, Offer};
use crate::endpoint::{Endpoint, IcePair, MediaKind};
use crate::target::one_way::{self, Entrance};
use crate::target::{Room, Seat};

/// What every transport needs on the way in.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) api: Arc<Api>,
    pub(super) access: one_way::Access,
}

type Entry = one_way::Entry<Purpose>;

/// What a transport is for, in the room that Janus knows by this number.
enum Purpose {
    Publish(u64, Seat),
    Subscribe(u64, Vec<Wanted>),
}

/// Brings everybody in: room by room, seat by seat, who sends and receives as two endpoints.
/// `rooms_before` and `transports` count those of earlier calls, and go on.
pub(super) async fn all(
    gate: Gate,
    rooms: &[Room],
    rooms_before: &mut u64,
    transports: &mut u32,
) -> anyhow::Result<Vec<Vec<Endpoint>>> {
    let publishers = one_way::publishers(rooms);
    let mut ids = Vec::with_capacity(rooms.len());
    for index in 0..rooms.len() {
        *rooms_before += 1;
        let publishers = publishers.iter().filter(|(room, ..)| *room == index);
        video_room::create(&gate.api, *rooms_before, publishers.count()).await?;
        ids.push(*rooms_before);
    }
    let enter = |entry| {
        let gate = gate.clone();
        async move { gate.enter(entry).await }
    };
    let mut entrance = Entrance::new(transports);
    let publishers = publishers.into_iter();
    let publish = publishers.map(|(room, seat, it)| (room, seat, Purpose::Publish(ids[room], it)));
    entrance.admit(publish, enter).await?;
    let subscribe = one_way::everybody(rooms)
        .map(|(room, seat, meeting)| (room, seat, wanted(meeting, seat)))
        .filter(|(_, _, wanted)| !wanted.is_empty())
        .map(|(room, seat, wanted)| (room, seat, Purpose::Subscribe(ids[room], wanted)));
    entrance.admit(subscribe, enter).await?;
    Ok(entrance.into_rooms(rooms.len()))
}

/// The streams that this seat receives.
fn wanted(room: &Room, seat: usize) -> Vec<Wanted> {
    let sources = one_way::sources_around(room, seat).into_iter();
    sources
        .map(|(publisher, kind)| Wanted {
            feed: feed(publisher),
            mid: mid(&room.seats[publisher], kind),
        })
        .collect()
}

/// What Janus calls the publisher in this seat; 0 is no name to it.
fn feed(seat: usize) -> u64 {
    seat as u64 + 1
}

/// The m-line of a publisher's offer that carries this kind: audio is the first.
fn mid(seat: &Seat, kind: MediaKind) -> String {
    match kind {
        MediaKind::Audio => "0".to_owned(),
        MediaKind::Video => u8::from(seat.sends_audio).to_string(),
    }
}

impl Gate {
    async fn enter(&self, entry: Entry) -> anyhow::Result<Endpoint> {
        match &entry.purpose {
            Purpose::Publish(room, seat) => self.publish(&entry, *room, seat).await,
            Purpose::Subscribe(room, wanted) => self.subscribe(&entry, *room, wanted).await,
        }
    }

    async fn publish(&self, entry: &Entry, room: u64, seat: &Seat) -> anyhow::Result<Endpoint> {
        let handle = self.api.attach().await?;
        let ice = IcePair::local()?;
        let fingerprint = self.access.identity.fingerprint();
        let offer = Offer::new(seat, &ice, fingerprint, entry.first_ssrc())?;
        let feed = feed(entry.seat);
        let answer = video_room::publish(&self.api, &handle, room, feed, &offer.text).await?;
        let answer = Description::parse(&answer)?;
        let (sends, receives) = offer.agreed(&answer)?;
        let mut endpoint = self.access.connect(entry.number, ice, &answer).await?;
        self.api.is_up(handle).await?;
        endpoint.sends = sends;
        endpoint.receives = receives;
        Ok(endpoint)
    }

    async fn subscribe(
        &self,
        entry: &Entry,
        room: u64,
        wanted: &[Wanted],
    ) -> anyhow::Result<Endpoint> {
        let handle = self.api.attach().await?;
        let ice = IcePair::local()?;
        let offer = video_room::subscribe(&self.api, &handle, room, wanted).await?;
        let offer = Description::parse(&offer)?;
        let streams = answer::streams(&offer)?;
        if streams.len() != wanted.len() {
            let (offered, wanted) = (streams.len(), wanted.len());
            bail!("Janus offers {offered} streams where {wanted} were asked for");
        }
        let text = answer::write(&streams, &ice, self.access.identity.fingerprint());
        video_room::start(&self.api, &handle, &text).await?;
        let mut endpoint = self.access.connect(entry.number, ice, &offer).await?;
        self.api.is_up(handle).await?;
        endpoint.receives = answer::slots(streams);
        Ok(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_by_publisher_and_m_line() {
        let camera = Seat {
            video_layers: 1,
            ..Seat::default()
        };
        let speaker = Seat {
            sends_audio: true,
            ..camera
        };
        let viewer = Seat {
            audio_slots: 2,
            video_slots: 2,
            ..Seat::default()
        };
        let room = Room {
            seats: vec![camera, viewer, speaker],
        };
        let said: Vec<_> = wanted(&room, 1)
            .into_iter()
            .map(|Wanted { feed, mid }| (feed, mid))
            .collect();
        let stream = |feed, mid: &str| (feed, mid.to_owned());
        assert_eq!(said, [stream(3, "0"), stream(3, "1"), stream(1, "0")]);
        assert!(wanted(&room, 0).is_empty());
    }
}
