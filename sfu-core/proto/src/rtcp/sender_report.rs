//! Sender reports (RFC 3550 §6.4.1): which RTP timestamp belongs to which time on the wall, the only
//! thing that lets a receiver play sound and picture together.
//!
//! ```text
//! | SSRC | NTP time, 8 bytes | RTP timestamp | packets sent | octets sent | report blocks …
//! ```

use super::header::SENDER_REPORT;
use super::report_block::{self, ReportBlock};
use super::{Full, Writer};
use crate::dropped::Dropped;
use crate::ids::Ssrc;
use crate::time::NtpTime;

const INFO_BYTES: usize = 24;

/// What a sender says of its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    pub ssrc: Ssrc,
    pub ntp: NtpTime,
    pub rtp_timestamp: u32,
    /// Packets, and octets of payload without header and padding, both modulo 2^32.
    pub packet_count: u32,
    pub octet_count: u32,
}

impl SenderInfo {
    fn read(bytes: &[u8; INFO_BYTES]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        let word = |index: usize| u32::from_be_bytes(words[index]);
        Self {
            ssrc: Ssrc(word(0)),
            ntp: NtpTime(u64::from(word(1)) << 32 | u64::from(word(2))),
            rtp_timestamp: word(3),
            packet_count: word(4),
            octet_count: word(5),
        }
    }

    fn write(&self, out: &mut [u8]) {
        out[..4].copy_from_slice(&self.ssrc.0.to_be_bytes());
        out[4..12].copy_from_slice(&self.ntp.0.to_be_bytes());
        out[12..16].copy_from_slice(&self.rtp_timestamp.to_be_bytes());
        out[16..20].copy_from_slice(&self.packet_count.to_be_bytes());
        out[20..24].copy_from_slice(&self.octet_count.to_be_bytes());
    }
}

#[derive(Clone, Copy, Debug)]
pub struct SenderReport<'a> {
    pub info: SenderInfo,
    blocks: &'a [[u8; report_block::BYTES]],
}

impl<'a> SenderReport<'a> {
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Result<Self, Dropped> {
        let (info, rest) = body.split_first_chunk().ok_or(Dropped::Truncated)?;
        Ok(Self {
            info: SenderInfo::read(info),
            blocks: report_block::blocks(count, rest).ok_or(Dropped::Truncated)?,
        })
    }

    pub fn blocks(&self) -> impl ExactSizeIterator<Item = ReportBlock> + 'a {
        self.blocks.iter().map(ReportBlock::read)
    }
}

impl Writer<'_> {
    /// At most 31 blocks.
    pub fn sender_report(&mut self, info: &SenderInfo, blocks: &[ReportBlock]) -> Result<(), Full> {
        let body_len = INFO_BYTES + report_block::BYTES * blocks.len();
        let body = self.packet(SENDER_REPORT, blocks.len(), body_len)?;
        let (head, rest) = body.split_at_mut(INFO_BYTES);
        info.write(head);
        report_block::write_all(blocks, rest);
        Ok(())
    }
}
