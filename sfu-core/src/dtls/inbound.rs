//! What of a session's records may reach the engine, and in which form.
//!
//! Plaintext (epoch 0) is the word of whoever can send from the session's address, and the engine is
//! too trusting with it: it keeps fragments without bound, takes some lies for whole messages, ends
//! a live session over one bad plaintext record, and panics on a ClientHello cut short. So plaintext
//! is read here, whole messages are checked and go on once each, in order, in records of our own;
//! sealed records go on as they are, within a budget until they can be opened.

use std::collections::VecDeque;

use sfu_proto::dtls::handshake::{CLIENT_HELLO, CLIENT_KEY_EXCHANGE};
use sfu_proto::dtls::record::{self, VERSION_1_2};
use sfu_proto::dtls::{
    ClientHello, ContentType, Fragment, Message, Progress, Reassembler, Record, Records,
};
use sfu_proto::srtp::Profile;

use super::failure::DtlsFailure;

/// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, which every WebRTC client must offer (RFC 8827 §6.5).
const CIPHER_SUITE: u16 = 0xc02b;
/// X25519, P-256, P-384.
const GROUPS: [u16; 3] = [0x001d, 0x0017, 0x0018];

/// Sealed records and ChangeCipherSpecs that one handshake may bring: the engine holds those that
/// come before it can open them. Enough for a last flight repeated ten times.
pub(super) const EARLY_RECORDS_MAX: usize = 32;

/// Of those, the latest that are held here while the ClientKeyExchange is missing: a last flight
/// that has overtaken the rest. They count only once they pass, so that forged ones cannot use up
/// what the handshake needs.
const OVERTAKING_RECORDS_MAX: usize = 4;

/// Longest message that the engine can read in one record (its receive buffer is 8,192 bytes). A
/// self-signed certificate is below 2 KiB.
const ENGINE_MESSAGE_BYTES_MAX: usize = 8_192 - record::HEADER_BYTES;

/// Shortest sealed fragment that holds anything: an 8-byte nonce, a byte, a 16-byte tag
/// (RFC 5288 §3). The engine's arithmetic does not expect less.
const SEALED_BYTES_MIN: usize = 8 + 1 + 16;

/// What a datagram came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Records for the engine, each to be read as one datagram.
    pub(super) records: Vec<Vec<u8>>,
    /// The first ClientHello is whole: start the engine, with this SRTP profile.
    pub(super) start_with: Option<Profile>,
    /// The client repeats what it has sent: it has not got our last flight.
    pub(super) is_repetition: bool,
}

/// The gate of one session.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    reassembler: Reassembler,
    /// Body of the first ClientHello, which the second must repeat.
    first_hello: Option<Vec<u8>>,
    next_record: u64,
    early_records: usize,
    overtaking: VecDeque<Vec<u8>>,
    has_key_exchange: bool,
    /// What the last message that was turned away lacked; tells a time-out its reason.
    refused: Option<DtlsFailure>,
}

impl Inbound {
    /// A datagram before the handshake is complete. `cookie` is what our HelloVerifyRequest said.
    pub(super) fn take(&mut self, datagram: &[u8], cookie: Option<&[u8]>) -> Taken {
        let mut taken = Taken::default();
        let mut repeated = false;
        for record in Records::new(datagram) {
            match (record.epoch, record.content_type) {
                (0, ContentType::Handshake) => repeated |= self.hold(record.fragment),
                (0, ContentType::ChangeCipherSpec) if record.fragment == [1] => {
                    self.hold_early(&record);
                }
                // Anyone could have written it, so it ends nothing, but it may be the true reason.
                (0, ContentType::Alert) => self.note_alert(record.fragment),
                (1, ContentType::Handshake | ContentType::Alert)
                    if record.fragment.len() >= SEALED_BYTES_MIN =>
                {
                    self.hold_early(&record);
                }
                _ => {}
            }
        }
        self.pass_messages(cookie, &mut taken);
        self.pass_early(&mut taken);
        taken.is_repetition = repeated && taken.records.is_empty() && taken.start_with.is_none();
        taken
    }

    /// Why the last message was turned away, if one was.
    pub(super) fn refused(&self) -> Option<&DtlsFailure> {
        self.refused.as_ref()
    }

    /// Takes the fragments of a plaintext record; true if one belongs to a message that has passed.
    fn hold(&mut self, mut fragments: &[u8]) -> bool {
        let mut repeated = false;
        while let Ok((fragment, rest)) = Fragment::split_first(fragments) {
            repeated |= self.reassembler.push(&fragment) == Ok(Progress::Repeated);
            fragments = rest;
            if fragments.is_empty() {
                break;
            }
        }
        repeated
    }

    /// Lets the messages that are whole, in order and good go on to the engine.
    fn pass_messages(&mut self, cookie: Option<&[u8]>, taken: &mut Taken) {
        while let Some(message) = self.reassembler.whole() {
            match self.check(&message, cookie) {
                Ok(profile) => {
                    let bytes = message.bytes.to_vec();
                    self.has_key_exchange |= message.kind == CLIENT_KEY_EXCHANGE;
                    if let Some(profile) = profile {
                        self.first_hello = Some(message.body().to_vec());
                        taken.start_with = Some(profile);
                    }
                    self.reassembler.accept();
                    self.pass(ContentType::Handshake, &bytes, taken);
                }
                Err(failure) => {
                    self.refused = Some(failure);
                    self.reassembler.discard();
                }
            }
        }
    }

