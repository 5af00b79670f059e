//! What the kernel counts of UDP beside our sockets: losses that no socket of ours is told of.
//!
//! `/proc/self/net/snmp` has a line of names and a line of numbers for each protocol, `snmp6` a
//! name and a number on each line. Both count for the whole network namespace, so other programs
//! in it are counted as well. Reading them walks all CPUs: not for the packet path.

use std::io;

const PATH_IPV4: &str = "/proc/self/net/snmp";
const PATH_IPV6: &str = "/proc/self/net/snmp6";

macro_rules! udp_errors {
    ($($(#[$doc:meta])* $name:ident: $kernel:literal,)*) => {
        /// UDP's error counters of this network namespace, IPv4 and IPv6 together.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct UdpErrors {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl UdpErrors {
            /// Each counter with its label.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }

            /// Adds what the kernel calls `name`.
            fn add(&mut self, name: &str, value: u64) {
                match name {
                    $($kernel => self.$name += value,)*
                    _ => {}
                }
            }
        }
    };
}

udp_errors! {
    /// Datagrams that came and could not be delivered, for any reason below or another.
    receive_errors: "InErrors",
    /// No room in the socket's buffer.
    receive_buffer_errors: "RcvbufErrors",
    /// No room to send.
    send_buffer_errors: "SndbufErrors",
    /// Damaged on the way.
    checksum_errors: "InCsumErrors",
    /// The kernel's memory for all of UDP was used up (`net.ipv4.udp_mem`).
    memory_errors: "MemErrors",
}

/// Reads the counters as they stand now.
pub fn udp_errors() -> io::Result<UdpErrors> {
    let ipv4 = std::fs::read_to_string(PATH_IPV4)?;
    let ipv6 = match std::fs::read_to_string(PATH_IPV6) {
        // The kernel may have no IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    Ok(parse(&ipv4, &ipv6))
}

fn parse(ipv4: &str, ipv6: &str) -> UdpErrors {
    let mut errors = UdpErrors::default();
    let mut lines = ipv4.lines().filter_map(|it| it.strip_prefix("Udp: "));
    if let (Some(names), Some(numbers)) = (lines.next(), lines.next()) {
        for (name, number) in names.split(' ').zip(numbers.split(' ')) {
            errors.add(name, number.parse().unwrap_or(0));
        }
    }
    for line in ipv6.lines() {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().and_then(|it| it.strip_prefix("Udp6"));
        if let (Some(name), Some(number)) = (name, words.next()) {
            errors.add(name, number.parse().unwrap_or(0));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPV4: &str = "\
Icmp: InMsgs InErrors
Icmp: 700 900
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
Udp: 1000 2 30 4000 20 5 7
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
UdpLite: 9 9 9 9 9 9 9
";
    const IPV6: &str = "\
Udp6InErrors                    \t300
Udp6RcvbufErrors                \t100
UdpLite6InErrors                \t9
Udp6MemErrors                   \t1
";

    #[test]
    fn both_families_are_summed_and_others_left_out() {
        let expected = UdpErrors {
            receive_errors: 330,
            receive_buffer_errors: 120,
            send_buffer_errors: 5,
            checksum_errors: 7,
            memory_errors: 1,
        };
        assert_eq!(parse(IPV4, IPV6), expected);
    }

    #[test]
    fn what_is_cut_short_counts_as_far_as_it_goes() {
        for short in 0..IPV4.len() {
            parse(&IPV4[..short], IPV6);
            parse(IPV4, &IPV6[..short.min(IPV6.len())]);
        }
        assert_eq!(parse("Udp: InErrors\n", ""), UdpErrors::default());
    }

    #[test]
    fn this_kernel_is_read() {
        udp_errors().unwrap();
        let ipv4 = std::fs::read_to_string(PATH_IPV4).unwrap();
        // The names are the kernel's: they must stand in its file.
        for name in ["InErrors", "RcvbufErrors", "SndbufErrors", "InCsumErrors"] {
            assert!(ipv4.contains(name), "{name}");
        }
    }
}
