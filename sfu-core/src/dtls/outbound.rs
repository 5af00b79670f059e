//! What the engine sends, on its way to the worker. The last flight is kept: when the client repeats
//! its own, ours was lost, and RFC 6347 §4.2.4 wants it sent again, also after the end of the
//! handshake, when the engine no longer does that by itself.
//!
//! The very same datagrams go out again. A client that has some of them drops those as replays; no
//! (key, nonce) is used for other bytes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sfu_proto::dtls::handshake::{HELLO_VERIFY_REQUEST, SERVER_HELLO};
use sfu_proto::dtls::{ContentType, Fragment, Record, Records};
use tokio::time::Instant;

/// Datagrams of a flight that are kept; ours are two at most.
const FLIGHT_DATAGRAMS_MAX: usize = 8;

/// A client's flight may come as several datagrams, and anyone at its address could play them to us
/// again: they are answered once in this time. The shortest timer of a browser is 50 ms.
const REPEAT_INTERVAL_MIN: Duration = Duration::from_millis(20);

/// The way out of one session.
pub(super) struct Outbound {
    deliver: Box<dyn Fn(Vec<u8>) + Send + Sync>,
    flight: Mutex<Flight>,
}

#[derive(Default)]
struct Flight {
    datagrams: Vec<Vec<u8>>,
    cookie: Option<Vec<u8>>,
    last_repeat: Option<Instant>,
}

impl Outbound {
    pub(super) fn new(deliver: impl Fn(Vec<u8>) + Send + Sync + 'static) -> Self {
        Self {
            deliver: Box::new(deliver),
            flight: Mutex::default(),
        }
    }

    /// A datagram of the engine.
    pub(super) fn send(&self, datagram: &[u8]) {
        self.flight().note(datagram);
        (self.deliver)(datagram.to_vec());
    }

    /// Sends the last flight again, unless that has just been done.
    pub(super) fn repeat(&self, now: Instant) {
        let datagrams = {
            let mut flight = self.flight();
            let is_early = flight
                .last_repeat
                .is_some_and(|last| now.duration_since(last) < REPEAT_INTERVAL_MIN);
            if is_early {
                return;
            }
            flight.last_repeat = Some(now);
            flight.datagrams.clone()
        };
        for datagram in datagrams {
            (self.deliver)(datagram);
        }
    }

    /// The cookie of our HelloVerifyRequest.
    pub(super) fn cookie(&self) -> Option<Vec<u8>> {
        self.flight().cookie.clone()
    }

    /// Only the handshake thread takes this lock; it is never contended, and what it guards is
    /// whole after a panic elsewhere.
    fn flight(&self) -> std::sync::MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    fn note(&mut self, datagram: &[u8]) {
        let Some(first) = Records::new(datagram).next() else {
            return;
        };
        if first.content_type == ContentType::Alert {
            return;
        }
        if starts_flight(&first) {
            self.datagrams.clear();
            if let Some(cookie) = cookie_of(&first) {
                self.cookie = Some(cookie.to_vec());
            }
        }
        if self.datagrams.len() < FLIGHT_DATAGRAMS_MAX {
            self.datagrams.push(datagram.to_vec());
        }
    }
}

/// A server's flights begin with HelloVerifyRequest, ServerHello or ChangeCipherSpec
/// (RFC 6347 §4.2.4, figure 1).
fn starts_flight(record: &Record<'_>) -> bool {
    match record.content_type {
        ContentType::ChangeCipherSpec => true,
        ContentType::Handshake => matches!(
            Fragment::split_first(record.fragment),
            Ok((
                Fragment {
                    kind: HELLO_VERIFY_REQUEST | SERVER_HELLO,
                    offset: 0,
                    ..
                },
                _
            ))
        ),
        ContentType::Alert | ContentType::ApplicationData => false,
    }
}

/// HelloVerifyRequest is a version of two bytes and the cookie with its length
/// (RFC 6347 §4.2.1).
fn cookie_of<'a>(record: &Record<'a>) -> Option<&'a [u8]> {
    let (message, _) = Fragment::split_first(record.fragment).ok()?;
    if record.content_type != ContentType::Handshake || message.kind != HELLO_VERIFY_REQUEST {
        return None;
    }
    let (length, cookie) = message.body.get(2..)?.split_first()?;
    cookie.get(..usize::from(*length))
}
