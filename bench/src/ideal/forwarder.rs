//! The ideal forwarder: receive, open, and for each viewer write a header, copy, seal and send. It
//! has tables that never change and nothing else: no ICE, no RTCP, no repairs, no choice of who is
//! seen. What it costs is the least that forwarding costs on this machine, and what the product is
//! measured against.
//!
//! Drivers, trains, ciphers and the length of a datagram are the product's own, so that the
//! difference is what the product does beyond forwarding; `layers` sees to it that they are no
//! excuse.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use anyhow::Context as _;
use sfu_proto::ids::Ssrc;
use sfu_proto::limits::{DATAGRAM_BYTES_MAX, RECEIVED_PER_PASS_MAX};
use sfu_proto::packet::{Datagram, Route, SocketIndex};
use sfu_proto::srtp::{Authenticated, CryptoBackend, Inbound, Outbound};
use sfu_proto::time::Instant;
use sfu_uring::{BoundSocket, ClockReading, DriverChoice, IoCounters};

use super::fastest_cipher::fastest_cipher;
use super::outlet::{Outlet, bind_at};
use super::shape::{HEADER_BYTES, TAG_BYTES, header_template};
use super::tables::{RoomTable, SlotTable, Tables};

/// What a slot adds to its source's numbers: any constant is as dear as any other.
const SEQUENCE_OFFSET: u64 = 1_000;
const TIMESTAMP_OFFSET: u32 = 90_000;

/// No stamps are read.
const NO_CLOCK: ClockReading = ClockReading {
    now: Instant::from_nanos(0),
    realtime_nanos: 0,
};

#[derive(Debug)]
pub(crate) struct Forwarder {
    outlet: Outlet,
    address: SocketAddr,
    publishers: HashMap<SocketAddr, Publisher>,
    rooms: Vec<Room>,
    /// Payloads of this pass, one after the other.
    plain: Vec<u8>,
    forwarded: u64,
}

#[derive(Debug)]
struct Publisher {
    inbound: Inbound,
    room: usize,
    /// SSRC, and its place among the room's sources.
    sources: Vec<(Ssrc, usize)>,
}

#[derive(Debug)]
struct Room {
    /// What has come in this pass, by source.
    sources: Vec<Vec<Packet>>,
    received: usize,
    /// The longest payload among it.
    payload_max: usize,
    viewers: Vec<Viewer>,
}

/// A received packet: numbers, and where its payload is.
#[derive(Debug)]
struct Packet {
    index: u64,
    timestamp: u32,
    marker: bool,
    payload: Range<usize>,
}

#[derive(Debug)]
struct Viewer {
    route: Route,
    outbound: Outbound,
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    source: usize,
    header: [u8; HEADER_BYTES],
}

