//! Receiver reports (RFC 3550 §6.4.2): report blocks from somebody who sends nothing.
//!
//! ```text
//! | SSRC of the reporter | report blocks …
//! ```

use super::header::{self, RECEIVER_REPORT};
use super::report_block::{self, ReportBlock};
use super::{Full, Writer};
use crate::dropped::Dropped;
use crate::ids::Ssrc;

const SSRC_BYTES: usize = 4;

#[derive(Clone, Copy, Debug)]
pub struct ReceiverReport<'a> {
    pub sender: Ssrc,
    blocks: &'a [[u8; report_block::BYTES]],
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Result<Self, Dropped> {
        let (sender, rest) = header::ssrc(body)?;
        Ok(Self {
            sender,
            blocks: report_block::blocks(count, rest).ok_or(Dropped::Truncated)?,
        })
    }

    pub fn blocks(&self) -> impl ExactSizeIterator<Item = ReportBlock> + 'a {
        self.blocks.iter().map(ReportBlock::read)
    }
}

impl Writer<'_> {
    /// At most 31 blocks.
    pub fn receiver_report(&mut self, sender: Ssrc, blocks: &[ReportBlock]) -> Result<(), Full> {
        let body_len = SSRC_BYTES + report_block::BYTES * blocks.len();
        let body = self.packet(RECEIVER_REPORT, blocks.len(), body_len)?;
        let (head, rest) = body.split_at_mut(SSRC_BYTES);
        head.copy_from_slice(&sender.0.to_be_bytes());
        report_block::write_all(blocks, rest);
        Ok(())
    }
}
