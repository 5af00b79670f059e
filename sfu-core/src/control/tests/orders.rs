//! Orders: each goes to one worker once, and its answer to whoever asks.

use sfu_proto::control::{Command, Outcome, Refusal};

use super::rig::{REFUSED, Rig, answer};

const NO_SUCH_MEETING: Outcome = Outcome::Refused(Refusal::NoSuchMeeting);

#[test]
fn what_a_worker_refused_to_close_is_still_reachable() {
    let mut rig = Rig::new(1);
    let mut sidecar = rig.connect();
    rig.open(&mut sidecar);
    rig.order(&sidecar, 2, Command::CloseMeeting);
    rig.answer(0, 2, REFUSED);
    assert_eq!(sidecar.next(), Some(answer(2, REFUSED)));
    rig.order(&sidecar, 3, Command::CloseMeeting);
    assert_eq!(rig.posted(0), [2, 3]);
    rig.answer(0, 3, Outcome::Done);
    assert_eq!(sidecar.next(), Some(answer(3, Outcome::Done)));
    rig.order(&sidecar, 4, Command::CloseMeeting);
    assert_eq!(sidecar.next(), Some(answer(4, NO_SUCH_MEETING)));
}

#[test]
fn what_a_worker_refused_to_open_is_forgotten() {
    let mut rig = Rig::new(1);
    let mut sidecar = rig.connect();
    rig.order(&sidecar, 1, Command::OpenMeeting);
    rig.answer(0, 1, REFUSED);
    assert_eq!(sidecar.next(), Some(answer(1, REFUSED)));
    rig.order(&sidecar, 2, Command::CloseMeeting);
    assert_eq!(sidecar.next(), Some(answer(2, NO_SUCH_MEETING)));
}

#[test]
fn a_full_mailbox_refuses_and_changes_nothing() {
    let mut rig = Rig::new(1);
    let mut sidecar = rig.connect();
    rig.open(&mut sidecar);
    let full = Outcome::Refused(Refusal::Full {
        limit: "MAILBOX_MESSAGES_MAX".to_owned(),
    });
    for operation in 10.. {
        rig.order(&sidecar, operation, Command::CloseMeeting);
        if let Some(refused) = sidecar.next() {
            assert_eq!(refused, answer(operation, full));
            break;
        }
    }
    assert!(rig.posted(0).len() > 1);
    rig.order(&sidecar, 2, Command::CloseMeeting);
    assert_eq!(rig.posted(0), [2]);
}

#[test]
fn a_repeated_order_is_answered_once_it_is_done_and_done_once() {
    let mut rig = Rig::new(1);
    let mut sidecar = rig.connect();
    rig.order(&sidecar, 1, Command::OpenMeeting);
    rig.order(&sidecar, 1, Command::OpenMeeting);
    assert_eq!(rig.posted(0), [1]);
    rig.answer(0, 1, Outcome::Done);
    assert_eq!(sidecar.next(), Some(answer(1, Outcome::Done)));
    assert_eq!(sidecar.next(), None);
    rig.order(&sidecar, 1, Command::OpenMeeting);
    assert_eq!(sidecar.next(), Some(answer(1, Outcome::Done)));
    assert!(rig.posted(0).is_empty());
}

#[test]
fn a_new_link_hears_an_older_ones_answer_only_if_it_asks() {
    let mut rig = Rig::new(1);
    let older = rig.connect();
    rig.order(&older, 1, Command::OpenMeeting);
    rig.order(&older, 2, Command::CloseMeeting);
    let mut newer = rig.connect();
    rig.order(&newer, 2, Command::CloseMeeting);
    rig.answer(0, 1, Outcome::Done);
    rig.answer(0, 2, Outcome::Done);
    assert_eq!(newer.next(), Some(answer(2, Outcome::Done)));
    assert_eq!(newer.next(), None);
    rig.order(&newer, 1, Command::OpenMeeting);
    assert_eq!(newer.next(), Some(answer(1, Outcome::Done)));
    assert_eq!(rig.posted(0), [1, 2]);
}
