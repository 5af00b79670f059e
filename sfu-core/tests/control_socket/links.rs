//! Connections: who comes, who takes over, who is sent away.

use std::path::Path;

use sfu_proto::control::{Command, Outcome, ToCore};

use crate::rig::{Sidecar, on_both_drivers, order};

on_both_drivers! {
    a_second_connection_takes_over,
    who_does_not_say_hello_replaces_nobody,
    a_second_core_on_the_same_socket_is_refused_and_harms_nobody,
}

fn a_second_connection_takes_over(socket: &Path) {
    let mut first = Sidecar::connect(socket);
    assert_eq!(first.order(1, 1, Command::OpenMeeting), Outcome::Done);
    let mut second = Sidecar::connect(socket);
    assert!(first.is_over());
    assert_eq!(second.boot, first.boot);
    second.say(&[ToCore::Snapshot]).unwrap();
    assert_eq!(second.snapshot().meetings.len(), 1);
    assert_eq!(second.order(2, 1, Command::CloseMeeting), Outcome::Done);
}

fn who_does_not_say_hello_replaces_nobody(socket: &Path) {
    let mut sidecar = Sidecar::connect(socket);
    let mut rude = Sidecar::knock(socket).unwrap();
    rude.say(&[order(1, 1, Command::OpenMeeting), ToCore::Snapshot])
        .unwrap();
    assert!(rude.is_over());
    // More than the core serves at once: those beyond are sent away, and no place is lost.
    for _ in 0..20 {
        drop(Sidecar::knock(socket).unwrap());
    }
    sidecar.say(&[ToCore::Snapshot]).unwrap();
    assert!(sidecar.snapshot().meetings.is_empty());
    Sidecar::connect(socket);
    assert!(sidecar.is_over());
}

fn a_second_core_on_the_same_socket_is_refused_and_harms_nobody(socket: &Path) {
    let mut sidecar = Sidecar::connect(socket);
    let config = sfu_core::CoreConfig {
        control_socket: socket.to_owned(),
        udp_port: 1,
        workers: 1,
        driver: sfu_core::DriverChoice::Mio,
        public_ips: Vec::new(),
        external_port: None,
        crypto: None,
        pads_packets: true,
    };
    assert!(matches!(
        sfu_core::run(config),
        Err(sfu_core::StartupError::AlreadyRunning { .. })
    ));
    assert_eq!(sidecar.order(1, 1, Command::OpenMeeting), Outcome::Done);
}
