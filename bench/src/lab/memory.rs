//! Memory that processes hold, as `/proc/PID/smaps_rollup` has it (`proc(5)`).

use std::fs;

use anyhow::{Context as _, anyhow};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub resident_bytes: u64,
    /// Pages shared with others counted by their share.
    pub proportional_bytes: u64,
}

impl Memory {
    pub fn of(processes: &[u32]) -> anyhow::Result<Self> {
        let mut sum = Self::default();
        for pid in processes {
            let path = format!("/proc/{pid}/smaps_rollup");
            let text = fs::read_to_string(&path).with_context(|| path.clone())?;
            sum.resident_bytes += kibibytes(&text, "Rss:")?;
            sum.proportional_bytes += kibibytes(&text, "Pss:")?;
        }
        Ok(sum)
    }
}

/// `Rss:   1234 kB`
fn kibibytes(text: &str, name: &str) -> anyhow::Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let line = line.ok_or_else(|| anyhow!("the kernel does not tell {name}"))?;
    let number = line
        .split_whitespace()
        .next()
        .and_then(|word| word.parse::<u64>().ok());
    Ok(number.with_context(|| format!("a number belongs here: {line}"))? << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_known() {
        let own = Memory::of(&[std::process::id()]).unwrap();
        assert!(own.resident_bytes > 100_000 && own.proportional_bytes <= own.resident_bytes);
        assert!(kibibytes("Rss: much\n", "Rss:").is_err());
        assert_eq!(
            kibibytes("Pss: 1 kB\nRss:   1234 kB\n", "Rss:").unwrap(),
            1_234 << 10
        );
    }
}
