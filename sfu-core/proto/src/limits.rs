//! Every cap, with its reason, and how they relate. Full means: drop and count, or refuse by name.

use core::time::Duration;

/// Largest datagram we take or send: Ethernet's 1,500 less IPv4 and UDP headers.
pub const DATAGRAM_BYTES_MAX: usize = 1_472;

/// Datagrams received in one pass before the pass moves on to sending. It bounds the time a
/// packet waits for its neighbours: 512 × ~1 µs is about half a millisecond.
pub const RECEIVED_PER_PASS_MAX: usize = 512;

/// Datagrams sent in one pass, give or take a batch; what is left goes on in the next. It bounds the
/// time that checks, orders and new media wait for a large fan-out: 2,048 × ~1 µs are two
/// milliseconds, of the five that media may spend in the core.
pub const SENT_PER_PASS_MAX: usize = 2_048;

/// Meetings whose turn it is that are looked at in one pass. One costs some microseconds; all of a
/// full worker's at once would hold its media for milliseconds.
pub const REFRESHES_PER_PASS_MAX: usize = 16;

/// Commands applied in one pass.
pub const COMMANDS_PER_PASS_MAX: usize = 64;

/// Datagrams and bytes that one send batch holds before it is handed to the kernel.
pub const BATCH_DATAGRAMS_MAX: usize = 1_024;
pub const BATCH_BYTES_MAX: usize = BATCH_DATAGRAMS_MAX * DATAGRAM_BYTES_MAX;
/// Bytes of a batch after which it is sent rather than filled up: what has been sealed should still
/// be near when the kernel copies it. `bench fanout --fps 300`, in turn: 64 KiB cost 0.93 of what a
/// full batch does, 256 KiB nothing less.
pub const BATCH_DUE_BYTES: usize = 64 << 10;

/// Datagrams and bytes of one train: as many as every Linux cuts apart, and 64 KiB less the headers,
/// which count as well. Linux takes 128 since 6.9, but only packets under 500 bytes could fill such
/// a train, and a packet of 100 bytes costs the same in it: 74 ns in both where trains pass whole,
/// 732 ns rather than 699 where the kernel cuts them.
pub const TRAIN_DATAGRAMS_MAX: usize = 64;
pub const TRAIN_BYTES_MAX: usize = 65_000;

/// Meetings and sessions on one worker.
pub const MEETINGS_PER_WORKER_MAX: usize = 2_000;
pub const SESSIONS_PER_WORKER_MAX: usize = 8_000;
/// Sessions of one meeting on one worker: its fan-out. Larger meetings spread (DESIGN D3), and have as
/// many on each.
pub const SESSIONS_PER_MEETING_MAX: usize = 4_000;

/// Sessions of one meeting on its home before it spreads to other workers. A frame of ten packets to
/// 250 viewers is 2,500 packets to seal, about two milliseconds: the longest that a pass should hold
/// the others up. A smaller meeting gains nothing by a second cache.
pub const SESSIONS_BEFORE_SPREAD: usize = 250;
/// Workers over which a meeting spreads. With one full part each that is a meeting of 256,000.
pub const PARTS_PER_MEETING_MAX: usize = 64;

/// Messages on their way from one worker to another: two passes' worth, so that a worker may spend
/// one on sealing. A ring is made when a meeting first spreads over its two workers, and takes 1.5
/// MiB.
pub const HANDOVER_SLOTS: usize = 2 * RECEIVED_PER_PASS_MAX;
/// The longest of them: a media packet behind its fixed head (`forward/remote/message.rs`).
pub const HANDOVER_BYTES_MAX: usize = 64 + DATAGRAM_BYTES_MAX;

/// m-lines of one session: what a page sends and its slots.
pub const PUBLISH_LINES_MAX: usize = 3;
pub const SLOTS_PER_SESSION_MAX: usize = 32;
/// Encodings of one simulcast.
pub const RIDS_PER_LINE_MAX: usize = 3;

/// Addresses of one session that have passed an ICE check: a browser has a handful of interfaces;
/// an attacker with the password could otherwise fill the table.
pub const ADDRESSES_PER_SESSION_MAX: usize = 16;

