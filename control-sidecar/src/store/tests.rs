//! The store's promises: whole transactions, in order, and nothing acknowledged is ever lost.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use sfu_proto::control::{Command as CoreCommand, Order};
use sfu_proto::ids::{Epoch, MeetingId, OperationId};

use super::{Store, StoreError};
use crate::clock::Clock;
use crate::model::{Answer, Audience, Event, Timestamp};
use crate::service::{ServiceError, idempotency, meetings};

fn order(number: u128) -> Order {
    Order {
        operation: OperationId(number),
        meeting: MeetingId(u128::MAX),
        epoch: Epoch(1),
        command: CoreCommand::OpenMeeting,
    }
}

fn open(path: &Path) -> Store {
    Store::open(path, Clock::System, |_| {}).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_verb_that_fails_changes_nothing_and_tells_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let store = Store::open(folder.path(), Clock::System, move |committed| {
        *count.lock().unwrap() += committed.announcements.len();
    })
    .unwrap();
    let refused = store.write(|tx| {
        tx.push_order(order(1))?;
        tx.announce(MeetingId(1), Audience::Everyone, Event::Ended {});
        Err::<(), ServiceError>(ServiceError::Ended)
    });
    assert_eq!(refused.await, Err(ServiceError::Ended));
    let panicked = store.write(|tx| -> Result<(), StoreError> {
        tx.push_order(order(2))?;
        panic!("a defect");
    });
    assert_eq!(panicked.await, Err(StoreError::Panicked));
    assert_eq!(store.read(|tx| tx.orders_from(0, 9)).unwrap(), []);
    assert_eq!(*told.lock().unwrap(), 0);
}

#[tokio::test]
async fn a_transaction_sees_its_own_changes_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store
        .write(|tx| {
            for number in 0..5 {
                tx.push_order(order(number))?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let seen = store.write(|tx| {
        tx.delete_order(1);
        tx.delete_order_of(OperationId(2))?;
        tx.push_order(order(5))?;
        tx.orders_from(1, 2)
    });
    let sequences: Vec<_> = seen.await.unwrap().iter().map(|row| row.sequence).collect();
    assert_eq!(sequences, [3, 4]);
    assert_eq!(store.read(|tx| tx.orders_from(0, 9)).unwrap().len(), 4);
}

#[tokio::test]
async fn a_record_of_a_newer_program_is_named_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let found = store.write(|tx| {
        tx.put_bytes(super::Tree::Outbox, vec![0; 8], b"\x02{}".to_vec());
        tx.orders_from(0, 1)
    });
    assert!(matches!(
        found.await,
        Err(StoreError::Version {
            found: 2,
            known: 1,
            ..
        })
    ));
}

#[tokio::test]
async fn answers_are_forgotten_with_age_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000));
    let store = Store::open(folder.path(), clock, |_| {}).unwrap();
    let request = idempotency::Request::new("POST /", "key", None, b"");
    let kept = request.clone();
    store
        .write(move |tx| kept.keep(tx, &Answer::default()))
        .await
        .unwrap();
    let forgotten = store
        .write(|tx| tx.forget_replays(Timestamp(1_000), 9))
        .await;
    assert_eq!(forgotten, Ok(0));
    assert!(store.read(|tx| request.replay(tx)).unwrap().is_some());
    let forgotten = store
        .write(|tx| tx.forget_replays(Timestamp(1_001), 9))
        .await;
    assert_eq!(forgotten, Ok(1));
    assert_eq!(store.read(|tx| request.replay(tx)).unwrap(), None);
}

/// Where the child of `nothing_acknowledged_is_lost` finds its store.
const STORE: &str = "MILLRACE_TEST_STORE";

/// Not a test by itself: writes forever, says the code of each meeting once it is acknowledged.
#[test]
fn child_that_acknowledges() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let store = open(Path::new(&path));
    runtime().block_on(async {
        loop {
            // Four at a time, so that they share a flush.
            let create = || {
                store.write(|tx| {
                    let meeting = meetings::create(tx, None)?;
                    tx.push_order(Order {
                        meeting: meeting.id,
                        ..order(meeting.id.0)
                    })?;
                    Ok::<_, ServiceError>(meeting)
                })
            };
            let created = tokio::join!(create(), create(), create(), create());
            let mut out = std::io::stdout().lock();
            for meeting in [created.0, created.1, created.2, created.3] {
                writeln!(out, "acknowledged {}", meeting.unwrap().code).unwrap();
            }
            out.flush().unwrap();
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost() {
    const KILLS: usize = 20;
    const ACKNOWLEDGED_EACH: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut acknowledged = Vec::new();
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "store::tests::child_that_acknowledges",
            ])
            .env(STORE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = ACKNOWLEDGED_EACH + round;
        let mut codes = lines.filter_map(|line| {
            let line = line.ok()?;
            Some(line.split_once("acknowledged ")?.1.to_owned())
        });
        acknowledged.extend(codes.by_ref().take(wanted));
        child.kill().unwrap();
        // What it said before the kill and we had not read yet counts as well.
        acknowledged.extend(codes);
        child.wait().unwrap();
    }
    assert!(acknowledged.len() >= KILLS * ACKNOWLEDGED_EACH);
    let store = open(&path);
    store.read(|tx| {
        for code in &acknowledged {
            let meeting = tx.meeting_by_code(&code.parse().unwrap()).unwrap();
            assert!(meeting.is_some(), "{code} was acknowledged and is lost");
        }
        // State and outbox are one: each order has its meeting, each meeting its order.
        let orders = tx.orders_from(0, usize::MAX).unwrap();
        let meetings = tx.meetings().unwrap();
        assert_eq!(orders.len(), meetings.len());
        for order in orders {
            assert!(tx.meeting(order.order.meeting).unwrap().is_some());
        }
    });
}
