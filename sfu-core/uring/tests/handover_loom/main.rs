//! The ring between workers and its wake-up under every interleaving that the memory model allows.
//! Loom runs the very files of the library: `sync` below takes the place of the library's own.

#[allow(
    dead_code,
    unreachable_pub,
    reason = "the library's file, of which a model uses a part"
)]
#[path = "../../src/handover/doze.rs"]
mod doze;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the library's file, of which a model uses a part"
)]
#[path = "../../src/handover/ring.rs"]
mod ring;

mod sync {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::Arc;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
}

use loom::thread;

use doze::Doze;
use ring::{Reader, ring};
use sync::{Arc, AtomicUsize, Ordering};

fn read(reader: &mut Reader<usize>, max: usize) -> Vec<usize> {
    let mut seen = Vec::new();
    reader.take(max, |value| seen.push(*value));
    seen
}

/// Slots are written again after they were given back, and what finds no room is left out.
#[test]
fn what_is_read_is_what_was_pushed_in_order() {
    loom::model(|| {
        let (mut writer, mut reader) = ring::<usize>(2);
        let writing = thread::spawn(move || {
            let mut pushed = Vec::new();
            for value in 1..=4 {
                if writer.push(|slot| *slot = value) {
                    pushed.push(value);
                }
                if value % 2 == 0 {
                    writer.publish();
                }
            }
            pushed
        });
        let mut seen = read(&mut reader, 1);
        seen.extend(read(&mut reader, 2));
        let pushed = writing.join().unwrap();
        while !reader.is_empty() {
            seen.extend(read(&mut reader, 2));
        }
        assert_eq!(seen, pushed);
    });
}

/// The reader lies down for good while the writers publish. Whatever is left unread then, somebody
/// has been told to wake it.
#[test]
fn no_message_waits_for_a_sleeper_whom_nobody_wakes() {
    loom::model(|| {
        let doze = Arc::new(Doze::default());
        let wakes = Arc::new(AtomicUsize::new(0));
        let mut readers = Vec::new();
        let mut writings = Vec::new();
        for value in 1..=2 {
            let (mut writer, reader) = ring::<usize>(1);
            readers.push(reader);
            let (doze, wakes) = (Arc::clone(&doze), Arc::clone(&wakes));
            writings.push(thread::spawn(move || {
                writer.push(|slot| *slot = value);
                writer.publish();
                if doze.must_be_woken() {
                    wakes.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        for reader in &mut readers {
            read(reader, 1);
        }
        let sleeps = doze.lie_down(|| readers.iter().all(Reader::is_empty));
        for writing in writings {
            writing.join().unwrap();
        }
        let wakes = wakes.load(Ordering::Relaxed);
        let is_something_left = readers.iter().any(|reader| !reader.is_empty());
        assert!(!sleeps || !is_something_left || wakes > 0);
        assert!(wakes <= 1, "one wake-up is enough");
    });
}
