//! Names and ids that nobody may guess.

use std::fmt::Write as _;

use anyhow::anyhow;
use ring::rand::{SecureRandom as _, SystemRandom};

/// `N` random bytes.
pub fn bytes<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow!("the system's random source does not answer"))?;
    Ok(bytes)
}

/// `N` random bytes as hex digits, which ICE, HTTP and SDP all take as they are.
pub fn hex<const N: usize>() -> anyhow::Result<String> {
    let mut text = String::with_capacity(2 * N);
    for byte in bytes::<N>()? {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
