//! Socket addresses as the kernel writes them (`sockaddr_in`, `sockaddr_in6`), in plain bytes.
//!
//! ```text
//!  sockaddr_in    family:2 (host order)  port:2 (network order)  address:4   zero:8
//!  sockaddr_in6   family:2               port:2  flow label:4    address:16  scope:4 (host order)
//! ```

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Room for either kind.
pub(crate) const NAME_BYTES: usize = 28;
const IPV4_NAME_BYTES: usize = 16;

#[expect(
    clippy::cast_possible_truncation,
    reason = "address families are small"
)]
const FAMILY_IPV4: u16 = libc::AF_INET as u16;
#[expect(
    clippy::cast_possible_truncation,
    reason = "address families are small"
)]
const FAMILY_IPV6: u16 = libc::AF_INET6 as u16;

/// Writes `address` and says how many bytes it took.
pub(crate) fn encode(address: SocketAddr, name: &mut [u8; NAME_BYTES]) -> usize {
    name.fill(0);
    name[2..4].copy_from_slice(&address.port().to_be_bytes());
    match address {
        SocketAddr::V4(address) => {
            name[..2].copy_from_slice(&FAMILY_IPV4.to_ne_bytes());
            name[4..8].copy_from_slice(&address.ip().octets());
            IPV4_NAME_BYTES
        }
        SocketAddr::V6(address) => {
            name[..2].copy_from_slice(&FAMILY_IPV6.to_ne_bytes());
            name[8..24].copy_from_slice(&address.ip().octets());
            name[24..28].copy_from_slice(&address.scope_id().to_ne_bytes());
            NAME_BYTES
        }
    }
}

/// Reads an address; `None` if it is short or of another family. The flow label is left out: it
/// names no other sender, and a route must compare equal from packet to packet.
pub(crate) fn decode(name: &[u8]) -> Option<SocketAddr> {
    let (family, rest) = name.split_first_chunk::<2>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    match u16::from_ne_bytes(*family) {
        FAMILY_IPV4 => {
            let octets = rest.first_chunk::<4>()?;
            Some((Ipv4Addr::from(*octets), port).into())
        }
        FAMILY_IPV6 => {
            let (_flow_label, rest) = rest.split_first_chunk::<4>()?;
            let (octets, rest) = rest.split_first_chunk::<16>()?;
            let scope = u32::from_ne_bytes(*rest.first_chunk::<4>()?);
            Some(SocketAddrV6::new(Ipv6Addr::from(*octets), port, 0, scope).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(address: SocketAddr) -> Option<SocketAddr> {
        let mut name = [0xff; NAME_BYTES];
        let len = encode(address, &mut name);
        decode(&name[..len])
    }

    #[test]
    fn both_kinds_read_back() {
        for text in ["192.0.2.1:3478", "[2001:db8::7]:65535", "[fe80::1%3]:9"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(round_trip(address), Some(address), "{text}");
        }
    }

    #[test]
    fn bytes_are_the_kernels() {
        let mut name = [0xff; NAME_BYTES];
        assert_eq!(encode("192.0.2.1:3478".parse().unwrap(), &mut name), 16);
        assert_eq!(name[2..8], [0x0d, 0x96, 192, 0, 2, 1]);
        assert_eq!(name[8..16], [0; 8]);
    }

    #[test]
    fn each_truncation_is_no_address() {
        for text in ["192.0.2.1:3478", "[2001:db8::7]:65535"] {
            let mut name = [0; NAME_BYTES];
            let len = encode(text.parse().unwrap(), &mut name);
            // The IPv4 form ends in padding that nobody needs.
            let needed = if len == IPV4_NAME_BYTES { 8 } else { len };
            for short in 0..needed {
                assert_eq!(decode(&name[..short]), None, "{text} cut to {short}");
            }
        }
    }

    #[test]
    fn another_family_is_no_address() {
        assert_eq!(decode(&[0xee; NAME_BYTES]), None);
    }

    #[test]
    fn the_flow_label_makes_no_other_sender() {
        let mut name = [0; NAME_BYTES];
        encode("[2001:db8::7]:1".parse().unwrap(), &mut name);
        name[4..8].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(decode(&name), Some("[2001:db8::7]:1".parse().unwrap()));
    }
}