impl Forwarder {
    pub(crate) fn open(tables: &Tables) -> anyhow::Result<Self> {
        let choice: DriverChoice = tables.driver.parse()?;
        let crypto = fastest_cipher();
        let sockets = bind_at(tables.listen)?;
        let address = sockets.first().map(BoundSocket::local_address);
        let mut publishers = HashMap::new();
        let mut rooms = Vec::with_capacity(tables.rooms.len());
        for (number, table) in tables.rooms.iter().enumerate() {
            rooms.push(read_room(table, number, crypto, &mut publishers)?);
        }
        Ok(Self {
            outlet: Outlet::on(choice, sockets)?,
            address: address.context("no socket")?,
            publishers,
            rooms,
            plain: Vec::with_capacity(RECEIVED_PER_PASS_MAX * DATAGRAM_BYTES_MAX),
            forwarded: 0,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Datagrams given to the driver.
    pub(crate) fn forwarded(&self) -> u64 {
        self.forwarded
    }

    /// How long a wait gathers packets. Unless told, the driver's own time.
    pub(crate) fn set_gather(&mut self, gather: Duration) {
        self.outlet.driver.set_gather(gather);
    }

    pub(crate) fn counters(&self) -> IoCounters {
        self.outlet.driver.counters()
    }

    /// Waits for packets and forwards them. The last of what it sends leaves with the next pass's
    /// system call, which comes at once.
    pub(crate) fn pass(&mut self, timeout: Duration) -> anyhow::Result<()> {
        let Self {
            outlet: Outlet { driver, batch },
            publishers,
            rooms,
            plain,
            ..
        } = self;
        driver.turn(batch, Some(timeout))?;
        driver.receive(NO_CLOCK, RECEIVED_PER_PASS_MAX, |datagram| {
            take(datagram, publishers, rooms, plain);
        });
        self.forward()
    }

    /// Viewers outside, packets inside: all of a viewer's packets lie side by side, and leave as
    /// trains.
    fn forward(&mut self) -> anyhow::Result<()> {
        for room in self.rooms.iter_mut().filter(|room| room.received > 0) {
            let bytes_max = HEADER_BYTES + room.payload_max + TAG_BYTES;
            for viewer in &mut room.viewers {
                self.outlet.make_room(room.received, bytes_max)?;
                for slot in &viewer.slots {
                    for packet in &room.sources[slot.source] {
                        let payload = &self.plain[packet.payload.clone()];
                        let bytes = HEADER_BYTES + payload.len() + TAG_BYTES;
                        let datagram = self.outlet.slot(viewer.route, bytes)?;
                        write(packet, payload, slot, &mut viewer.outbound, datagram)?;
                        self.forwarded += 1;
                    }
                }
            }
            room.sources.iter_mut().for_each(Vec::clear);
            (room.received, room.payload_max) = (0, 0);
        }
        self.plain.clear();
        Ok(())
    }
}

/// Opens a datagram and keeps its payload; what nobody in the tables has sent is let go.
fn take(
    datagram: Datagram<'_>,
    publishers: &mut HashMap<SocketAddr, Publisher>,
    rooms: &mut [Room],
    plain: &mut Vec<u8>,
) {
    let Some(publisher) = publishers.get_mut(&datagram.route.remote) else {
        return;
    };
    let Ok(packet) = publisher.inbound.unprotect_rtp(datagram.bytes) else {
        return;
    };
    let ssrc = packet.header().ssrc;
    let known = publisher.sources.iter().find(|(known, _)| *known == ssrc);
    if let (Some((_, source)), Some(room)) = (known, rooms.get_mut(publisher.room)) {
        room.keep(*source, &packet, plain);
    }
}

impl Room {
    fn keep(&mut self, source: usize, packet: &Authenticated<'_>, plain: &mut Vec<u8>) {
        let (header, payload) = (packet.header(), packet.payload());
        let start = plain.len();
        plain.extend_from_slice(payload);
        self.sources[source].push(Packet {
            index: packet.index(),
            timestamp: header.timestamp,
            marker: header.marker,
            payload: start..plain.len(),
        });
        self.received += 1;
        self.payload_max = self.payload_max.max(payload.len());
    }
}

/// Header (RFC 3550 §5.1), payload, tag.
#[inline]
fn write(
    packet: &Packet,
    payload: &[u8],
    slot: &Slot,
    outbound: &mut Outbound,
    datagram: &mut [u8],
) -> anyhow::Result<()> {
    let index = packet.index + SEQUENCE_OFFSET;
    let timestamp = packet.timestamp.wrapping_add(TIMESTAMP_OFFSET);
    let (header, rest) = datagram.split_at_mut(HEADER_BYTES);
    header.copy_from_slice(&slot.header);
    header[1] |= u8::from(packet.marker) << 7;
    header[2..4].copy_from_slice(&index.to_be_bytes()[6..]);
    header[4..8].copy_from_slice(&timestamp.to_be_bytes());
    rest[..payload.len()].copy_from_slice(payload);
    outbound
        .protect_rtp(HEADER_BYTES, index, datagram)
        .map_err(|dropped| anyhow::anyhow!("cannot seal: {dropped:?}"))
}

fn read_room(
    table: &RoomTable,
    number: usize,
    crypto: CryptoBackend,
    publishers: &mut HashMap<SocketAddr, Publisher>,
) -> anyhow::Result<Room> {
    let ssrcs: Vec<u32> = table
        .publishers
        .iter()
        .flat_map(|publisher| publisher.ssrcs.iter().copied())
        .collect();
    let place_of = |ssrc: u32| ssrcs.iter().position(|known| *known == ssrc);
    for publisher in &table.publishers {
        let keys = publisher.keying.material()?;
        let sources = publisher.ssrcs.iter();
        let sources = sources.filter_map(|ssrc| Some((Ssrc(*ssrc), place_of(*ssrc)?)));
        let entry = Publisher {
            inbound: Inbound::over(crypto, keys.profile, &keys.client),
            room: number,
            sources: sources.collect(),
        };
        publishers.insert(publisher.address, entry);
    }
    let read_slot = |slot: &SlotTable| {
        Ok(Slot {
            source: place_of(slot.source)
                .with_context(|| format!("nobody in room {number} sends {}", slot.source))?,
            header: header_template(slot.payload_type, slot.ssrc),
        })
    };
    let read_viewer = |viewer: &super::tables::ViewerTable| {
        let keys = viewer.keying.material()?;
        Ok(Viewer {
            route: Route {
                socket: SocketIndex(0),
                remote: viewer.address,
            },
            outbound: Outbound::over(crypto, keys.profile, &keys.server),
            slots: viewer
                .slots
                .iter()
                .map(read_slot)
                .collect::<anyhow::Result<_>>()?,
        })
    };
    Ok(Room {
        sources: ssrcs
            .iter()
            .map(|_| Vec::with_capacity(RECEIVED_PER_PASS_MAX))
            .collect(),
        received: 0,
        payload_max: 0,
        viewers: table
            .viewers
            .iter()
            .map(read_viewer)
            .collect::<anyhow::Result<_>>()?,
    })
}
