//! Keeps those who are in while others still join: a server gives up who has sent no check for
//! 30 seconds (RFC 7675 §5.1), and until the load takes over nobody else sends any.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use sfu_proto::stun::TransactionId;
use socket2::{Domain, Socket, Type};

use super::{ice, random};
use crate::endpoint::{Endpoint, IcePair};

/// Well below 30 s, so that one check may be lost and the load still has time to begin.
const RENEWED_AFTER: Duration = Duration::from_secs(8);

/// Whom to speak for, and when they last spoke.
#[derive(Debug, Default)]
pub struct Consent {
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    local: SocketAddr,
    remote: SocketAddr,
    ice: IcePair,
    checked: Instant,
}

impl Consent {
    /// `endpoint` has just been checked.
    pub fn add(&mut self, endpoint: &Endpoint, now: Instant) {
        if let Some(ice) = &endpoint.ice {
            self.pairs.push(Pair {
                local: endpoint.local,
                remote: endpoint.remote,
                ice: ice.clone(),
                checked: now,
            });
        }
    }

    /// Repeats the checks of all who are due.
    pub fn renew(&mut self, now: Instant) -> anyhow::Result<()> {
        for pair in &mut self.pairs {
            if now.saturating_duration_since(pair.checked) >= RENEWED_AFTER {
                let check = ice::check(&pair.ice, TransactionId(random::bytes()?));
                // Its answer goes to the load's socket, or nowhere.
                open(pair.local)?.send_to(&check, pair.remote)?;
                pair.checked = now;
            }
        }
        Ok(())
    }
}

fn open(local: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&local.into())?;
    Ok(socket.into())
}
