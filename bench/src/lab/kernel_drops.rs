//! Datagrams that the kernel threw away, by the counters of a process's network namespace
//! (`/proc/PID/net/snmp`, RFC 4113).

use std::collections::BTreeMap;
use std::fs;
use std::ops::Sub;

use anyhow::{Context as _, anyhow};

/// UDP errors of a whole namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelDrops {
    /// All datagrams that could not be delivered, the next included.
    pub in_errors: u64,
    /// The socket's receive buffer was full.
    pub receive_buffer_errors: u64,
    /// The socket's send buffer was full, or the device did not take it.
    pub send_buffer_errors: u64,
    /// Nobody had the port open.
    pub no_ports: u64,
}

impl KernelDrops {
    /// Of the namespace that the process lives in.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let path = format!("/proc/{pid}/net/snmp");
        let text = fs::read_to_string(&path).with_context(|| path.clone())?;
        Self::parse(&text)
    }

    /// Two lines begin with `Udp:`, names and then values.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("Udp: "));
        let names = lines.next().unwrap_or_default().split(' ');
        let values = lines.next().unwrap_or_default().split(' ');
        let counters: BTreeMap<&str, u64> = names
            .zip(values)
            .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
            .collect();
        let counter = |name: &str| {
            let value = counters.get(name).copied();
            value.ok_or_else(|| anyhow!("the kernel does not tell the UDP counter {name}"))
        };
        Ok(Self {
            in_errors: counter("InErrors")?,
            receive_buffer_errors: counter("RcvbufErrors")?,
            send_buffer_errors: counter("SndbufErrors")?,
            no_ports: counter("NoPorts")?,
        })
    }
}

impl Sub for KernelDrops {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            in_errors: self.in_errors.saturating_sub(earlier.in_errors),
            receive_buffer_errors: self
                .receive_buffer_errors
                .saturating_sub(earlier.receive_buffer_errors),
            send_buffer_errors: self
                .send_buffer_errors
                .saturating_sub(earlier.send_buffer_errors),
            no_ports: self.no_ports.saturating_sub(earlier.no_ports),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_paired() {
        let text = "Tcp: a\nTcp: 1\n\
            Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\n\
            Udp: 10 1 3 20 2 4\n";
        let drops = KernelDrops::parse(text).unwrap();
        let expected = KernelDrops {
            in_errors: 3,
            receive_buffer_errors: 2,
            send_buffer_errors: 4,
            no_ports: 1,
        };
        assert_eq!(drops, expected);
        assert!(KernelDrops::parse("Udp: InErrors\nUdp: 1\n").is_err());
        assert!(KernelDrops::of(std::process::id()).is_ok());
    }
}
