//! Who sits where: from the rooms of a scenario to the forwarder's tables and the participants'
//! endpoints, which agree on addresses, keys and SSRCs.
//!
//! What a slot carries is fixed: the n-th audio slot has the n-th speaker of the room, the n-th
//! video slot the n-th camera in its highest encoding, ourselves left out.

use anyhow::Context as _;

use super::super::{Room, Seat};
use crate::endpoint::{Endpoint, MediaKind, Slot, Source};
use crate::ideal::{Keying, PublisherTable, RoomTable, SlotTable, Tables, ViewerTable};
use crate::lab::network::Network;

const AUDIO_PAYLOAD_TYPE: u8 = 111;
const VIDEO_PAYLOAD_TYPE: u8 = 96;
/// SSRCs that one participant has for its sources, and as many for its slots.
const SSRCS: usize = 64;

/// The tables, and the endpoints room by room. The forwarder's address is known when it runs:
/// `remote` is for the caller to set.
pub(super) fn seat(
    rooms: &[Room],
    network: &Network,
    driver: String,
) -> anyhow::Result<(Tables, Vec<Vec<Endpoint>>)> {
    let mut tables = Vec::with_capacity(rooms.len());
    let mut endpoints = Vec::with_capacity(rooms.len());
    let mut first = 0;
    for room in rooms {
        let all = endpoints_of(room, first, network)?;
        tables.push(table_of(&all, first));
        first += all.len();
        endpoints.push(all);
    }
    let tables = Tables {
        listen: (network.server(), 0).into(),
        driver,
        rooms: tables,
    };
    Ok((tables, endpoints))
}

fn endpoints_of(room: &Room, first: usize, network: &Network) -> anyhow::Result<Vec<Endpoint>> {
    let seats = room.seats.iter().zip(first..);
    seats
        .map(|(seat, number)| {
            let local = network.participant(u32::try_from(number)?)?;
            Ok(Endpoint {
                local,
                remote: local,
                keys: Keying::of_participant(number).material()?,
                ice: None,
                sends: sources_of(seat, number)?,
                receives: slots_of(seat, number)?,
            })
        })
        .collect()
}

fn sources_of(seat: &Seat, number: usize) -> anyhow::Result<Vec<Source>> {
    let audio = usize::from(seat.sends_audio);
    let kinds = kinds(audio, seat.video_layers);
    kinds
        .zip(0..)
        .map(|(kind, at)| {
            Ok(Source {
                kind,
                ssrc: ssrc_of(2 * number, at)?,
                payload_type: payload_type_of(kind),
                // Not read, but the product's publishers have them: headers as long, and so
                // payloads.
                mid: Some((4, "0".to_owned())),
                rid: None,
                audio_level: None,
                transport_cc: Some(3),
            })
        })
        .collect()
}

fn slots_of(seat: &Seat, number: usize) -> anyhow::Result<Vec<Slot>> {
    let kinds = kinds(seat.audio_slots, seat.video_slots);
    kinds
        .zip(0..)
        .map(|(kind, at)| {
            Ok(Slot {
                kind,
                ssrc: ssrc_of(2 * number + 1, at)?,
                payload_type: payload_type_of(kind),
            })
        })
        .collect()
}

fn kinds(audio: usize, video: usize) -> impl Iterator<Item = MediaKind> {
    let audio = std::iter::repeat_n(MediaKind::Audio, audio);
    audio.chain(std::iter::repeat_n(MediaKind::Video, video))
}

fn payload_type_of(kind: MediaKind) -> u8 {
    match kind {
        MediaKind::Audio => AUDIO_PAYLOAD_TYPE,
        MediaKind::Video => VIDEO_PAYLOAD_TYPE,
    }
}

/// The `at`-th of a range that nobody else has.
fn ssrc_of(range: usize, at: usize) -> anyhow::Result<u32> {
    let ssrc = (at < SSRCS).then_some(range * SSRCS + at + 1);
    ssrc.and_then(|ssrc| u32::try_from(ssrc).ok())
        .context("more participants or streams than there are SSRCs for")
}

fn table_of(endpoints: &[Endpoint], first: usize) -> RoomTable {
    let publisher = |(endpoint, number): (&Endpoint, usize)| PublisherTable {
        address: endpoint.local,
        keying: Keying::of_participant(number),
        ssrcs: endpoint.sends.iter().map(|source| source.ssrc).collect(),
    };
    let viewer = |(endpoint, number): (&Endpoint, usize)| ViewerTable {
        address: endpoint.local,
        keying: Keying::of_participant(number),
        slots: carried(endpoint, endpoints),
    };
    let numbered = || endpoints.iter().zip(first..);
    RoomTable {
        publishers: numbered()
            .filter(|(endpoint, _)| !endpoint.sends.is_empty())
            .map(publisher)
            .collect(),
        viewers: numbered()
            .filter(|(endpoint, _)| !endpoint.receives.is_empty())
            .map(viewer)
            .collect(),
    }
}

