//! Consent of everybody, for as long as the load runs (RFC 7675): a check each, repeated evenly, so
//! that thousands of participants do not all ask at once.

use sfu_proto::stun::TransactionId;

use super::clock::SECOND;
use super::payload::mix;
use crate::client::ice;
use crate::endpoint::{Endpoint, IcePair};

/// RFC 7675 §5.1: four to six seconds.
const INTERVAL: u64 = 5 * SECOND;

#[derive(Debug)]
pub struct Consent {
    /// Participants that have ICE, with their credentials.
    pairs: Vec<(usize, IcePair)>,
    next: usize,
    due: u64,
    pace: u64,
    sent: u64,
    /// Of this run: servers refuse ids that they have seen.
    seed: u64,
}

impl Consent {
    pub fn new<'a>(now: u64, endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Self {
        let pairs: Vec<_> = endpoints
            .into_iter()
            .enumerate()
            .filter_map(|(index, endpoint)| Some((index, endpoint.ice.clone()?)))
            .collect();
        Self {
            due: match pairs.is_empty() {
                true => u64::MAX,
                false => now,
            },
            pace: INTERVAL / pairs.len().max(1) as u64,
            pairs,
            next: 0,
            sent: 0,
            seed: mix(now),
        }
    }

    pub fn due(&self) -> u64 {
        self.due
    }

    /// The next check that is due by `now`: whose, and its bytes.
    pub fn take(&mut self, now: u64) -> Option<(usize, Vec<u8>)> {
        if self.due > now {
            return None;
        }
        self.due += self.pace;
        let (participant, pair) = self.pairs.get(self.next)?;
        self.next = (self.next + 1) % self.pairs.len();
        self.sent += 1;
        let mut id = [0; 12];
        let (first, last) = id.split_at_mut(8);
        first.copy_from_slice(&mix(self.seed ^ self.sent).to_be_bytes());
        last.copy_from_slice(&mix(self.seed.wrapping_add(self.sent)).to_be_bytes()[..4]);
        Some((*participant, ice::check(pair, TransactionId(id))))
    }
}

#[cfg(test)]
mod tests {
    use sfu_proto::srtp::{KeyingMaterial, Profile};
    use sfu_proto::stun::Message;

    use super::*;

    fn endpoint(has_ice: bool) -> Endpoint {
        let profile = Profile::AeadAes128Gcm;
        let word = || "0123456789abcdef01234567".to_owned();
        Endpoint {
            local: "10.0.0.1:1".parse().unwrap(),
            remote: "10.0.0.2:1".parse().unwrap(),
            keys: KeyingMaterial::from_exporter(profile, &[1; 56]).unwrap(),
            ice: has_ice.then(|| IcePair {
                local_ufrag: word(),
                local_password: word(),
                remote_ufrag: word(),
                remote_password: word(),
            }),
            sends: Vec::new(),
            receives: Vec::new(),
        }
    }

    #[test]
    fn everybody_asks_once_an_interval_and_never_with_the_same_id() {
        let endpoints = [endpoint(true), endpoint(false), endpoint(true)];
        let mut consent = Consent::new(0, &endpoints);
        let checks: Vec<_> = std::iter::from_fn(|| consent.take(3 * INTERVAL - 1)).collect();
        assert_eq!(checks.iter().filter(|(whose, _)| *whose == 0).count(), 3);
        assert_eq!(checks.iter().filter(|(whose, _)| *whose == 2).count(), 3);
        assert_eq!(checks.len(), 6);
        let ids = checks
            .iter()
            .map(|(_, bytes)| Message::parse(bytes).unwrap().transaction_id().0);
        assert_eq!(ids.collect::<std::collections::HashSet<_>>().len(), 6);
    }

    #[test]
    fn without_ice_nothing_is_ever_due() {
        assert_eq!(Consent::new(0, &[endpoint(false)]).due(), u64::MAX);
    }
}
