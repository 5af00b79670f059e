//! The peer itself: one transport, everything in and out of it.

use core::net::SocketAddr;
use core::time::Duration;

use sfu_proto::control::{IceCredentials, SessionOpened, SessionPlan, SlotKind};
use sfu_proto::ids::{SessionId, Ssrc};
use sfu_proto::packet::{Protocol, protocol};
use sfu_proto::rtcp::{self, Packet, SenderInfo, Writer};
use sfu_proto::srtp::{Inbound, KeyingMaterial, Outbound, Profile};
use sfu_proto::time::{Instant, NtpTime};

use super::audio::AudioSlot;
use super::ice::Ice;
use super::media::{Encoder, Kind};
use super::numbers::{self, OPUS, VP8, VP8_RTX};
use super::sender::{Numbers, Sender};
use super::slot::{Content, ReceivingSlot};
use super::video::VideoSlot;
use crate::chance::Chance;

/// A peer looks at its clock this often.
const TICK: Duration = Duration::from_millis(10);
const HANDSHAKE_AGAIN: Duration = Duration::from_millis(200);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The peer's source for reports when it sends no media.
const REPORTER: Ssrc = Ssrc(1);

/// What a participant offers.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    pub participant: u32,
    pub audio: bool,
    /// −dBov.
    pub level: u8,
    /// Encodings of the camera; none: no camera.
    pub camera: usize,
    pub screen: bool,
    pub audio_slots: usize,
    pub video_slots: usize,
    pub screen_slots: usize,
    /// It takes repairs by RTX.
    pub rtx: bool,
    pub profile: Profile,
}

impl PeerConfig {
    /// Camera and microphone, and slots for a small meeting.
    pub fn caller(participant: u32) -> Self {
        Self {
            participant,
            audio: true,
            level: 30,
            camera: 3,
            screen: false,
            audio_slots: 3,
            video_slots: 4,
            screen_slots: 1,
            rtx: true,
            profile: Profile::AeadAes128Gcm,
        }
    }

    /// It only looks and listens.
    pub fn viewer(participant: u32) -> Self {
        Self {
            audio: false,
            camera: 0,
            ..Self::caller(participant)
        }
    }

    /// It only speaks and shows.
    pub fn publisher(participant: u32) -> Self {
        Self {
            audio_slots: 0,
            video_slots: 0,
            screen_slots: 0,
            ..Self::caller(participant)
        }
    }
}

#[derive(Debug)]
struct Keys {
    inbound: Inbound,
    outbound: Outbound,
}

#[derive(Debug)]
pub struct Peer {
    pub config: PeerConfig,
    pub session: SessionId,
    pub address: SocketAddr,
    pub ice: Ice,
    /// What the handshake will give; used once it has.
    pub keying: KeyingMaterial,
    keys: Option<Keys>,
    next_hello: Instant,
    next_tick: Instant,
    next_report: Instant,
    transport_cc: u16,
    pub audio: Option<Sender>,
    /// Camera encodings, lowest first, then the screen.
    pub video: Vec<Sender>,
    pub slots: Vec<ReceivingSlot>,
    /// −dBov, now.
    pub level: u8,
    pub transport_cc_sent: u64,
    pub transport_cc_reported: u64,
    pub faults: Vec<String>,
}

impl Peer {
    pub fn new(
        config: PeerConfig,
        session: SessionId,
        address: SocketAddr,
        local: IceCredentials,
        (plan, opened): (&SessionPlan, &SessionOpened),
        now: Instant,
        chance: &mut Chance,
    ) -> Self {
        let exported = chance.bytes(config.profile.keying_len());
        let keying = KeyingMaterial::from_exporter(config.profile, &exported)
            .expect("as long as the profile asks for");
        let (audio, video) = senders(plan, &config, now, chance);
        let slots = plan.slots.iter().zip(&opened.slots);
        Self {
            session,
            address,
            ice: Ice::new(local, opened.ice.clone(), now, chance.fork()),
            keying,
            keys: None,
            next_hello: now,
            next_tick: now + chance.up_to(TICK),
            next_report: now + chance.up_to(REPORT_INTERVAL),
            transport_cc: 0,
            audio,
            video,
            slots: slots
                .map(|(line, source)| ReceivingSlot::new(line.kind, *source))
                .collect(),
            level: config.level,
            config,
            transport_cc_sent: 0,
            transport_cc_reported: 0,
            faults: Vec::new(),
        }
    }

