//! Crypto alone: what sealing costs where nothing is sent. Copy a payload, write a header, seal
//! with AES-128-GCM in place, with a key of each viewer's own; by either of the two libraries.

use std::hint::black_box;
use std::time::Instant;

use super::bursts::{Cpus, Length, joined, per_packet};
use super::shape::{AREA_BYTES, HEADER_BYTES, Shape, TAG_BYTES, header_template};
use super::stopwatch::Cost;

const KEY_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

/// AES-128-GCM of one library.
pub(crate) trait Seal: Sized {
    fn new(key: [u8; KEY_BYTES]) -> Self;

    /// Encrypts the text where it stands; the answer is its tag. It never fails on texts as short
    /// as packets.
    fn seal(&self, nonce: [u8; NONCE_BYTES], header: &[u8], text: &mut [u8]) -> [u8; TAG_BYTES];
}

macro_rules! seal_by {
    ($(#[$doc:meta])* $name:ident, $library:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name($library::aead::LessSafeKey);

        impl Seal for $name {
            fn new(key: [u8; KEY_BYTES]) -> Self {
                let key = $library::aead::UnboundKey::new(&$library::aead::AES_128_GCM, &key)
                    // It fails on a wrong length alone, which stands in the type.
                    .expect("the key has 16 bytes");
                Self($library::aead::LessSafeKey::new(key))
            }

            #[inline]
            fn seal(
                &self,
                nonce: [u8; NONCE_BYTES],
                header: &[u8],
                text: &mut [u8],
            ) -> [u8; TAG_BYTES] {
                let nonce = $library::aead::Nonce::assume_unique_for_key(nonce);
                let aad = $library::aead::Aad::from(header);
                let tag = self
                    .0
                    .seal_in_place_separate_tag(nonce, aad, text)
                    // It fails beyond 2^36 bytes.
                    .expect("a packet is short");
                let mut bytes = [0; TAG_BYTES];
                bytes.copy_from_slice(tag.as_ref());
                bytes
            }
        }
    };
}

seal_by!(
    /// `ring`.
    Ring,
    ring
);
seal_by!(
    /// `aws-lc-rs`.
    AwsLc,
    aws_lc_rs
);

/// One viewer: its key, and how far its numbers have come.
#[derive(Debug)]
pub(crate) struct Sealer<S> {
    key: S,
    header: [u8; HEADER_BYTES],
    ssrc: u32,
    index: u64,
}

impl<S: Seal> Sealer<S> {
    pub(crate) fn new(viewer: usize) -> Self {
        let ssrc = u32::try_from(viewer).unwrap_or(u32::MAX);
        Self {
            key: S::new(key_of(viewer)),
            header: header_template(96, ssrc),
            ssrc,
            index: 0,
        }
    }

    /// Writes the next packet of this viewer with this payload: header, copy, tag. Without a
    /// payload, the bytes that stand in the slot are encrypted.
    #[inline]
    pub(crate) fn write(&mut self, payload: Option<&[u8]>, slot: &mut [u8]) {
        let (header, rest) = slot.split_at_mut(HEADER_BYTES);
        let (text, tag) = rest.split_at_mut(rest.len() - TAG_BYTES);
        let index = self.index.to_be_bytes();
        header.copy_from_slice(&self.header);
        header[2..4].copy_from_slice(&index[6..]);
        header[4..8].copy_from_slice(&index[4..]);
        if let Some(payload) = payload {
            text.copy_from_slice(payload);
        }
        let mut nonce = [0; NONCE_BYTES];
        nonce[2..6].copy_from_slice(&self.ssrc.to_be_bytes());
        nonce[6..].copy_from_slice(&index[2..]);
        tag.copy_from_slice(&self.key.seal(nonce, header, text));
        self.index += 1;
    }
}

fn key_of(viewer: usize) -> [u8; KEY_BYTES] {
    let mut key = [0x5a; KEY_BYTES];
    key[..8].copy_from_slice(&viewer.to_be_bytes());
    key
}

/// A frame's payloads, each of its own bytes.
pub(crate) fn payloads(shape: &Shape) -> Vec<Vec<u8>> {
    (0..shape.packets)
        .map(|packet| {
            let start = u8::try_from(packet & 0xff).unwrap_or(0);
            (0..shape.payload_bytes)
                .scan(start, |byte, _| {
                    *byte = byte.wrapping_mul(5).wrapping_add(17);
                    Some(*byte)
                })
                .collect()
        })
        .collect()
}

/// Seals bursts into the send area, which is filled from the start again and again; nanoseconds a
/// packet.
pub(crate) fn floor<S: Seal>(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    with_copy: bool,
) -> anyhow::Result<f64> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| -> anyhow::Result<f64> {
            Cpus::pin_measured(cpus)?;
            let payloads = payloads(shape);
            let mut sealers: Vec<Sealer<S>> = (0..shape.viewers).map(Sealer::new).collect();
            let mut area = vec![0; AREA_BYTES];
            let mut burst = || seal_burst(&mut sealers, &payloads, with_copy, &mut area, shape);
            burst();
            let mut cost = Cost::default();
            let (begun, mut bursts) = (Instant::now(), 0);
            while length.goes_on(begun, bursts) {
                cost.add(&mut burst);
                bursts += 1;
            }
            Ok(per_packet(cost.thread, bursts * shape.burst()))
        });
        joined(thread)
    })
}

