//! The agent against a synthetic far side.

use core::time::Duration;

use super::*;
use crate::packet::SocketIndex;
use crate::stun::tests::sealed;
use crate::stun::{Request, Role, TransactionId, kind};

const HIGH: u32 = 0x6eff_ffff;
const LOW: u32 = 0x6e00_00ff;

fn credentials(name: &str) -> IceCredentials {
    IceCredentials {
        ufrag: format!("{name}-ufrag"),
        password: format!("{name}-password-of-22-chars"),
    }
}

fn at(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

fn route(port: u16) -> Route {
    Route {
        socket: SocketIndex(0),
        remote: ([192, 0, 2, 7], port).into(),
    }
}

/// Both ends of a session: the agent, and what its browser would send.
struct Pair {
    agent: Agent,
    batch: SendBatch,
    ours: IceCredentials,
    theirs: IceCredentials,
    sent: u64,
}

impl Pair {
    fn new() -> Self {
        let (ours, theirs) = (credentials("ours"), credentials("theirs"));
        Self {
            agent: Agent::new(ours.clone(), theirs.clone(), at(0)),
            batch: SendBatch::new(16_384, 128),
            ours,
            theirs,
            sent: 0,
        }
    }

    fn next_id(&mut self) -> TransactionId {
        self.sent += 1;
        let mut id = [0; 12];
        id[4..].copy_from_slice(&self.sent.to_be_bytes());
        TransactionId(id)
    }

    fn request(&mut self, priority: u32, use_candidate: bool) -> Vec<u8> {
        let id = self.next_id();
        let request = Request {
            username: (&self.ours.ufrag, &self.theirs.ufrag),
            priority,
            use_candidate,
            role: Role::Controlling(1),
        };
        let mut out = vec![0; request.encoded_len()];
        request.write(id, &self.ours.password, &mut out);
        out
    }

    /// A request of these attributes behind a right user name, rightly signed.
    fn odd_request(&mut self, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let id = self.next_id();
        let username = format!("{}:{}", self.ours.ufrag, self.theirs.ufrag);
        let mut all = vec![(kind::USERNAME, username.as_bytes())];
        all.extend(attributes);
        sealed(Class::Request, id, &self.ours.password, &all)
    }

    fn deliver(&mut self, now: Instant, route: Route, bytes: &[u8]) -> Result<Checked, Dropped> {
        let message = Message::parse(bytes)?;
        self.agent
            .handle_check(now, route, &message, &mut self.batch)
    }

    fn check(&mut self, millis: u64, port: u16, priority: u32) -> Checked {
        let request = self.request(priority, false);
        self.deliver(at(millis), route(port), &request).unwrap()
    }

    fn nominate(&mut self, millis: u64, port: u16, priority: u32) -> Checked {
        let request = self.request(priority, true);
        self.deliver(at(millis), route(port), &request).unwrap()
    }

    /// The only answer in the batch, which is then empty again.
    fn answer(&mut self) -> (Route, Vec<u8>) {
        let [outgoing] = self.batch.outgoing() else {
            panic!("{} answers", self.batch.outgoing().len());
        };
        let answer = (outgoing.route, self.batch.bytes(outgoing).to_vec());
        self.batch.clear();
        answer
    }

    fn assert_error(&mut self, request: &[u8], code: u16) {
        let checked = self.deliver(at(0), route(1), request).unwrap();
        assert_eq!(checked, Checked::default());
        let (to, bytes) = self.answer();
        assert_eq!(to, route(1));
        let answer = Message::parse(&bytes).unwrap();
        answer.check_integrity(&self.ours.password).unwrap();
        assert_eq!(answer.class(), Class::Error);
        assert_eq!(answer.error_code(), Some(code));
        assert_eq!(
            answer.transaction_id(),
            Message::parse(request).unwrap().transaction_id()
        );
        assert!(!self.agent.is_valid(route(1)));
    }

    fn assert_silence(&mut self, request: &[u8], why: Dropped) {
        assert_eq!(self.deliver(at(0), route(1), request), Err(why));
        assert!(self.batch.is_empty());
        assert!(!self.agent.is_valid(route(1)));
        assert_eq!(self.agent.consent_deadline(), at(0) + CHECKING_TIME_MAX);
    }
}

#[test]
fn a_check_is_answered_by_its_own_route() {
    let mut pair = Pair::new();
    let request = pair.request(HIGH, false);
    let checked = pair.deliver(at(0), route(9), &request).unwrap();
    assert!(checked.first && checked.new_address && checked.selected_changed);
    let (to, bytes) = pair.answer();
    assert_eq!(to, route(9));
    assert!(bytes.len() < request.len(), "an answer amplifies nothing");
    let answer = Message::parse(&bytes).unwrap();
    answer.check_integrity(&pair.ours.password).unwrap();
    assert_eq!(answer.class(), Class::Success);
    assert_eq!(answer.xor_mapped_address(), Some(route(9).remote));
    let again = pair.check(10, 9, HIGH);
    assert_eq!(again, Checked::default());
}

#[test]
fn the_first_valid_route_serves_until_one_is_nominated() {
    let mut pair = Pair::new();
    pair.check(0, 1, LOW);
    assert!(!pair.check(10, 2, HIGH).selected_changed);
    assert_eq!(pair.agent.selected(), Some(route(1)));
    assert!(pair.agent.is_valid(route(2)));
    assert!(pair.nominate(20, 2, LOW).selected_changed);
    assert_eq!(pair.agent.selected(), Some(route(2)));
    assert!(!pair.check(30, 1, HIGH).selected_changed);
}

#[test]
fn a_change_of_network_takes_over_at_once_whatever_its_priority() {
    let mut pair = Pair::new();
    pair.nominate(0, 1, HIGH);
    let checked = pair.nominate(50, 2, LOW);
    assert!(checked.new_address && checked.selected_changed && !checked.first);
    assert_eq!(pair.agent.selected(), Some(route(2)));
    // The old way is still valid for what is under way, and still checked now and then.
    assert!(pair.agent.is_valid(route(1)));
    pair.check(60, 1, HIGH);
    assert_eq!(pair.agent.selected(), Some(route(2)));
    // And back again, 1.2 seconds later.
    pair.nominate(1_250, 1, HIGH);
    assert_eq!(pair.agent.selected(), Some(route(1)));
    pair.nominate(1_300, 2, LOW);
    assert_eq!(pair.agent.selected(), Some(route(2)));
}

#[test]
fn another_socket_of_ours_is_another_route() {
    let mut pair = Pair::new();
    pair.nominate(0, 1, HIGH);
    let elsewhere = Route {
        socket: SocketIndex(1),
        ..route(1)
    };
    assert!(!pair.agent.is_valid(elsewhere));
    let request = pair.request(HIGH, true);
    let checked = pair.deliver(at(1), elsewhere, &request).unwrap();
    assert!(checked.new_address && checked.selected_changed);
}

#[test]
fn aggressive_nomination_settles_on_the_highest_priority() {
    let mut pair = Pair::new();
    let mut changes = 0;
    for round in 0..20 {
        changes += u32::from(pair.nominate(round * 100, 1, HIGH).selected_changed);
        changes += u32::from(pair.nominate(round * 100 + 50, 2, LOW).selected_changed);
    }
    assert_eq!(pair.agent.selected(), Some(route(1)));
    assert_eq!(changes, 3, "there, tried, and back for good");
    // The better one dies; the other is taken as soon as it has been silent for the contest time.
    pair.nominate(2_400, 2, LOW);
    assert_eq!(pair.agent.selected(), Some(route(1)));
    pair.nominate(2_900, 2, LOW);
    assert_eq!(pair.agent.selected(), Some(route(2)));
}

#[test]
fn a_plain_check_takes_no_nomination_away() {
    let mut pair = Pair::new();
    pair.nominate(0, 1, HIGH);
    pair.nominate(10, 2, LOW);
    pair.nominate(20, 1, HIGH);
    pair.check(30, 1, HIGH);
    assert!(!pair.nominate(40, 2, LOW).selected_changed);
}

#[test]
fn both_generations_are_answered_until_the_new_one_is_used() {
    let mut pair = Pair::new();
    pair.nominate(0, 1, HIGH);
    let old_ufrag = pair.ours.ufrag.clone();
    let late = pair.request(HIGH, true);

    let (ours, theirs) = (credentials("new-ours"), credentials("new-theirs"));
    pair.agent.restart(ours.clone(), theirs.clone());
    assert_eq!(pair.agent.take_retired_ufrag(), None);
    assert!(pair.agent.accepts_ufrag(&old_ufrag) && pair.agent.accepts_ufrag(&ours.ufrag));
    assert_eq!(pair.agent.local_ufrags().count(), 2);
    assert!(!pair.check(100, 1, HIGH).restarted, "old ones still work");
    assert_eq!(pair.agent.selected(), Some(route(1)));

    (pair.ours, pair.theirs) = (ours, theirs);
    let checked = pair.check(200, 2, LOW);
    assert!(checked.restarted && checked.new_address && !checked.first);
    assert_eq!(pair.agent.take_retired_ufrag(), Some(old_ufrag));
    assert_eq!(pair.agent.local_ufrags().count(), 1);
    assert_eq!(pair.agent.selected(), Some(route(1)), "until nominated");
    assert_eq!(
        pair.deliver(at(210), route(1), &late),
        Err(Dropped::StunUnknownUser)
    );
    pair.nominate(220, 2, LOW);
    assert_eq!(pair.agent.selected(), Some(route(2)));
    assert!(!pair.check(230, 2, LOW).restarted);
}

#[test]
fn nominations_before_a_restart_do_not_weigh_after_it() {
    let mut pair = Pair::new();
    pair.nominate(0, 2, LOW);
    pair.nominate(10, 1, HIGH);
    let (ours, theirs) = (credentials("new-ours"), credentials("new-theirs"));
    pair.agent.restart(ours.clone(), theirs.clone());
    (pair.ours, pair.theirs) = (ours, theirs);
    assert!(pair.nominate(20, 2, LOW).selected_changed);
}

#[test]
fn a_second_restart_replaces_the_one_that_was_not_taken_up() {
    let mut pair = Pair::new();
    pair.agent.restart(credentials("b"), credentials("x"));
    pair.agent.restart(credentials("c"), credentials("y"));
    assert_eq!(pair.agent.take_retired_ufrag().as_deref(), Some("b-ufrag"));
    let ufrags: Vec<&str> = pair.agent.local_ufrags().collect();
    assert_eq!(ufrags, ["ours-ufrag", "c-ufrag"]);
}

#[test]
fn generations_are_not_mixed() {
    let mut pair = Pair::new();
    let (ours, theirs) = (credentials("new-ours"), credentials("new-theirs"));
    pair.agent.restart(ours.clone(), theirs);
    // New local, old remote user name.
    pair.ours.ufrag = ours.ufrag;
    let mixed = pair.request(HIGH, true);
    pair.assert_silence(&mixed, Dropped::StunUnknownUser);
    // New user names, old password.
    pair.theirs.ufrag = "new-theirs-ufrag".into();
    let mixed = pair.request(HIGH, true);
    pair.assert_silence(&mixed, Dropped::StunBadIntegrity);
}

#[test]
fn consent_ends_after_the_last_good_check() {
    let mut pair = Pair::new();
    assert_eq!(pair.agent.consent_deadline(), at(0) + CHECKING_TIME_MAX);
    pair.nominate(5_000, 1, HIGH);
    assert_eq!(pair.agent.consent_deadline(), at(5_000) + CONSENT_TIME_MAX);
    pair.check(7_500, 2, LOW);
    assert_eq!(pair.agent.consent_deadline(), at(7_500) + CONSENT_TIME_MAX);
    let mut bad = pair.request(HIGH, true);
    bad[30] ^= 1;
    assert!(pair.deliver(at(9_000), route(1), &bad).is_err());
    assert_eq!(pair.agent.consent_deadline(), at(7_500) + CONSENT_TIME_MAX);
}

#[test]
fn silent_addresses_are_forgotten_and_sending_moves_on() {
    let mut pair = Pair::new();
    pair.nominate(0, 1, HIGH);
    pair.check(1_000, 2, LOW);
    pair.check(2_000, 3, LOW);
    let mut forgotten = Vec::new();
    assert!(!pair.agent.expire(at(29_999), |route| forgotten.push(route)));
    assert!(forgotten.is_empty());
    assert!(pair.agent.expire(at(30_500), |route| forgotten.push(route)));
    assert_eq!(forgotten, [route(1)]);
    assert_eq!(pair.agent.selected(), Some(route(3)), "checked last");
    assert!(!pair.agent.expire(at(31_000), |route| forgotten.push(route)));
    assert_eq!(forgotten, [route(1), route(2)]);
    assert!(!pair.agent.is_valid(route(1)));
    assert!(pair.agent.expire(at(32_000), |route| forgotten.push(route)));
    assert_eq!(pair.agent.selected(), None);
    assert_eq!(pair.agent.consent_deadline(), at(32_000));
    assert_eq!(pair.agent.valid_routes().count(), 0);
    // A client that comes back in time is taken up where it was.
    let checked = pair.check(32_001, 1, HIGH);
    assert!(checked.new_address && checked.selected_changed && !checked.first);
}

#[test]
fn a_client_that_wants_to_be_controlled_is_told_487() {
    let mut pair = Pair::new();
    let request = pair.odd_request(&[
        (kind::PRIORITY, &[0, 0, 0, 1]),
        (kind::ICE_CONTROLLED, &[0; 8]),
    ]);
    pair.assert_error(&request, 487);
}

#[test]
fn what_must_be_understood_and_is_not_is_told_420() {
    let mut pair = Pair::new();
    let request = pair.odd_request(&[(kind::PRIORITY, &[0, 0, 0, 1]), (0x7abc, b"what?")]);
    pair.assert_error(&request, 420);
}

#[test]
fn a_first_check_without_priority_is_told_400_and_a_consent_check_is_not() {
    let mut pair = Pair::new();
    let bare = pair.odd_request(&[]);
    pair.assert_error(&bare, 400);
    pair.nominate(1_000, 1, HIGH);
    let bare = pair.odd_request(&[]);
    pair.deliver(at(4_000), route(1), &bare).unwrap();
    assert_eq!(pair.agent.consent_deadline(), at(4_000) + CONSENT_TIME_MAX);
}

#[test]
fn whoever_does_not_know_us_hears_nothing() {
    let mut pair = Pair::new();
    let right = pair.ours.clone();

    pair.ours.password.push('x');
    let request = pair.request(HIGH, true);
    pair.assert_silence(&request, Dropped::StunBadIntegrity);
    pair.ours = right.clone();

    pair.ours.ufrag.push('x');
    let request = pair.request(HIGH, true);
    pair.assert_silence(&request, Dropped::StunUnknownUser);
    pair.ours = right.clone();

    pair.theirs.ufrag.push('x');
    let request = pair.request(HIGH, true);
    pair.assert_silence(&request, Dropped::StunUnknownUser);

    let nameless = sealed(Class::Request, TransactionId([1; 12]), &right.password, &[]);
    pair.assert_silence(&nameless, Dropped::StunUnknownUser);

    let mut pair = Pair::new();
    let mut request = pair.request(HIGH, true);
    request.truncate(request.len() - 8);
    request[3] -= 8;
    pair.assert_silence(&request, Dropped::StunBadIntegrity);
}

#[test]
fn only_binding_requests_are_checks() {
    let mut pair = Pair::new();
    let username = format!("{}:{}", pair.ours.ufrag, pair.theirs.ufrag);
    let attributes = [(kind::USERNAME, username.as_bytes())];
    for class in [Class::Indication, Class::Success, Class::Error] {
        let id = pair.next_id();
        let message = sealed(class, id, &pair.ours.password, &attributes);
        pair.assert_silence(&message, Dropped::StunUnexpected);
    }
    let mut request = pair.request(HIGH, true);
    request[1] = 3; // TURN Allocate
    pair.assert_silence(&request, Dropped::StunUnexpected);
}

#[test]
fn a_check_replayed_from_another_address_is_refused() {
    let mut pair = Pair::new();
    let recorded = pair.request(HIGH, true);
    pair.deliver(at(0), route(1), &recorded).unwrap();
    for n in 0..31 {
        pair.nominate(100 + n, 1, HIGH);
    }
    pair.batch.clear();
    assert_eq!(
        pair.deliver(at(200), route(666), &recorded),
        Err(Dropped::StunReplayed)
    );
    assert!(pair.batch.is_empty());
    assert!(!pair.agent.is_valid(route(666)));
    assert_eq!(pair.agent.selected(), Some(route(1)));
}

#[test]
fn a_check_repeated_from_its_own_address_is_answered_and_changes_nothing() {
    let mut pair = Pair::new();
    let recorded = pair.request(HIGH, true);
    pair.deliver(at(0), route(1), &recorded).unwrap();
    pair.nominate(100, 2, LOW);
    pair.batch.clear();
    let checked = pair.deliver(at(5_000), route(1), &recorded).unwrap();
    assert_eq!(checked, Checked::default());
    assert_eq!(pair.answer().0, route(1));
    assert_eq!(pair.agent.selected(), Some(route(2)));
    assert_eq!(pair.agent.consent_deadline(), at(100) + CONSENT_TIME_MAX);
}

#[test]
fn a_full_table_gives_up_the_address_longest_unchecked_but_not_the_selected() {
    let mut pair = Pair::new();
    pair.nominate(0, 1, HIGH);
    for port in 2..=16 {
        pair.check(u64::from(port) * 10, port, LOW);
        pair.batch.clear();
    }
    // All are in use: a burst of new ports does not push them out.
    let request = pair.request(LOW, true);
    assert_eq!(
        pair.deliver(at(1_000), route(17), &request),
        Err(Dropped::StunAddressesFull)
    );
    assert!(pair.batch.is_empty());
    pair.check(5_000, 2, LOW);
    let checked = pair.check(7_000, 17, LOW);
    assert!(checked.new_address && !checked.selected_changed);
    assert_eq!(checked.evicted, Some(route(3)));
    assert!(!pair.agent.is_valid(route(3)));
    for port in [1, 2, 4, 16, 17] {
        assert!(pair.agent.is_valid(route(port)), "{port}");
    }
    assert_eq!(pair.agent.valid_routes().count(), 16);
}

#[test]
fn a_check_that_cannot_be_answered_changes_nothing() {
    let mut pair = Pair::new();
    pair.batch = SendBatch::new(60, 8);
    let request = pair.request(HIGH, true);
    pair.assert_silence(&request, Dropped::SendBatchFull);
    pair.batch = SendBatch::new(64, 8);
    let checked = pair.deliver(at(9), route(1), &request).unwrap();
    assert!(checked.first, "its retransmission is the first");
}

#[test]
fn time_that_stands_still_harms_nothing() {
    let mut pair = Pair::new();
    for port in 1..=4 {
        pair.nominate(0, port, LOW);
    }
    assert_eq!(pair.agent.selected(), Some(route(4)));
    assert!(!pair.agent.expire(at(0), |_| panic!("nothing is old")));
    assert!(
        pair.agent.consent_deadline().since(at(0)) > Duration::ZERO,
        "consent lies ahead"
    );
}
