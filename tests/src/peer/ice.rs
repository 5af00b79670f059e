//! A full, controlling ICE agent with one candidate pair (RFC 8445), and its consent checks
//! (RFC 7675).

use core::time::Duration;

use sfu_proto::control::IceCredentials;
use sfu_proto::stun::{Class, Message, Request, Role, TransactionId};
use sfu_proto::time::Instant;

use crate::chance::Chance;

/// Chromium's, both.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);
const CONSENT_INTERVAL: Duration = Duration::from_millis(2_500);

/// PRIORITY of a peer-reflexive candidate.
const PRIORITY: u32 = 0x6e00_1eff;

#[derive(Debug)]
pub struct Ice {
    chance: Chance,
    pub local: IceCredentials,
    pub remote: IceCredentials,
    next_check: Instant,
    outstanding: Vec<TransactionId>,
    /// A check from the present address has been answered.
    pub is_connected: bool,
    pub checks_answered: u64,
    /// It sends no checks: the page was closed without a word.
    pub is_silent: bool,
}

pub fn credentials(chance: &mut Chance) -> IceCredentials {
    IceCredentials {
        ufrag: format!("{:08x}", chance.word()),
        password: format!("{:016x}{:016x}", chance.bits(), chance.bits()),
    }
}

impl Ice {
    pub fn new(
        local: IceCredentials,
        remote: IceCredentials,
        now: Instant,
        chance: Chance,
    ) -> Self {
        Self {
            chance,
            local,
            remote,
            next_check: now,
            outstanding: Vec::new(),
            is_connected: false,
            checks_answered: 0,
            is_silent: false,
        }
    }

    /// Checks begin anew: from a new address, or with new credentials.
    pub fn begin_again(&mut self, now: Instant) {
        self.next_check = now;
        self.is_connected = false;
        self.outstanding.clear();
    }

    /// The check that is due.
    pub fn check(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.is_silent || now < self.next_check {
            return None;
        }
        self.next_check = now
            + match self.is_connected {
                true => CONSENT_INTERVAL,
                false => CHECK_INTERVAL,
            };
        let mut id = TransactionId::default();
        id.0.copy_from_slice(&self.chance.bytes(12));
        self.outstanding.push(id);
        let request = Request {
            username: (&self.remote.ufrag, &self.local.ufrag),
            priority: PRIORITY,
            use_candidate: true,
            role: Role::Controlling(1),
        };
        let mut bytes = vec![0; request.encoded_len()];
        request.write(id, &self.remote.password, &mut bytes);
        Some(bytes)
    }

    /// Takes an answer in; returns whether it was a good one to a question of ours.
    pub fn answered(&mut self, bytes: &[u8]) -> bool {
        let Ok(message) = Message::parse(bytes) else {
            return false;
        };
        let is_good = message.class() == Class::Success
            && message.check_integrity(&self.remote.password).is_ok();
        let id = message.transaction_id();
        let asked = self.outstanding.iter().position(|asked| *asked == id);
        let Some(asked) = asked.filter(|_| is_good) else {
            return false;
        };
        self.outstanding.remove(asked);
        self.is_connected = true;
        self.checks_answered += 1;
        true
    }
}
