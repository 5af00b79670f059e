//! Chance with a seed.

use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

#[derive(Clone, Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Another chance, independent of this one.
    pub fn fork(&mut self) -> Self {
        Self::new(self.0.next_u64())
    }

    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    pub fn below(&mut self, end: usize) -> usize {
        let drawn = self.0.next_u64() % end.max(1) as u64;
        usize::try_from(drawn).unwrap_or_default()
    }

    /// True this many times in a thousand.
    pub fn per_mille(&mut self, times: u32) -> bool {
        times > 0 && self.0.next_u32() % 1_000 < times
    }

    pub fn up_to(&mut self, most: Duration) -> Duration {
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.0.next_u64() % nanos.max(1))
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