/// What the slots of `viewer` carry; those for which there is nobody are left out.
fn carried(viewer: &Endpoint, all: &[Endpoint]) -> Vec<SlotTable> {
    let of_kind = |kind: MediaKind| {
        let others = all.iter().filter(|other| other.local != viewer.local);
        // Of several encodings, the highest stands last.
        let sources = others.filter_map(move |other| {
            let mut sources = other.sends.iter().rev();
            sources.find(|source| source.kind == kind)
        });
        let slots = viewer.receives.iter().filter(move |slot| slot.kind == kind);
        slots.zip(sources).map(|(slot, source)| SlotTable {
            source: source.ssrc,
            ssrc: slot.ssrc,
            payload_type: slot.payload_type,
        })
    };
    of_kind(MediaKind::Audio)
        .chain(of_kind(MediaKind::Video))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::net::UdpSocket;
    use std::sync::atomic::{AtomicBool, Ordering};

    use sfu_proto::srtp::{Inbound, Outbound};

    use super::*;
    use crate::ideal::Forwarder;
    use crate::lab::network::Kind;

    const SEAT: Seat = Seat {
        sends_audio: true,
        video_layers: 3,
        audio_slots: 2,
        video_slots: 5,
    };

    fn two_rooms(network: &Network) -> (Tables, Vec<Vec<Endpoint>>) {
        let rooms = [4, 3].map(|seats| Room {
            seats: vec![SEAT; seats],
        });
        seat(&rooms, network, "mio".to_owned()).unwrap()
    }

    #[test]
    fn nobody_hears_themselves_and_everybody_is_seen_in_the_highest_encoding() {
        let network = Network::new(Kind::Lo, None).unwrap();
        let (tables, endpoints) = two_rooms(&network);
        for (table, endpoints) in tables.rooms.iter().zip(&endpoints) {
            for (viewer, endpoint) in table.viewers.iter().zip(endpoints) {
                let own: BTreeSet<u32> = endpoint.sends.iter().map(|it| it.ssrc).collect();
                assert!(viewer.slots.iter().all(|it| !own.contains(&it.source)));
                assert_eq!(viewer.slots.len(), 2 + (endpoints.len() - 1));
                let highest: Vec<u32> = endpoints
                    .iter()
                    .filter(|other| other.local != endpoint.local)
                    .map(|other| other.sends[3].ssrc)
                    .collect();
                let seen: Vec<u32> = viewer.slots[2..].iter().map(|it| it.source).collect();
                assert_eq!(seen, highest);
            }
        }
    }

    #[test]
    fn addresses_and_ssrcs_are_everybodys_own() {
        let network = Network::new(Kind::Lo, None).unwrap();
        let (_, endpoints) = two_rooms(&network);
        let all: Vec<&Endpoint> = endpoints.iter().flatten().collect();
        let addresses: BTreeSet<_> = all.iter().map(|it| it.local).collect();
        assert_eq!(addresses.len(), 7);
        let ssrcs: Vec<u32> = all
            .iter()
            .flat_map(|it| {
                let sources = it.sends.iter().map(|source| source.ssrc);
                sources.chain(it.receives.iter().map(|slot| slot.ssrc))
            })
            .collect();
        assert_eq!(ssrcs.iter().collect::<BTreeSet<_>>().len(), ssrcs.len());
    }

    /// Every source of every seat sends one packet; each viewer opens what its slots should carry,
    /// bit for bit, and nothing else.
    #[test]
    fn the_forwarder_does_what_the_endpoints_expect() {
        let network = Network::new(Kind::Lo, None).unwrap();
        let (tables, endpoints) = two_rooms(&network);
        let mut forwarder = Forwarder::open(&tables).unwrap();
        let address = forwarder.address();
        let seats: Vec<(&Endpoint, UdpSocket)> = endpoints
            .iter()
            .flatten()
            .map(|endpoint| (endpoint, UdpSocket::bind(endpoint.local).unwrap()))
            .collect();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    forwarder
                        .pass(std::time::Duration::from_millis(10))
                        .unwrap();
                }
            });
            for (endpoint, socket) in &seats {
                let mut outbound = Outbound::new(endpoint.keys.profile, &endpoint.keys.client);
                for source in &endpoint.sends {
                    let mut packet = vec![0x80, 0x80 | source.payload_type, 0, 7, 0, 0, 0, 9];
                    packet.extend(source.ssrc.to_be_bytes());
                    packet.extend(source.ssrc.to_string().as_bytes());
                    packet.extend([0; 16]);
                    outbound.protect_rtp(12, 7, &mut packet).unwrap();
                    socket.send_to(&packet, address).unwrap();
                }
            }
            let viewers = tables.rooms.iter().flat_map(|room| &room.viewers);
            for ((endpoint, socket), viewer) in seats.iter().zip(viewers) {
                let mut inbound = Inbound::new(endpoint.keys.profile, &endpoint.keys.server);
                socket
                    .set_read_timeout(Some(std::time::Duration::from_secs(5)))
                    .unwrap();
                let mut came = BTreeMap::new();
                for _ in &viewer.slots {
                    let mut datagram = [0; 1_500];
                    let length = socket.recv(&mut datagram).unwrap();
                    let packet = inbound.unprotect_rtp(&mut datagram[..length]).unwrap();
                    assert_eq!(packet.header().timestamp, 90_009);
                    came.insert(packet.header().ssrc.0, packet.payload().to_vec());
                }
                let expected: BTreeMap<u32, Vec<u8>> = viewer
                    .slots
                    .iter()
                    .map(|slot| (slot.ssrc, slot.source.to_string().into_bytes()))
                    .collect();
                assert_eq!(came, expected);
                socket.set_nonblocking(true).unwrap();
                assert!(socket.recv(&mut [0; 1_500]).is_err(), "nothing else");
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
