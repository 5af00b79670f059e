//! The addresses of this machine: what a worker listens on when the configuration names none.

use std::ffi::CStr;
use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::address;

/// A unicast address of an interface that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    pub interface: String,
    pub address: IpAddr,
    /// Needed to bind an IPv6 link-local address; else zero.
    pub scope_id: u32,
    pub is_loopback: bool,
    /// 169.254.0.0/16 or `fe80::/10`: of no use beyond the link.
    pub is_link_local: bool,
}

/// All unicast addresses of interfaces that are up, in the kernel's order, each once.
pub fn local_addresses() -> io::Result<Vec<LocalAddress>> {
    let list = InterfaceList::read()?;
    let mut found: Vec<LocalAddress> = Vec::new();
    for entry in list.entries() {
        if let Some(local) = local_address(entry)
            && !found.contains(&local)
        {
            found.push(local);
        }
    }
    Ok(found)
}

fn local_address(entry: &libc::ifaddrs) -> Option<LocalAddress> {
    let flags = entry.ifa_flags.cast_signed();
    if flags & libc::IFF_UP == 0 || entry.ifa_addr.is_null() {
        return None;
    }
    let (address, scope_id) = match socket_address(entry)? {
        SocketAddr::V4(address) => (IpAddr::V4(*address.ip()), 0),
        SocketAddr::V6(address) => (IpAddr::V6(*address.ip()), address.scope_id()),
    };
    if address.is_unspecified() || address.is_multicast() {
        return None;
    }
    // SAFETY: `getifaddrs` writes a terminated string, which lives as long as its list, and `entry`
    // borrows the list.
    let interface = unsafe { CStr::from_ptr(entry.ifa_name) };
    Some(LocalAddress {
        interface: interface.to_string_lossy().into_owned(),
        address,
        scope_id,
        is_loopback: address.is_loopback(),
        is_link_local: match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        },
    })
}

/// The address of an entry that has one.
fn socket_address(entry: &libc::ifaddrs) -> Option<SocketAddr> {
    // SAFETY: the address is not null (our caller looked) and starts with its family, as all
    // `sockaddr` do; it lives as long as the list, which `entry` borrows.
    let family = unsafe { (*entry.ifa_addr).sa_family };
    let bytes = match i32::from(family) {
        libc::AF_INET => size_of::<libc::sockaddr_in>(),
        libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
        _ => return None,
    };
    // SAFETY: `getifaddrs` writes a whole `sockaddr` of the family stated.
    let name = unsafe { core::slice::from_raw_parts(entry.ifa_addr.cast::<u8>(), bytes) };
    address::decode(name)
}

/// The list that the C library allocates and wants back.
struct InterfaceList(*mut libc::ifaddrs);

impl InterfaceList {
    fn read() -> io::Result<Self> {
        let mut first = core::ptr::null_mut();
        // SAFETY: `first` is writable.
        if unsafe { libc::getifaddrs(&raw mut first) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(first))
    }

    fn entries(&self) -> impl Iterator<Item = &libc::ifaddrs> {
        // SAFETY: null, or the first entry of a list that lives until `self` is dropped.
        let first = unsafe { self.0.as_ref() };
        // SAFETY: `ifa_next` is null or leads to the next entry of the same list.
        core::iter::successors(first, |entry| unsafe { entry.ifa_next.as_ref() })
    }
}

impl Drop for InterfaceList {
    fn drop(&mut self) {
        // SAFETY: it came from `getifaddrs`, and is given back once.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there_and_known_as_such() {
        let found = local_addresses().unwrap();
        let loopback = found
            .iter()
            .find(|local| local.address == IpAddr::from([127, 0, 0, 1]))
            .unwrap();
        assert!(loopback.is_loopback && !loopback.is_link_local);
        assert_eq!(loopback.interface, "lo");
    }

    #[test]
    fn each_can_be_bound() {
        for local in local_addresses().unwrap() {
            let address = match local.address {
                IpAddr::V4(address) => SocketAddr::from((address, 0)),
                IpAddr::V6(address) => {
                    std::net::SocketAddrV6::new(address, 0, 0, local.scope_id).into()
                }
            };
            // An IPv6 address that is still being checked for duplicates cannot be bound yet.
            if let Err(error) = std::net::UdpSocket::bind(address) {
                assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable, "{local:?}");
            }
        }
    }
}
