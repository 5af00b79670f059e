//! What a driver has to tell the operator while it runs. It is said once; the counters go on.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// Something that the operator should know and can mend; `Display` says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The first train of this socket that the kernel would not cut apart. To `remote` its
    /// datagrams go singly from now on.
    TrainRefused {
        local: SocketAddr,
        remote: IpAddr,
        /// The kernel's error number.
        code: i32,
    },
    /// So many routes have refused that the socket sends no more trains.
    TrainsOff { local: SocketAddr },
    /// The kernel does not hold the ring to the operations that it uses.
    RingUnrestricted,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrainRefused {
                local,
                remote,
                code,
            } => write!(
                f,
                "the kernel does not cut trains of datagrams (UDP GSO) from {local} to {remote} \
                 ({}): they go singly there, which costs more CPU time for each packet. {CURE}",
                io::Error::from_raw_os_error(*code)
            ),
            Self::TrainsOff { local } => write!(
                f,
                "too many routes from {local} refuse trains of datagrams (UDP GSO): all its \
                 packets go singly until the core starts anew. {CURE}"
            ),
            Self::RingUnrestricted => f.write_str(
                "this kernel cannot restrict an io_uring to the operations it uses \
                 (IORING_REGISTER_RESTRICTIONS): the core works, with one defence less. Use an \
                 unpatched Linux 6.1 or later",
            ),
        }
    }
}

const CURE: &str = "Look for an IPsec policy on that route (ip xfrm policy), and for a network \
                    device without checksum offload (ethtool -K DEVICE tx on)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_its_route_and_its_cure() {
        let local = "192.0.2.1:3478".parse().unwrap();
        let notice = Notice::TrainRefused {
            local,
            remote: "198.51.100.7".parse().unwrap(),
            code: libc::EIO,
        };
        let text = notice.to_string();
        for part in ["192.0.2.1:3478", "198.51.100.7", "Input/output", "ethtool"] {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
        assert!(Notice::TrainsOff { local }.to_string().contains("ethtool"));
    }
}