/// SRTP sources received from one session: 3 tracks × 3 layers × 2 (media, repair), twice over for
/// sources that change after a restart of the encoder.
pub const SOURCES_PER_SESSION_MAX: usize = 36;

/// A session that has seen no valid ICE check after this long is given up.
pub const CHECKING_TIME_MAX: Duration = Duration::from_secs(30);
/// A handshake that has not finished after this long is given up.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(30);
/// DTLS handshakes in flight on the node. One costs about a millisecond of the handshake thread, so
/// that the last of them still answers before its client repeats itself for the second time. A
/// ClientHello above that is dropped: the client sends it again.
pub const HANDSHAKES_MAX: usize = 256;
/// Bytes of unfinished DTLS handshake messages held for one session, and so the longest message:
/// one TLS record. A browser's flight is under 3 KiB.
pub const HANDSHAKE_BYTES_MAX: usize = 16 * 1_024;
/// Messages of one DTLS handshake, RFC 6347 §4.2.4: two ClientHellos, Certificate,
/// ClientKeyExchange, CertificateVerify, Finished, and room for two that we do not know.
pub const HANDSHAKE_MESSAGES_MAX: u16 = 8;
/// Largest datagram of a DTLS flight that we send: fits through tunnels, as browsers do it.
pub const HANDSHAKE_DATAGRAM_BYTES_MAX: usize = 1_200;
/// RFC 7675 §5.1: consent expires 30 seconds after the last valid check.
pub const CONSENT_TIME_MAX: Duration = Duration::from_secs(30);

const _: () = assert!(SESSIONS_PER_MEETING_MAX <= SESSIONS_PER_WORKER_MAX);
const _: () = assert!(SESSIONS_BEFORE_SPREAD < SESSIONS_PER_MEETING_MAX);
const _: () = assert!(HANDOVER_SLOTS.is_power_of_two());
// One slot may send, in one pass, what arrived of two layers (it switches between them): an empty
// batch always holds that.
const _: () = assert!(BATCH_DATAGRAMS_MAX >= 2 * ARRIVED_PER_LAYER_MAX);
const _: () = assert!(SOURCES_PER_SESSION_MAX >= 2 * PUBLISH_LINES_MAX * RIDS_PER_LINE_MAX);

/// Packets of one layer that wait to be forwarded: no more than its cache holds.
pub const ARRIVED_PER_LAYER_MAX: usize = VIDEO_CACHE_PACKETS;
// All of a pass may be of one layer.
const _: () = assert!(ARRIVED_PER_LAYER_MAX >= RECEIVED_PER_PASS_MAX);

/// Plain text is kept for repairs for this long: no browser waits longer for one.
pub const CACHE_TIME: Duration = Duration::from_secs(1);
/// Packets and chunks kept of one video layer at the most: that second at 2.5 Mbit/s. Packets are a
/// power of two.
pub const VIDEO_CACHE_PACKETS: usize = 512;
pub const VIDEO_CACHE_CHUNKS: usize = 80;
/// The same for audio: a second at 50 packets and 64 kbit/s.
pub const AUDIO_CACHE_PACKETS: usize = 64;
pub const AUDIO_CACHE_CHUNKS: usize = 4;
/// Layers keep plain text in chunks of a page. All that a worker may lend: two seconds of 1 Gbit/s,
/// more than a core opens, or four chunks for each of 16,000 layers.
pub const CACHE_CHUNK_BYTES: usize = 4 << 10;
pub const CACHE_CHUNKS_PER_WORKER: u32 = 1 << 16;

const _: () =
    assert!(VIDEO_CACHE_PACKETS.is_power_of_two() && AUDIO_CACHE_PACKETS.is_power_of_two());
const _: () = assert!(CACHE_CHUNK_BYTES >= 2 * DATAGRAM_BYTES_MAX);
const _: () = assert!(HANDSHAKE_DATAGRAM_BYTES_MAX <= DATAGRAM_BYTES_MAX);
