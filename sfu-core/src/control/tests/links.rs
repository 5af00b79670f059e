//! Who is the sidecar, and how it learns that it is so no more.

use sfu_proto::control::{FromCore, ToCore, VERSION};

use super::rig::{BOOT, Rig};
use crate::control::ControlEvent;
use crate::control_socket::SocketEvent;

#[test]
fn the_newest_sidecar_takes_over_and_the_older_sees_the_end() {
    let mut rig = Rig::new(1);
    let mut older = rig.connect();
    let mut newer = rig.connect();
    assert!(older.is_over());
    // Its reader says so, too; that does not touch the newer one.
    let gone = SocketEvent::Gone(older.id);
    rig.control.handle(ControlEvent::Socket(gone));
    assert!(!newer.is_over());
}

#[test]
fn a_sidecar_of_another_release_is_told_ours_and_replaces_nobody() {
    let mut rig = Rig::new(1);
    let mut right = rig.connect();
    let mut wrong = rig.connect_as(VERSION + 1);
    let hello = FromCore::Hello {
        version: VERSION,
        boot: BOOT,
    };
    assert_eq!(wrong.next(), Some(hello));
    assert!(wrong.is_over());
    assert!(!right.is_over());
}

#[test]
fn whom_the_core_gives_up_sees_the_end_although_a_reader_still_waits() {
    let mut rig = Rig::new(1);
    let mut sidecar = rig.connect();
    rig.say(&sidecar, ToCore::Hello { version: VERSION });
    assert!(sidecar.is_over());
}