    /// The first ClientHello gives the profile to start with; the others need no answer.
    fn check(
        &self,
        message: &Message<'_>,
        cookie: Option<&[u8]>,
    ) -> Result<Option<Profile>, DtlsFailure> {
        if message.bytes.len() > ENGINE_MESSAGE_BYTES_MAX {
            return Err(DtlsFailure::Engine("a message is too long".to_owned()));
        }
        match (message.sequence, message.kind == CLIENT_HELLO) {
            (0, true) => check_first_hello(message.body()).map(Some),
            (1, true) => self
                .check_second_hello(message.body(), cookie)
                .map(|()| None),
            (0 | 1, false) | (_, true) => {
                Err(DtlsFailure::Engine("a message is out of order".to_owned()))
            }
            (_, false) => Ok(None),
        }
    }

    /// RFC 6347 §4.2.1: our cookie shows that the sender can hear us, and all else must be as it
    /// was. The engine fails the handshake over a wrong cookie; here it only is not let in.
    fn check_second_hello(&self, body: &[u8], cookie: Option<&[u8]>) -> Result<(), DtlsFailure> {
        let hello = ClientHello::parse(body).map_err(|_| DtlsFailure::BadClientHello)?;
        let first = self.first_hello.as_deref().unwrap_or_default();
        let first = ClientHello::parse(first).map_err(|_| DtlsFailure::BadClientHello)?;
        if cookie != Some(hello.cookie) || !hello.differs_in_cookie_only(&first) {
            return Err(DtlsFailure::BadClientHello);
        }
        Ok(())
    }

    fn note_alert(&mut self, alert: &[u8]) {
        if let [_level, description] = *alert {
            self.refused = Some(DtlsFailure::Alert(description));
        }
    }

    fn hold_early(&mut self, record: &Record<'_>) {
        if self.overtaking.len() >= OVERTAKING_RECORDS_MAX {
            self.overtaking.pop_front();
        }
        self.overtaking.push_back(record.bytes.to_vec());
    }

    /// Lets what the engine can open, or soon will, go on after the messages.
    fn pass_early(&mut self, taken: &mut Taken) {
        if !self.has_key_exchange {
            return;
        }
        while let Some(bytes) = self.overtaking.pop_front() {
            if self.early_records >= EARLY_RECORDS_MAX {
                continue;
            }
            self.early_records += 1;
            // A ChangeCipherSpec is plaintext: it goes on under a number of ours.
            match Records::new(&bytes).next() {
                Some(record) if record.epoch == 0 => {
                    self.pass(record.content_type, record.fragment, taken);
                }
                _ => taken.records.push(bytes),
            }
        }
    }

    fn pass(&mut self, content_type: ContentType, fragment: &[u8], taken: &mut Taken) {
        if let Some(record) = record::plaintext(content_type, self.next_record, fragment) {
            self.next_record += 1;
            taken.records.push(record);
        }
    }
}

/// What the engine could not or must not serve.
fn check_first_hello(body: &[u8]) -> Result<Profile, DtlsFailure> {
    let hello = ClientHello::parse(body).map_err(|_| DtlsFailure::BadClientHello)?;
    if hello.version != VERSION_1_2 {
        return Err(DtlsFailure::NoCommonVersion);
    }
    if !hello.cookie.is_empty() {
        return Err(DtlsFailure::BadClientHello);
    }
    // The engine cannot read past a session id, and WebRTC never resumes (RFC 8827 §6.5).
    if !hello.session_id.is_empty() {
        return Err(DtlsFailure::Resumption);
    }
    if !hello.cipher_suites().any(|suite| suite == CIPHER_SUITE) {
        return Err(DtlsFailure::NoCommonCipherSuite);
    }
    if hello
        .groups()
        .is_some_and(|mut groups| !groups.any(|group| GROUPS.contains(&group)))
    {
        return Err(DtlsFailure::NoCommonGroup);
    }
    if !hello.extended_master_secret {
        return Err(DtlsFailure::NoExtendedMasterSecret);
    }
    hello.best_srtp_profile().ok_or(DtlsFailure::NoSrtpProfile)
}

/// A record after the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// Sealed, an alert: the engine opens it.
    Pass,
    /// The client repeats its last flight: it has not got ours.
    Repetition,
    /// Nothing that a live session needs.
    Drop,
}

/// Sorts a record of a session that has its keys. Plaintext can no longer do anything but ask for
/// our last flight again; application data has no meaning here (there are no data channels).
pub(super) fn sort_late(record: &Record<'_>) -> Late {
    match (record.epoch, record.content_type) {
        (0 | 1, ContentType::Handshake) => Late::Repetition,
        (1, ContentType::Alert) if record.fragment.len() >= SEALED_BYTES_MIN => Late::Pass,
        _ => Late::Drop,
    }
}

#[cfg(test)]
mod tests;
