use super::*;
use sfu_proto::control::Refusal;
use sfu_proto::ids::{Epoch, OperationId};

fn order(meeting: u128, command: Command) -> Order {
    Order {
        operation: OperationId(0),
        meeting: MeetingId(meeting),
        epoch: Epoch(1),
        command,
    }
}

#[test]
fn a_lost_meeting_goes_back_to_its_worker_until_it_is_closed() {
    let mut directory = Directory::new(2);
    let opened = place(&mut directory, 1, Command::OpenMeeting).unwrap();
    assert_eq!(opened.workers, [0]);
    directory.settle(&opened, &Outcome::Done);
    directory.fail(0);
    let again = place(&mut directory, 1, Command::OpenMeeting).unwrap();
    assert_eq!(again.workers, [0]);
    directory.settle(&again, &Outcome::Done);
    let other = place(&mut directory, 2, Command::OpenMeeting).unwrap();
    assert_eq!(other.workers, [1]);
    let closed = place(&mut directory, 1, Command::CloseMeeting).unwrap();
    directory.settle(&closed, &Outcome::Done);
    assert!(directory.lost.is_empty());
}

fn place(directory: &mut Directory, meeting: u128, command: Command) -> Option<Place> {
    directory.place(&order(meeting, command)).ok()
}

fn open(directory: &mut Directory, meeting: u128) -> usize {
    let place = place(directory, meeting, Command::OpenMeeting).unwrap();
    directory.settle(&place, &Outcome::Done);
    place.workers[0]
}

const REFUSED: Outcome = Outcome::Refused(Refusal::NoSuchSession);

#[test]
fn meetings_spread_and_stay() {
    let mut directory = Directory::new(2);
    assert_eq!(open(&mut directory, 1), 0);
    assert_eq!(open(&mut directory, 2), 1);
    assert_eq!(open(&mut directory, 1), 0);
    let close = place(&mut directory, 1, Command::CloseMeeting).unwrap();
    directory.settle(&close, &Outcome::Done);
    assert_eq!(place(&mut directory, 1, Command::CloseMeeting), None);
    assert_eq!(open(&mut directory, 3), 0);
}

#[test]
fn a_meeting_on_its_way_takes_orders_and_is_forgotten_if_refused() {
    let mut directory = Directory::new(2);
    let first = place(&mut directory, 1, Command::OpenMeeting).unwrap();
    let second = place(&mut directory, 1, Command::OpenMeeting).unwrap();
    assert_eq!(first, second);
    directory.settle(&first, &REFUSED);
    assert!(place(&mut directory, 1, Command::CloseMeeting).is_some());
    directory.settle(&second, &REFUSED);
    assert_eq!(place(&mut directory, 1, Command::CloseMeeting), None);
    assert_eq!(directory.counts, [0, 0]);
}

#[test]
fn a_meeting_that_was_not_closed_is_still_there() {
    let mut directory = Directory::new(1);
    open(&mut directory, 1);
    let close = place(&mut directory, 1, Command::CloseMeeting).unwrap();
    directory.settle(&close, &REFUSED);
    assert!(place(&mut directory, 1, Command::CloseMeeting).is_some());
}

#[test]
fn one_that_is_opened_again_while_it_closes_stays() {
    let mut directory = Directory::new(1);
    open(&mut directory, 1);
    let close = place(&mut directory, 1, Command::CloseMeeting).unwrap();
    let again = place(&mut directory, 1, Command::OpenMeeting).unwrap();
    directory.settle(&close, &Outcome::Done);
    directory.settle(&again, &Outcome::Done);
    assert!(place(&mut directory, 1, Command::CloseMeeting).is_some());
}

#[test]
fn a_failed_worker_is_empty_and_is_spared_until_it_begins_anew() {
    let mut directory = Directory::new(2);
    open(&mut directory, 1);
    open(&mut directory, 2);
    directory.fail(0);
    assert_eq!(place(&mut directory, 1, Command::CloseMeeting), None);
    assert_eq!(open(&mut directory, 3), 1);
    directory.fail(1);
    assert_eq!(directory.counts, [0, 0]);
    // There is no other: the order waits for the worker.
    assert_eq!(open(&mut directory, 4), 0);
    directory.begin(1);
    assert_eq!(open(&mut directory, 5), 1);
}

#[test]
fn orders_about_a_spread_meeting_go_to_every_part_and_old_ones_nowhere() {
    let mut directory = Directory::new(3);
    open(&mut directory, 1);
    directory.add_part(MeetingId(1), 2);
    let mute = |muted| Command::Mute {
        participant: ParticipantId(5),
        source: Source::Audio,
        muted,
    };
    for muted in [true, false, true] {
        let muting = place(&mut directory, 1, mute(muted)).unwrap();
        assert_eq!(muting.workers, [0, 2]);
        directory.settle(&muting, &Outcome::Done);
    }
    let home = directory.home(MeetingId(1)).unwrap();
    assert_eq!(home.muted, [(ParticipantId(5), Source::Audio)]);
    let again = place(&mut directory, 1, Command::OpenMeeting).unwrap();
    assert_eq!(again.workers, [0], "the parts are opened by ourselves");
    directory.settle(&again, &Outcome::Done);
    let mut old = order(1, Command::CloseMeeting);
    old.epoch = Epoch(0);
    let refused = Refusal::OldEpoch {
        got: Epoch(0),
        current: Epoch(1),
    };
    assert_eq!(directory.place(&old), Err(refused));
    let close = place(&mut directory, 1, Command::CloseMeeting).unwrap();
    assert_eq!(close.workers, [0, 2]);
    directory.settle(&close, &Outcome::Done);
    assert_eq!(directory.counts, [0, 0, 0]);
}

#[test]
fn a_spread_meeting_outlives_a_part_and_its_home() {
    let mut directory = Directory::new(3);
    open(&mut directory, 1);
    directory.add_part(MeetingId(1), 1);
    directory.add_part(MeetingId(1), 2);
    assert_eq!(directory.fail(2), [MeetingId(1)]);
    assert_eq!(directory.home(MeetingId(1)).unwrap().parts(), [0, 1]);
    assert_eq!(directory.fail(0), [MeetingId(1)]);
    assert_eq!(directory.home(MeetingId(1)).unwrap().parts(), [1]);
    assert_eq!(directory.fail(1), []);
    assert!(directory.home(MeetingId(1)).is_none());
    assert_eq!(directory.counts, [0, 0, 0]);
}
