//! From an agreed pair of descriptions to keys: one socket, bound to the participant's own address,
//! ICE and then DTLS over it. The socket is gone when this returns; the load's one wildcard socket
//! on the same port then gets what comes (the kernel prefers the specific one while it is open).

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sfu_proto::srtp::KeyingMaterial;
use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::dtls::{self, Identity, PipeEnd};
use super::{ice, sdp};
use crate::endpoint::IcePair;

const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(20);

/// An open transport, and what its parts took.
#[derive(Clone, Debug)]
pub struct Connected {
    pub remote: SocketAddr,
    pub keys: KeyingMaterial,
    pub ice_time: Duration,
    pub dtls_time: Duration,
}

/// Brings up the transport between `local` and the server that gave `remote`. `pair` holds both
/// sides' ICE credentials.
pub async fn connect(
    local: SocketAddr,
    pair: &IcePair,
    remote: &sdp::Description,
    identity: &Identity,
) -> anyhow::Result<Connected> {
    let socket = bind(local)?;
    let started = Instant::now();
    let chosen = ice::establish(&socket, pair, &remote.candidates).await?;
    let checked = Instant::now();
    let (pipe, mut end) = dtls::pipe();
    let shaking = dtls::handshake(identity, remote.fingerprint, pipe);
    let keys = tokio::select! {
        keys = timeout(HANDSHAKE_TIME_MAX, shaking) => match keys {
            Ok(keys) => keys?,
            Err(_) => bail!("the DTLS handshake with {chosen} was not finished within {HANDSHAKE_TIME_MAX:?}"),
        },
        moved = move_datagrams(&socket, chosen, pair, &mut end) => match moved {
            Err(error) => return Err(error.context(format!("the DTLS handshake with {chosen}"))),
            Ok(never) => match never {},
        },
    };
    Ok(Connected {
        remote: chosen,
        keys,
        ice_time: checked - started,
        dtls_time: checked.elapsed(),
    })
}

/// A socket that the load's wildcard one may share its port with.
fn bind(local: SocketAddr) -> anyhow::Result<UdpSocket> {
    let bound = || {
        let socket = Socket::new(Domain::for_address(local), Type::DGRAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&local.into())?;
        UdpSocket::from_std(socket.into())
    };
    bound().with_context(|| format!("a participant's socket at {local}"))
}

/// Carries DTLS between socket and engine, and answers the server's checks, until dropped.
async fn move_datagrams(
    socket: &UdpSocket,
    remote: SocketAddr,
    pair: &IcePair,
    end: &mut PipeEnd,
) -> anyhow::Result<std::convert::Infallible> {
    let mut buffer = [0; 1_500];
    loop {
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                let (len, from) = received?;
                let datagram = buffer.get(..len).unwrap_or_default();
                // RFC 7983 §7: the first byte tells.
                match datagram.first() {
                    Some(20..=63) if from == remote => {
                        // Full is a datagram lost; DTLS repeats it.
                        let _ = end.received.try_send(datagram.to_vec());
                    }
                    Some(0..=3) => {
                        if let Some(answer) = ice::answer(pair, datagram, from) {
                            socket.send_to(&answer, from).await?;
                        }
                    }
                    // Media may come before we have the keys.
                    _ => {}
                }
            }
            Some(datagram) = end.sent.recv() => {
                socket.send_to(&datagram, remote).await?;
            }
        }
    }
}
