//! Meetings in Janus: first everybody who sends, then everybody who receives, for a stream that is
//! not there yet cannot be subscribed to.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use tokio::task::JoinSet;

use super::answer;
use super::api::Api;
use super::video_room::{self, Wanted};
use crate::client::dtls::Identity;
use crate::client::sdp::{Description, Offer};
use crate::client::transport;
use crate::endpoint::{Endpoint, IcePair, MediaKind};
use crate::lab::network::Network;
use crate::target::{Room, Seat};

/// More only makes each wait longer: a handshake is a millisecond of CPU time on either side.
const AT_ONCE_MAX: usize = 48;

/// SSRCs of the first transport. Eight belong to each.
const SSRC_FIRST: u32 = 0x1000_0000;
const SSRCS_PER_TRANSPORT: u32 = 8;

/// What every transport needs on the way in.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) api: Arc<Api>,
    pub(super) identity: Arc<Identity>,
    pub(super) network: Arc<Network>,
}

/// One transport to be made.
struct Entry {
    room: usize,
    seat: usize,
    /// As Janus knows it.
    room_id: u64,
    /// Counts all transports.
    number: u32,
    way: Way,
}

enum Way {
    Publish(Seat),
    Subscribe(Vec<Wanted>),
}

/// Brings everybody in: room by room, seat by seat, who sends and receives as two endpoints.
/// `rooms_before` and `transports` count those of earlier calls, and go on.
pub(super) async fn all(
    gate: Gate,
    rooms: &[Room],
    rooms_before: &mut u64,
    transports: &mut u32,
) -> anyhow::Result<Vec<Vec<Endpoint>>> {
    let gate = Arc::new(gate);
    let mut ids = Vec::with_capacity(rooms.len());
    for room in rooms {
        *rooms_before += 1;
        let publishers = room.seats.iter().filter(|seat| publishes(seat)).count();
        video_room::create(&gate.api, *rooms_before, publishers).await?;
        ids.push(*rooms_before);
    }
    let mut entered = Vec::new();
    for phase in [publishers, subscribers] {
        let mut entries = Vec::new();
        for (index, (room, &room_id)) in rooms.iter().zip(&ids).enumerate() {
            for (seat, way) in phase(room) {
                let number = *transports;
                *transports += 1;
                entries.push(Entry {
                    room: index,
                    seat,
                    room_id,
                    number,
                    way,
                });
            }
        }
        entered.append(&mut enter_all(&gate, entries).await?);
    }
    // The sort is stable: of one seat, the sender stays first.
    entered.sort_by_key(|(room, seat, _)| (*room, *seat));
    let mut endpoints: Vec<Vec<Endpoint>> = rooms.iter().map(|_| Vec::new()).collect();
    for (room, _, endpoint) in entered {
        endpoints[room].push(endpoint);
    }
    Ok(endpoints)
}

fn publishes(seat: &Seat) -> bool {
    seat.sends_audio || seat.video_layers > 0
}

fn publishers(room: &Room) -> Vec<(usize, Way)> {
    let seats = room.seats.iter().enumerate();
    seats
        .filter(|(_, seat)| publishes(seat))
        .map(|(index, seat)| (index, Way::Publish(*seat)))
        .collect()
}

fn subscribers(room: &Room) -> Vec<(usize, Way)> {
    let everybody = 0..room.seats.len();
    everybody
        .map(|seat| (seat, wanted(room, seat)))
        .filter(|(_, wanted)| !wanted.is_empty())
        .map(|(seat, wanted)| (seat, Way::Subscribe(wanted)))
        .collect()
}

/// The streams of those who sit after `seat`, around the table, as many as it has slots for.
fn wanted(room: &Room, seat: usize) -> Vec<Wanted> {
    let seats = room.seats.iter().enumerate();
    let (before, after): (Vec<_>, Vec<_>) = seats.partition(|(other, _)| *other <= seat);
    let around = after.into_iter().chain(before);
    let others: Vec<_> = around.filter(|(other, _)| *other != seat).collect();
    let of = |kind, slots| {
        let streams = others.iter().filter_map(move |(index, other)| {
            let feed = feed(*index);
            mid(other, kind).map(|mid| Wanted { feed, mid })
        });
        streams.take(slots)
    };
    let Seat {
        audio_slots,
        video_slots,
        ..
    } = room.seats[seat];
    of(MediaKind::Audio, audio_slots)
        .chain(of(MediaKind::Video, video_slots))
        .collect()
}

/// What Janus calls the publisher in this seat; 0 is no name to it.
fn feed(seat: usize) -> u64 {
    seat as u64 + 1
}

/// The m-line of a publisher's offer that carries this kind: audio is the first.
fn mid(seat: &Seat, kind: MediaKind) -> Option<String> {
    match kind {
        MediaKind::Audio => seat.sends_audio.then(|| "0".to_owned()),
        MediaKind::Video => (seat.video_layers > 0).then(|| u8::from(seat.sends_audio).to_string()),
    }
}