fn seal_burst<S: Seal>(
    sealers: &mut [Sealer<S>],
    payloads: &[Vec<u8>],
    with_copy: bool,
    area: &mut [u8],
    shape: &Shape,
) {
    let bytes = shape.datagram_bytes();
    let mut used = 0;
    for sealer in sealers {
        for payload in payloads {
            if used + bytes > area.len() {
                used = 0;
            }
            let payload = with_copy.then_some(payload.as_slice());
            sealer.write(payload, &mut area[used..used + bytes]);
            used += bytes;
        }
    }
    black_box(area);
}

/// What a datagram of this viewer holds, by the other half of `ring`.
#[cfg(test)]
pub(crate) fn opened(viewer: usize, datagram: &[u8]) -> Vec<u8> {
    let key = ring::aead::UnboundKey::new(&ring::aead::AES_128_GCM, &key_of(viewer)).unwrap();
    let mut nonce = [0; NONCE_BYTES];
    nonce[2..6].copy_from_slice(&datagram[8..12]);
    nonce[10..].copy_from_slice(&datagram[2..4]);
    let (header, sealed) = datagram.split_at(HEADER_BYTES);
    let mut sealed = sealed.to_vec();
    ring::aead::LessSafeKey::new(key)
        .open_in_place(
            ring::aead::Nonce::assume_unique_for_key(nonce),
            ring::aead::Aad::from(header),
            &mut sealed,
        )
        .unwrap()
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        viewers: 3,
        packets: 4,
        payload_bytes: 100,
    };

    fn each_packet_opens_to_its_payload<S: Seal>() {
        let payloads = payloads(&SHAPE);
        let mut sealers: Vec<Sealer<S>> = (0..SHAPE.viewers).map(Sealer::new).collect();
        let mut area = vec![0; AREA_BYTES];
        for _ in 0..2 {
            seal_burst(&mut sealers, &payloads, true, &mut area, &SHAPE);
        }
        let datagrams = area.chunks(SHAPE.datagram_bytes()).take(SHAPE.burst());
        for (at, datagram) in datagrams.enumerate() {
            let (viewer, packet) = (at / SHAPE.packets, at % SHAPE.packets);
            assert_eq!(opened(viewer, datagram), payloads[packet], "packet {at}");
        }
    }

    #[test]
    fn what_both_libraries_seal_opens_bit_for_bit() {
        each_packet_opens_to_its_payload::<Ring>();
        each_packet_opens_to_its_payload::<AwsLc>();
    }

    #[test]
    fn the_measurement_runs() {
        for with_copy in [true, false] {
            assert!(floor::<Ring>(None, Length::QUICK, &SHAPE, with_copy).unwrap() > 0.0);
            assert!(floor::<AwsLc>(None, Length::QUICK, &SHAPE, with_copy).unwrap() > 0.0);
        }
    }
}
