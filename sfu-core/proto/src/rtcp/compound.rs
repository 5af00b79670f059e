//! Walks a compound packet (RFC 3550 §6.1). A single feedback packet without a report before it is
//! accepted as well (RFC 5506, reduced size): Chromium sends those.
//!
//! A frame whose length lies ends the walk. A packet whose inside lies is one error, and the walk goes
//! on behind it: its neighbours are authenticated as much as it is.

use core::iter::FusedIterator;

use super::header::{self, Header};
use super::{
    Description, Fir, Goodbye, Nack, Pli, ReceiverReport, Remb, SenderReport, TransportFeedback,
};
use crate::dropped::Dropped;

/// One RTCP packet, its lists still in the datagram.
#[derive(Clone, Debug)]
pub enum Packet<'a> {
    SenderReport(SenderReport<'a>),
    ReceiverReport(ReceiverReport<'a>),
    Description(Description<'a>),
    Goodbye(Goodbye<'a>),
    Nack(Nack<'a>),
    Pli(Pli),
    Fir(Fir<'a>),
    TransportFeedback(TransportFeedback<'a>),
    Remb(Remb<'a>),
    /// A kind that we take no notice of: extended reports, application packets.
    Other,
}

impl<'a> Packet<'a> {
    fn parse(header: Header, body: &'a [u8]) -> Result<Self, Dropped> {
        let Header { packet_type, count } = header;
        Ok(match (packet_type, count) {
            (header::SENDER_REPORT, _) => Self::SenderReport(SenderReport::parse(count, body)?),
            (header::RECEIVER_REPORT, _) => {
                Self::ReceiverReport(ReceiverReport::parse(count, body)?)
            }
            (header::DESCRIPTION, _) => Self::Description(Description::new(count, body)),
            (header::GOODBYE, _) => Self::Goodbye(Goodbye::parse(count, body)?),
            (header::TRANSPORT_LAYER, header::NACK) => Self::Nack(Nack::parse(body)?),
            (header::TRANSPORT_LAYER, header::TRANSPORT_FEEDBACK) => {
                Self::TransportFeedback(TransportFeedback::parse(body)?)
            }
            (header::PAYLOAD_SPECIFIC, header::PLI) => Self::Pli(Pli::parse(body)?),
            (header::PAYLOAD_SPECIFIC, header::FIR) => Self::Fir(Fir::parse(body)?),
            (header::PAYLOAD_SPECIFIC, header::APPLICATION) => {
                Remb::parse(body)?.map_or(Self::Other, Self::Remb)
            }
            _ => Self::Other,
        })
    }
}

/// The packets of one datagram, decrypted.
pub fn packets(bytes: &[u8]) -> Packets<'_> {
    Packets { rest: bytes }
}

/// Every step takes at least the four bytes of a header, so the walk ends.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, Dropped>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(match header::split(self.rest) {
            Ok((header, body, rest)) => {
                self.rest = rest;
                Packet::parse(header, body)
            }
            Err(dropped) => {
                self.rest = &[];
                Err(dropped)
            }
        })
    }
}

impl FusedIterator for Packets<'_> {}

#[cfg(test)]
mod tests;