async fn enter_all(
    gate: &Arc<Gate>,
    entries: Vec<Entry>,
) -> anyhow::Result<Vec<(usize, usize, Endpoint)>> {
    let mut waiting = entries.into_iter();
    let mut entering = JoinSet::new();
    let mut entered = Vec::new();
    loop {
        for entry in waiting.by_ref().take(AT_ONCE_MAX - entering.len()) {
            let gate = Arc::clone(gate);
            entering.spawn(async move {
                let (room, seat) = (entry.room, entry.seat);
                let endpoint = gate.enter(entry).await;
                let endpoint = endpoint.with_context(|| format!("seat {seat} of room {room}"));
                endpoint.map(|endpoint| (room, seat, endpoint))
            });
        }
        match entering.join_next().await {
            Some(one) => entered.push(one??),
            None => return Ok(entered),
        }
    }
}

impl Gate {
    async fn enter(&self, entry: Entry) -> anyhow::Result<Endpoint> {
        match &entry.way {
            Way::Publish(seat) => self.publish(&entry, seat).await,
            Way::Subscribe(wanted) => self.subscribe(&entry, wanted).await,
        }
    }

    async fn publish(&self, entry: &Entry, seat: &Seat) -> anyhow::Result<Endpoint> {
        let handle = self.api.attach().await?;
        let mut ice = IcePair::local()?;
        let seat = Seat {
            audio_slots: 0,
            video_slots: 0,
            ..*seat
        };
        let first_ssrc = SSRC_FIRST + entry.number * SSRCS_PER_TRANSPORT;
        let offer = Offer::new(&seat, &ice, self.identity.fingerprint(), first_ssrc)?;
        let feed = feed(entry.seat);
        let answer =
            video_room::publish(&self.api, &handle, entry.room_id, feed, &offer.text).await?;
        let answer = Description::parse(&answer)?;
        let (sends, receives) = offer.agreed(&answer)?;
        let mut endpoint = self.connect(entry, &mut ice, &answer).await?;
        self.api.is_up(handle).await?;
        endpoint.sends = sends;
        endpoint.receives = receives;
        Ok(endpoint)
    }

    async fn subscribe(&self, entry: &Entry, wanted: &[Wanted]) -> anyhow::Result<Endpoint> {
        let handle = self.api.attach().await?;
        let mut ice = IcePair::local()?;
        let offer = video_room::subscribe(&self.api, &handle, entry.room_id, wanted).await?;
        let offer = Description::parse(&offer)?;
        let streams = answer::streams(&offer)?;
        if streams.len() != wanted.len() {
            let (offered, wanted) = (streams.len(), wanted.len());
            bail!("Janus offers {offered} streams where {wanted} were asked for");
        }
        let text = answer::write(&streams, &ice, self.identity.fingerprint());
        video_room::start(&self.api, &handle, &text).await?;
        let mut endpoint = self.connect(entry, &mut ice, &offer).await?;
        self.api.is_up(handle).await?;
        endpoint.receives = answer::slots(streams);
        Ok(endpoint)
    }

    /// ICE and DTLS; the endpoint has no streams yet.
    async fn connect(
        &self,
        entry: &Entry,
        ice: &mut IcePair,
        theirs: &Description,
    ) -> anyhow::Result<Endpoint> {
        ice.remote_ufrag.clone_from(&theirs.ufrag);
        ice.remote_password.clone_from(&theirs.password);
        let local = self.network.participant(entry.number)?;
        let connected = transport::connect(local, ice, theirs, &self.identity).await?;
        Ok(Endpoint {
            local,
            remote: connected.remote,
            keys: connected.keys,
            ice: Some(ice.clone()),
            sends: Vec::new(),
            receives: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(room: &Room, seat: usize) -> Vec<(u64, String)> {
        let wanted = wanted(room, seat).into_iter();
        wanted.map(|Wanted { feed, mid }| (feed, mid)).collect()
    }

    #[test]
    fn a_viewer_gets_its_neighbours_around_the_table_and_never_itself() {
        let seat = Seat {
            sends_audio: true,
            video_layers: 1,
            audio_slots: 1,
            video_slots: 9,
        };
        let room = Room {
            seats: vec![seat; 3],
        };
        let mids = |wanted: &[(u64, &str)]| -> Vec<(u64, String)> {
            wanted
                .iter()
                .map(|(feed, mid)| (*feed, (*mid).to_owned()))
                .collect()
        };
        assert_eq!(said(&room, 0), mids(&[(2, "0"), (2, "1"), (3, "1")]));
        assert_eq!(said(&room, 1), mids(&[(3, "0"), (3, "1"), (1, "1")]));
    }

    #[test]
    fn only_what_is_sent_is_asked_for() {
        let camera = Seat {
            video_layers: 1,
            ..Seat::default()
        };
        let viewer = Seat {
            audio_slots: 2,
            video_slots: 2,
            ..Seat::default()
        };
        let room = Room {
            seats: vec![camera, viewer, viewer],
        };
        assert_eq!(said(&room, 1), [(1, "0".to_owned())]);
        assert_eq!(subscribers(&room).len(), 2);
        assert_eq!(publishers(&room).len(), 1);
    }
}
