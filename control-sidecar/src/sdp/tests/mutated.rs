//! Offers with random damage: nothing panics, errors name a line that is there, and whatever is
//! still answered is answered line for line.

use super::*;
use crate::sdp::{fragment, grammar};

/// xorshift64*, so that a failure can be run again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("64 bits");
        usize::try_from(self.next() % end).expect("below a usize")
    }
}

/// Bytes that mean something in SDP, and some that should not be there.
const BYTES: &[u8] = b"=:;,/~ *0919am\r\n\0\xff\xc3";

fn damage_bytes(text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes.extend(*b"\r\na=x");
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(3) {
            0 => bytes[at] = BYTES[random.below(BYTES.len())],
            1 => bytes.insert(at, BYTES[random.below(BYTES.len())]),
            _ => drop(bytes.remove(at)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn damage_lines(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for _ in 0..=random.below(6) {
        let (at, other) = (random.below(lines.len()), random.below(lines.len()));
        match random.below(12) {
            0..=3 => lines.swap(at, other),
            4..=6 => lines.insert(at, lines[other]),
            7 => lines.truncate(at.max(1)),
            _ => drop(lines.remove(at)),
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.concat()
}

fn m_lines(text: &str) -> usize {
    grammar::lines(text)
        .map(|line| line.expect("a line"))
        .filter(|line| line.letter == 'm')
        .count()
}

#[test]
fn damaged_offers() {
    let mut random = Random(0x5D0_0FFE4);
    let (mut answered, mut broken, mut lacking) = (0, 0, 0);
    for round in 0..3_000 {
        let text = ALL[round % ALL.len()];
        let text = match random.below(3) {
            0 => damage_bytes(text, &mut random),
            1 => damage_lines(text, &mut random),
            _ => damage_bytes(&damage_lines(text, &mut random), &mut random),
        };
        match answer_to(&text, &TERMS) {
            Ok(answer) => {
                assert_eq!(m_lines(&text), m_lines(&answer), "{text}");
                answered += 1;
            }
            Err(error) => {
                assert!(
                    (1..=text.lines().count().max(1)).contains(&error.line),
                    "{text}"
                );
                broken += usize::from(error.is_broken());
                lacking += usize::from(!error.is_broken());
            }
        }
    }
    // Each outcome is met often, so the test sees them all.
    assert!(
        answered > 100 && broken > 100 && lacking > 100,
        "{answered} {broken} {lacking}"
    );
}

#[test]
fn damaged_fragments() {
    let mut random = Random(0xF4A6);
    for _ in 0..2_000 {
        let text = damage_lines(fragments::RESTART, &mut random);
        let text = damage_bytes(&text, &mut random);
        if let Ok(fragment) = fragment::parse(&text) {
            let answer = fragment.answer(&opened(0));
            assert!(grammar::lines(&answer).all(|line| line.is_ok()), "{answer}");
        }
    }
}
