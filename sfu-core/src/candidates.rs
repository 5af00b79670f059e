//! Which addresses a worker binds, and which it tells browsers.

use std::net::{IpAddr, SocketAddr};

use sfu_uring::LocalAddress;

use crate::config::CoreConfig;
use crate::startup_error::StartupError;

/// Addresses bound at most: a host with more (thousands of IPv6 addresses, say) advertises what it
/// means by `--public-ip`.
const ADDRESSES_MAX: usize = 32;

/// Every local unicast address, each bound by its own socket: an answer leaves from the address
/// that was asked (DESIGN D3). IPv6 link-local addresses need a zone that SDP cannot say.
pub(crate) fn bindable(local: &[LocalAddress]) -> Result<Vec<IpAddr>, StartupError> {
    let mut addresses: Vec<_> = local
        .iter()
        .filter(|address| !(address.is_link_local && address.address.is_ipv6()))
        .map(|address| address.address)
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    // IPv4 and real addresses before loopback, so that the cut meets what matters least.
    addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    addresses.truncate(ADDRESSES_MAX);
    if addresses.is_empty() {
        Err(StartupError::NoAddress)
    } else {
        Ok(addresses)
    }
}

/// UDP port of a worker.
pub(crate) fn port_of(config: &CoreConfig, worker: usize) -> Result<u16, StartupError> {
    u16::try_from(usize::from(config.udp_port) + worker).map_err(|_| StartupError::PortRange {
        udp_port: config.udp_port,
        workers: config.workers,
    })
}

/// Host candidates of a worker, best first: public addresses, then IPv4, then IPv6. Loopback only
/// if there is nothing else.
pub(crate) fn advertised(
    config: &CoreConfig,
    bound: &[IpAddr],
    worker: usize,
) -> Result<Vec<SocketAddr>, StartupError> {
    let port = port_of(config, worker)?;
    let external = match config.external_port {
        Some(first) => port_of(
            &CoreConfig {
                udp_port: first,
                ..config.clone()
            },
            worker,
        )?,
        None => port,
    };
    let public = config
        .public_ips
        .iter()
        .map(|ip| SocketAddr::new(*ip, external));
    let reachable: Vec<_> = bound.iter().filter(|ip| !ip.is_loopback()).collect();
    let local: Vec<_> = if reachable.is_empty() {
        bound.iter().collect()
    } else {
        reachable
    };
    let local = local.into_iter().map(|ip| SocketAddr::new(*ip, port));
    let mut candidates: Vec<_> = public.collect();
    for candidate in local {
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    Ok(candidates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sfu_uring::DriverChoice;

    fn config() -> CoreConfig {
        CoreConfig {
            control_socket: "x".into(),
            udp_port: 10_000,
            workers: 2,
            driver: DriverChoice::Auto,
            public_ips: Vec::new(),
            external_port: None,
            crypto: None,
            pads_packets: true,
        }
    }

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn loopback_is_told_only_if_there_is_nothing_else() {
        let bound = ips(&["192.0.2.7", "2001:db8::7", "127.0.0.1", "::1"]);
        let told = advertised(&config(), &bound, 1).unwrap();
        assert_eq!(told, [addr("192.0.2.7:10001"), addr("[2001:db8::7]:10001")]);
        let told = advertised(&config(), &ips(&["127.0.0.1"]), 0).unwrap();
        assert_eq!(told, [addr("127.0.0.1:10000")]);
    }

    #[test]
    fn a_public_address_comes_first_with_its_own_port() {
        let config = CoreConfig {
            public_ips: ips(&["203.0.113.1"]),
            external_port: Some(40_000),
            ..config()
        };
        let told = advertised(&config, &ips(&["10.0.0.1"]), 1).unwrap();
        assert_eq!(told, [addr("203.0.113.1:40001"), addr("10.0.0.1:10001")]);
    }

    #[test]
    fn ports_end_at_65535() {
        let config = CoreConfig {
            udp_port: 65_535,
            ..config()
        };
        assert!(port_of(&config, 0).is_ok());
        assert!(matches!(
            port_of(&config, 1),
            Err(StartupError::PortRange { .. })
        ));
    }
}