    pub fn is_open(&self) -> bool {
        self.keys.is_some()
    }

    pub const fn deadline(&self) -> Instant {
        self.next_tick
    }

    pub fn audio_slots(&self) -> impl Iterator<Item = &AudioSlot> {
        self.slots.iter().filter_map(|slot| match &slot.content {
            Content::Audio(audio) => Some(audio),
            Content::Video(_) => None,
        })
    }

    /// Camera slots, in the order of the offer.
    pub fn video_slots(&self) -> impl Iterator<Item = &VideoSlot> {
        self.pictures(SlotKind::Video)
    }

    pub fn screen_slots(&self) -> impl Iterator<Item = &VideoSlot> {
        self.pictures(SlotKind::Screen)
    }

    fn pictures(&self, kind: SlotKind) -> impl Iterator<Item = &VideoSlot> {
        let slots = self.slots.iter().filter(move |slot| slot.kind == kind);
        slots.filter_map(|slot| match &slot.content {
            Content::Video(video) => Some(video),
            Content::Audio(_) => None,
        })
    }

    /// Seals any bytes as RTCP, broken ones too.
    ///
    /// # Panics
    ///
    /// Before the handshake is over.
    pub fn seal_rtcp(&mut self, plain: &[u8]) -> Vec<u8> {
        let outbound = &mut self.keys.as_mut().expect("the handshake is over").outbound;
        sealed_rtcp(outbound, plain)
    }

    /// Everything that this peer found wrong.
    pub fn all_faults(&self) -> impl Iterator<Item = &String> {
        let slots = self.slots.iter().flat_map(ReceivingSlot::all_faults);
        self.faults.iter().chain(slots)
    }

    /// A datagram has arrived; answers go into `out`.
    pub fn receive(&mut self, now: Instant, mut bytes: Vec<u8>, out: &mut Vec<Vec<u8>>) {
        match protocol(&bytes) {
            Ok(Protocol::Stun) => {
                self.ice.answered(&bytes);
            }
            Ok(Protocol::Dtls) if self.keys.is_none() => {
                self.keys = Some(Keys {
                    inbound: Inbound::new(self.keying.profile, &self.keying.server),
                    outbound: Outbound::new(self.keying.profile, &self.keying.client),
                });
            }
            Ok(Protocol::Dtls) => (),
            Ok(Protocol::Rtp) => self.receive_rtp(now, &mut bytes),
            Ok(Protocol::Rtcp) => self.receive_rtcp(now, &mut bytes, out),
            Err(why) => self.faults.push(format!("a datagram is {why:?}")),
        }
    }

    fn receive_rtp(&mut self, now: Instant, bytes: &mut [u8]) {
        // Before the last flight has come, a browser cannot open anything either.
        let Some(keys) = &mut self.keys else { return };
        let Ok(packet) = keys.inbound.unprotect_rtp(bytes) else {
            return; // A duplicate of the network's, as a rule; the audit knows of worse.
        };
        let header = packet.header();
        let csrc = (header.csrc_count == 1)
            .then(|| packet.packet().get(12..16)?.first_chunk().copied())
            .flatten()
            .map(u32::from_be_bytes);
        let sources = |slot: &&mut ReceivingSlot| {
            [slot.source.ssrc, slot.source.rtx_ssrc].contains(&header.ssrc.0)
        };
        match self.slots.iter_mut().find(sources) {
            Some(slot) => slot.receive(now, header, csrc, packet.payload()),
            None => self
                .faults
                .push(format!("media of unknown source {}", header.ssrc)),
        }
    }

