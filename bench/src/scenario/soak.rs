//! Some of everything for long: what leaks, drifts or wraps shows here.

use anyhow::ensure;

use super::mixed::everything;
use super::plan::Scenario;
use super::size::Size;

pub fn scenario(size: &mut Size) -> anyhow::Result<Scenario> {
    let minutes = size.minutes.take().unwrap_or(60.0);
    ensure!(minutes > 0.0, "--minutes {minutes} is no time at all");
    Ok(Scenario {
        name: "soak".to_owned(),
        rooms: everything(),
        seconds: 60.0 * minutes,
    })
}
