//! When packets came, those of one moment together: a train has one stamp.

use crate::time::Instant;

/// A list that never grows. Once it is full, later packets are taken for its last ones, which makes
/// them look older than they are, never younger.
#[derive(Debug)]
pub struct Moments(Vec<(Instant, u64)>);

impl Moments {
    pub fn with_room_for(moments: usize) -> Self {
        Self(Vec::with_capacity(moments))
    }

    pub fn add(&mut self, moment: Instant, packets: u64) {
        let is_full = self.0.len() == self.0.capacity();
        match self.0.last_mut() {
            Some((last, count)) if *last == moment || is_full => *count += packets,
            _ => self.0.push((moment, packets)),
        }
    }

    pub(crate) fn take_all(&mut self, from: &mut Self) {
        for (moment, packets) in from.drain() {
            self.add(moment, packets);
        }
    }

    /// Each moment, and how many packets came then.
    pub fn drain(&mut self) -> impl Iterator<Item = (Instant, u64)> + '_ {
        self.0.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(us: u64) -> Instant {
        Instant::from_nanos(us * 1_000)
    }

    #[test]
    fn packets_of_one_moment_are_one_entry() {
        let mut moments = Moments::with_room_for(4);
        for us in [1, 1, 2] {
            moments.add(at(us), 1);
        }
        let all: Vec<_> = moments.drain().collect();
        assert_eq!(all, [(at(1), 2), (at(2), 1)]);
    }

    #[test]
    fn a_full_list_keeps_its_size_and_loses_nobody() {
        let mut moments = Moments::with_room_for(4);
        let room = moments.0.capacity();
        (0..100).for_each(|us| moments.add(at(us), 1));
        let mut all = Moments::with_room_for(2);
        all.take_all(&mut moments);
        assert_eq!(moments.0.capacity(), room);
        assert_eq!(all.drain().map(|(_, count)| count).sum::<u64>(), 100);
    }
}
