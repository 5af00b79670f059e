//! Meetings in servers whose transports either send or receive. Who does both is several endpoints
//! here, the sender first: all publishers come in before all viewers, for what is not there yet
//! cannot be watched. There are no slots either: a viewer gets the sources of those who sit next to
//! it, as many as it has slots, and keeps them.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinSet;

use super::{Room, Seat};
use crate::client::consent::Consent;
use crate::client::dtls::Identity;
use crate::client::sdp::Description;
use crate::client::transport;
use crate::endpoint::{Endpoint, IcePair, MediaKind};
use crate::lab::network::Network;

/// More only makes each wait longer: a handshake is a millisecond of CPU time on either side.
const AT_ONCE_MAX: usize = 48;
const RENEW_EVERY: Duration = Duration::from_secs(2);

/// SSRCs of the first transport. Eight belong to each.
const SSRC_FIRST: u32 = 0x1000_0000;
const SSRCS_PER_TRANSPORT: u32 = 8;

/// One transport to be made.
#[derive(Debug)]
pub struct Entry<W> {
    pub room: usize,
    pub seat: usize,
    /// Counts all transports.
    pub number: u32,
    /// What it is for.
    pub purpose: W,
}

impl<W> Entry<W> {
    pub fn first_ssrc(&self) -> u32 {
        SSRC_FIRST + self.number * SSRCS_PER_TRANSPORT
    }
}

/// Lets transports in, many at a time, and keeps those who are in.
#[derive(Debug)]
pub struct Entrance<'a> {
    transports: &'a mut u32,
    consent: Consent,
    entered: Vec<(usize, usize, Endpoint)>,
}

impl<'a> Entrance<'a> {
    /// `transports` counts those of earlier calls, and goes on.
    pub fn new(transports: &'a mut u32) -> Self {
        Self {
            transports,
            consent: Consent::default(),
            entered: Vec::new(),
        }
    }

    /// Lets in all that are wanted, each given as room, seat and purpose.
    pub async fn admit<W, F>(
        &mut self,
        wanted: impl IntoIterator<Item = (usize, usize, W)>,
        enter: impl Fn(Entry<W>) -> F,
    ) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<Endpoint>> + Send + 'static,
    {
        let mut waiting = wanted.into_iter();
        let mut entering = JoinSet::new();
        let mut renew = tokio::time::interval(RENEW_EVERY);
        loop {
            for (room, seat, purpose) in waiting.by_ref().take(AT_ONCE_MAX - entering.len()) {
                let number = *self.transports;
                *self.transports += 1;
                let entered = enter(Entry {
                    room,
                    seat,
                    number,
                    purpose,
                });
                entering.spawn(async move {
                    let endpoint = entered.await;
                    let endpoint = endpoint.with_context(|| format!("seat {seat} of room {room}"));
                    endpoint.map(|endpoint| (room, seat, endpoint))
                });
            }
            tokio::select! {
                one = entering.join_next() => match one {
                    Some(one) => {
                        let one = one??;
                        self.consent.add(&one.2, Instant::now());
                        self.entered.push(one);
                    }
                    None => return Ok(()),
                },
                _ = renew.tick() => self.consent.renew(Instant::now())?,
            }
        }
    }

    /// Everybody, room by room and seat by seat.
    pub fn into_rooms(mut self, rooms: usize) -> Vec<Vec<Endpoint>> {
        // The sort is stable: of one seat, the sender stays first.
        self.entered.sort_by_key(|(room, seat, _)| (*room, *seat));
        let mut endpoints: Vec<Vec<Endpoint>> = (0..rooms).map(|_| Vec::new()).collect();
        for (room, _, endpoint) in self.entered {
            endpoints[room].push(endpoint);
        }
        endpoints
    }
}

/// What every transport needs once the descriptions are exchanged.
#[derive(Clone, Debug)]
pub struct Access {
    pub identity: Arc<Identity>,
    pub network: Arc<Network>,
}

impl Access {
    /// ICE and DTLS with the server that gave `theirs`; the endpoint has no streams yet.
    pub async fn connect(
        &self,
        number: u32,
        mut ice: IcePair,
        theirs: &Description,
    ) -> anyhow::Result<Endpoint> {
        ice.remote_ufrag.clone_from(&theirs.ufrag);
        ice.remote_password.clone_from(&theirs.password);
        let local = self.network.participant(number)?;
        let connected = transport::connect(local, &ice, theirs, &self.identity).await?;
        Ok(Endpoint {
            local,
            remote: connected.remote,
            keys: connected.keys,
            ice: Some(ice),
            sends: Vec::new(),
            receives: Vec::new(),
        })
    }
}

/// Those who send, each with room, seat, and what it sends.
pub fn publishers(rooms: &[Room]) -> Vec<(usize, usize, Seat)> {
    let seats = everybody(rooms).map(|(index, seat, room)| (index, seat, room.seats[seat]));
    seats
        .filter(|(_, _, seat)| seat.sends_audio || seat.video_layers > 0)
        .map(|(room, seat, wanted)| {
            let sends = Seat {
                audio_slots: 0,
                video_slots: 0,
                ..wanted
            };
            (room, seat, sends)
        })
        .collect()
}

/// Everybody, with room, seat, and the meeting.
pub fn everybody(rooms: &[Room]) -> impl Iterator<Item = (usize, usize, &Room)> {
    let rooms = rooms.iter().enumerate();
    rooms.flat_map(|(index, room)| (0..room.seats.len()).map(move |seat| (index, seat, room)))
}

/// The sources of those who sit after `seat`, around the table, as many as it has slots for: voices
/// first, each with the seat of its publisher.
pub fn sources_around(room: &Room, seat: usize) -> Vec<(usize, MediaKind)> {
    let seats = room.seats.iter().enumerate();
    let (before, after): (Vec<_>, Vec<_>) = seats.partition(|(other, _)| *other <= seat);
    let around = after.into_iter().chain(before);
    let others: Vec<_> = around.filter(|(other, _)| *other != seat).collect();
    let of = |kind, slots| {
        let sending = others.iter().filter(move |(_, other)| match kind {
            MediaKind::Audio => other.sends_audio,
            MediaKind::Video => other.video_layers > 0,
        });
        sending.map(move |(other, _)| (*other, kind)).take(slots)
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

#[cfg(test)]
mod tests {
    use super::*;

    use MediaKind::{Audio, Video};

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
        assert_eq!(
            sources_around(&room, 0),
            [(1, Audio), (1, Video), (2, Video)]
        );
        assert_eq!(
            sources_around(&room, 1),
            [(2, Audio), (2, Video), (0, Video)]
        );
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
        let rooms = [Room {
            seats: vec![viewer, camera, viewer],
        }];
        assert_eq!(sources_around(&rooms[0], 0), [(1, Video)]);
        assert_eq!(sources_around(&rooms[0], 1), []);
        let sending: Vec<_> = publishers(&rooms)
            .iter()
            .map(|(room, seat, _)| (*room, *seat))
            .collect();
        assert_eq!(sending, [(0, 1)]);
    }
}