    fn receive_rtcp(&mut self, now: Instant, bytes: &mut [u8], out: &mut Vec<Vec<u8>>) {
        let Some(keys) = &mut self.keys else { return };
        let Ok(compound) = keys.inbound.unprotect_rtcp(bytes) else {
            return;
        };
        let plain = compound.bytes().to_vec();
        for packet in rtcp::packets(&plain) {
            match packet {
                Ok(Packet::SenderReport(report)) => {
                    let source = report.info.ssrc.0;
                    let slot = self.slots.iter_mut().find(|s| s.source.ssrc == source);
                    if let Some(slot) = slot {
                        slot.sender_report(now, &report.info);
                    }
                }
                Ok(Packet::ReceiverReport(report)) => {
                    for block in report.blocks() {
                        if let Some(sender) = self.sender(block.ssrc) {
                            sender.is_acknowledged = true;
                            sender.fraction_lost = block.fraction_lost;
                        }
                    }
                }
                Ok(Packet::Nack(nack)) => self.repair(&nack, out),
                Ok(Packet::Pli(pli)) => self.key_frame_asked(pli.media),
                Ok(Packet::Fir(fir)) => {
                    fir.entries().for_each(|e| self.key_frame_asked(e.ssrc));
                }
                Ok(Packet::TransportFeedback(feedback)) => {
                    self.transport_cc_reported += feedback.received().count() as u64;
                }
                Ok(_) => (),
                Err(why) => self.faults.push(format!("RTCP is {why:?}")),
            }
        }
    }

    fn sender(&mut self, ssrc: Ssrc) -> Option<&mut Sender> {
        let senders = self.audio.iter_mut().chain(&mut self.video);
        senders.into_iter().find(|sender| sender.ssrc == ssrc)
    }

    fn key_frame_asked(&mut self, ssrc: Ssrc) {
        if let Some(sender) = self.sender(ssrc) {
            sender.encoder.want_key_frame();
            sender.key_frames_asked += 1;
        }
    }

    fn repair(&mut self, nack: &rtcp::Nack<'_>, out: &mut Vec<Vec<u8>>) {
        let Some(keys) = &mut self.keys else { return };
        let sender = self.video.iter_mut().find(|s| s.ssrc == nack.media);
        let Some(sender) = sender else { return };
        for sequence in nack.sequences() {
            if let Some(bytes) = sender.repair(sequence, self.transport_cc, &mut keys.outbound) {
                self.transport_cc = self.transport_cc.wrapping_add(1);
                self.transport_cc_sent += 1;
                out.push(bytes);
            }
        }
    }

    /// What the clock makes it do.
    pub fn tick(&mut self, now: Instant, ntp: NtpTime, out: &mut Vec<Vec<u8>>) {
        self.next_tick = now + TICK;
        out.extend(self.ice.check(now));
        if self.keys.is_none() {
            if self.ice.checks_answered > 0 && now >= self.next_hello {
                self.next_hello = now + HANDSHAKE_AGAIN;
                out.push(hello(self.session));
            }
            return;
        }
        if self.ice.is_silent {
            return;
        }
        self.send_media(now, out);
        self.send_feedback(now, out);
        if now >= self.next_report {
            self.next_report = now + REPORT_INTERVAL;
            self.send_reports(now, ntp, out);
        }
    }

    fn send_media(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) {
        let Some(keys) = &mut self.keys else { return };
        let level = Some(self.level);
        let audio = self.audio.iter_mut().map(|sender| (sender, level));
        let video = self.video.iter_mut().map(|sender| (sender, None));
        for (sender, level) in audio.chain(video) {
            for encoded in sender.encoder.encode(now) {
                let number = self.transport_cc;
                self.transport_cc = number.wrapping_add(1);
                self.transport_cc_sent += 1;
                out.push(sender.send(encoded, level, number, &mut keys.outbound));
            }
        }
    }

