//! A ring of byte messages, as workers see it.

use sfu_proto::limits::{HANDOVER_BYTES_MAX, HANDOVER_SLOTS};

use super::ring::{Reader, Writer, ring};

#[derive(Debug)]
#[repr(align(64))]
struct Slot {
    len: usize,
    bytes: [u8; HANDOVER_BYTES_MAX],
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            len: 0,
            bytes: [0; HANDOVER_BYTES_MAX],
        }
    }
}

/// The end of the worker that hands over.
#[derive(Debug)]
pub struct HandoverSender(Writer<Slot>);

/// The end of the worker that takes.
#[derive(Debug)]
pub struct HandoverReceiver(Reader<Slot>);

/// A ring of `HANDOVER_SLOTS` messages.
pub fn handover() -> (HandoverSender, HandoverReceiver) {
    let (writer, reader) = ring(HANDOVER_SLOTS);
    (HandoverSender(writer), HandoverReceiver(reader))
}

impl HandoverSender {
    /// Lets `write` write a message of at most `HANDOVER_BYTES_MAX` and say how long it is; false
    /// if the ring is full. The other side sees it once it is published.
    pub fn push(&mut self, write: impl FnOnce(&mut [u8]) -> usize) -> bool {
        self.0
            .push(|slot| slot.len = write(&mut slot.bytes).min(HANDOVER_BYTES_MAX))
    }

    /// Shows the other side all that was pushed; says whether there was anything.
    pub fn publish(&mut self) -> bool {
        self.0.publish()
    }
}

impl HandoverReceiver {
    /// Hands at most `max` messages to `each`, oldest first; says how many.
    pub fn take(&mut self, max: usize, mut each: impl FnMut(&[u8])) -> usize {
        self.0.take(max, |slot| each(&slot.bytes[..slot.len]))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(sender: &mut HandoverSender, number: usize) -> bool {
        sender.push(|bytes| {
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            8
        })
    }

    fn hear(receiver: &mut HandoverReceiver, max: usize) -> Vec<usize> {
        let mut heard = Vec::new();
        receiver.take(max, |bytes| {
            heard.push(usize::from_le_bytes(*bytes.first_chunk().unwrap()));
        });
        heard
    }

    #[test]
    fn a_message_is_seen_once_it_is_published() {
        let (mut sender, mut receiver) = handover();
        assert!(!sender.publish());
        assert!(say(&mut sender, 1) && say(&mut sender, 2));
        assert!(receiver.is_empty() && hear(&mut receiver, 9).is_empty());
        assert!(sender.publish() && !sender.publish());
        assert!(!receiver.is_empty());
        assert_eq!(hear(&mut receiver, 1), [1]);
        assert_eq!(hear(&mut receiver, 9), [2]);
        assert!(receiver.is_empty());
    }

    #[test]
    fn a_full_ring_takes_nothing_until_there_is_room() {
        let (mut sender, mut receiver) = handover();
        let taken = (0..HANDOVER_SLOTS + 5).take_while(|number| say(&mut sender, *number));
        assert_eq!(taken.count(), HANDOVER_SLOTS);
        sender.publish();
        assert_eq!(hear(&mut receiver, 2), [0, 1]);
        assert!(say(&mut sender, 7) && say(&mut sender, 8) && !say(&mut sender, 9));
        sender.publish();
        let rest = hear(&mut receiver, usize::MAX);
        assert_eq!(rest.len(), HANDOVER_SLOTS);
        assert_eq!(rest[rest.len() - 2..], [7, 8]);
    }

    #[test]
    fn a_million_messages_between_two_threads_come_whole_and_in_order() {
        const MESSAGES: usize = 1_000_000;
        let (mut sender, mut receiver) = handover();
        let writing = std::thread::spawn(move || {
            for number in 0..MESSAGES {
                while !say(&mut sender, number) {
                    sender.publish();
                    std::thread::yield_now();
                }
                if number % 7 == 0 {
                    sender.publish();
                }
            }
            sender.publish();
        });
        let mut next = 0;
        while next < MESSAGES {
            for number in hear(&mut receiver, 64) {
                assert_eq!(number, next);
                next += 1;
            }
            if receiver.is_empty() {
                std::thread::yield_now();
            }
        }
        writing.join().unwrap();
    }
}
