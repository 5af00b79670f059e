//! Chooses the library that seals and opens media: the one that is faster on this processor, of
//! those that give the known answers.

use std::time::{Duration, Instant};

use sfu_proto::srtp::{CryptoBackend, SealingTrial};

use crate::startup_error::StartupError;

/// The trial ends after this long: on a processor without AES instructions a packet takes some
/// twenty times as long as on others.
const TRIAL_TIME_MAX: Duration = Duration::from_millis(4);
/// Rounds alternate, so that both meet the same clock rate and the same neighbours; the quickest
/// round is the one that nothing has disturbed.
const ROUNDS: u32 = 24;
const PACKETS_PER_ROUND: u32 = 100;

/// The library to use, tried and measured; says what it has found.
pub(crate) fn choose(asked: Option<CryptoBackend>) -> Result<CryptoBackend, StartupError> {
    let sound = |crypto: &CryptoBackend| {
        let is_sound = crypto.self_check();
        if !is_sound {
            tracing::error!("{crypto} gives wrong results on this processor: it is not used");
        }
        is_sound
    };
    if let Some(crypto) = asked {
        return match sound(&crypto) {
            true => Ok(crypto),
            false => Err(StartupError::Crypto(crypto)),
        };
    }
    let sound: Vec<_> = CryptoBackend::ALL.into_iter().filter(sound).collect();
    let times = measure(&sound);
    let fastest = times.iter().min_by_key(|(_, time)| *time);
    let (fastest, _) = *fastest.ok_or(StartupError::NoCrypto)?;
    let figures: Vec<_> = times
        .iter()
        .map(|(crypto, time)| format!("{crypto} {} ns", time.as_nanos()))
        .collect();
    tracing::info!(
        "SRTP AES-128-GCM: {} a {}-byte packet: {fastest}",
        figures.join(", "),
        SealingTrial::PAYLOAD_BYTES,
    );
    Ok(fastest)
}

/// What one packet takes with each.
fn measure(libraries: &[CryptoBackend]) -> Vec<(CryptoBackend, Duration)> {
    let mut trials: Vec<_> = libraries
        .iter()
        .map(|crypto| (*crypto, SealingTrial::new(*crypto), Duration::MAX))
        .collect();
    let started = Instant::now();
    for round in 0..ROUNDS {
        if round > 0 && started.elapsed() > TRIAL_TIME_MAX {
            break;
        }
        for (_, trial, quickest) in &mut trials {
            let began = Instant::now();
            trial.seal(PACKETS_PER_ROUND);
            *quickest = began.elapsed().min(*quickest);
        }
    }
    trials
        .into_iter()
        .map(|(crypto, _, quickest)| (crypto, quickest / PACKETS_PER_ROUND))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_measured() {
        let times = measure(&CryptoBackend::ALL);
        assert_eq!(times.len(), 2);
        for (crypto, time) in times {
            let plausible = Duration::from_nanos(20)..Duration::from_micros(100);
            assert!(plausible.contains(&time), "{crypto}: {time:?}");
        }
    }

    #[test]
    fn who_asks_for_one_gets_it() {
        for crypto in CryptoBackend::ALL {
            assert_eq!(choose(Some(crypto)).unwrap(), crypto);
        }
    }
}