    fn send_feedback(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) {
        let Some(keys) = &mut self.keys else { return };
        for slot in &mut self.slots {
            let Content::Video(video) = &mut slot.content else {
                continue;
            };
            let (missing, pli) = video.wants(now);
            let media = Ssrc(slot.source.ssrc);
            if !missing.is_empty() {
                out.push(seal_rtcp(&mut keys.outbound, |writer| {
                    let _ = writer.nack(REPORTER, media, missing.iter().copied());
                }));
            }
            if pli {
                out.push(seal_rtcp(&mut keys.outbound, |writer| {
                    let _ = writer.pli(REPORTER, media);
                }));
            }
        }
    }

    fn send_reports(&mut self, now: Instant, ntp: NtpTime, out: &mut Vec<Vec<u8>>) {
        let Some(keys) = &mut self.keys else { return };
        for sender in self.audio.iter().chain(&self.video) {
            if sender.packet_count == 0 {
                continue;
            }
            let info = SenderInfo {
                ssrc: sender.ssrc,
                ntp,
                rtp_timestamp: sender.rtp_timestamp(),
                packet_count: sender.packet_count,
                octet_count: sender.octet_count,
            };
            out.push(seal_rtcp(&mut keys.outbound, |writer| {
                let _ = writer.sender_report(&info, &[]);
                let _ = writer.description(&[info.ssrc], "peer");
            }));
        }
        let blocks: Vec<_> = self
            .slots
            .iter_mut()
            .filter_map(|s| s.report(now))
            .collect();
        if !blocks.is_empty() {
            out.push(seal_rtcp(&mut keys.outbound, |writer| {
                let _ = writer.receiver_report(REPORTER, &blocks);
                let _ = writer.description(&[REPORTER], "peer");
            }));
        }
    }
}

/// What stands for the first flight of a handshake: a record whose first byte is a handshake's.
fn hello(session: SessionId) -> Vec<u8> {
    let mut record = vec![22, 0xfe, 0xfd];
    record.extend(session.0.to_be_bytes());
    record
}

fn senders(
    plan: &SessionPlan,
    config: &PeerConfig,
    now: Instant,
    chance: &mut Chance,
) -> (Option<Sender>, Vec<Sender>) {
    use sfu_proto::control::Source;
    let participant = config.participant;
    let mut audio = None;
    let mut video = Vec::new();
    for line in &plan.publish {
        let numbers = |payload_type, rtx, rid| Numbers {
            mid: line.mid,
            rid,
            payload_type,
            rtx_payload_type: rtx,
        };
        if line.source == Source::Audio {
            let encoder = Encoder::new(Kind::Opus, participant, 0, now, chance.bits());
            audio = Some(Sender::new(encoder, numbers(OPUS, None, None), chance));
            continue;
        }
        for quality in 0..line.rids.len().max(1) {
            let packets = [1, 2, 3][quality.min(2)];
            let quality_mark = u8::try_from(quality).unwrap_or_default();
            let kind = Kind::Vp8 { packets };
            let encoder = Encoder::new(kind, participant, quality_mark, now, chance.bits());
            let rid = line.rids.get(quality).copied();
            let numbers = numbers(VP8, Some(VP8_RTX), rid);
            video.push(Sender::new(encoder, numbers, chance));
        }
    }
    (audio, video)
}

fn seal_rtcp(keys: &mut Outbound, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut scratch = [0; 1_200];
    let mut writer = Writer::new(&mut scratch);
    write(&mut writer);
    sealed_rtcp(keys, writer.as_bytes())
}

fn sealed_rtcp(keys: &mut Outbound, plain: &[u8]) -> Vec<u8> {
    let mut bytes = plain.to_vec();
    bytes.resize(keys.rtcp_len(plain.len()), 0);
    keys.protect_rtcp(&mut bytes)
        .expect("a peer's reports can be sealed");
    bytes
}

/// The plan that the sidecar would make of the peer's offer.
impl PeerConfig {
    pub fn plan(&self, ice: IceCredentials) -> SessionPlan {
        numbers::plan(self, ice)
    }
}
