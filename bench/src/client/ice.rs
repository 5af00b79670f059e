//! The ICE of a full agent towards a lite one (RFC 8445 §2.5): we check, and nominate the first
//! candidate that answers (§8.1.1); only one, since the server sends by the route nominated last.
//! The load repeats the check as consent (RFC 7675); a server that checks us is answered.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sfu_proto::stun::{Class, Message, Method, Request, Response, Role, TransactionId};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::random;
use crate::endpoint::IcePair;

/// RFC 8445 §5.1.2.1: a host candidate of component 1 with the highest local preference.
const PRIORITY: u32 = 126 << 24 | 0xffff << 8 | 255;
/// Breaks a tie between two who both control (RFC 8445 §7.3.1.1); a lite agent never does.
const TIE_BREAKER: u64 = 0x6d69_6c6c_7261_6365;

/// Time to the first repetition; it doubles each time (RFC 8489 §6.2.1).
const RETRY_FIRST: Duration = Duration::from_millis(100);
const CHECKING_TIME_MAX: Duration = Duration::from_secs(10);
/// Candidates that are tried: more than a server has ways to this load.
const CANDIDATES_MAX: usize = 8;

impl IcePair {
    /// Ours, fresh; theirs are still to come.
    pub fn local() -> anyhow::Result<Self> {
        Ok(Self {
            local_ufrag: random::hex::<4>()?,
            local_password: random::hex::<16>()?,
            remote_ufrag: String::new(),
            remote_password: String::new(),
        })
    }
}

/// A connectivity or consent check, nominating. The id must be random: servers refuse one that they
/// have seen.
pub fn check(pair: &IcePair, id: TransactionId) -> Vec<u8> {
    request(pair, id, true)
}

fn request(pair: &IcePair, id: TransactionId, use_candidate: bool) -> Vec<u8> {
    let request = Request {
        username: (&pair.remote_ufrag, &pair.local_ufrag),
        priority: PRIORITY,
        use_candidate,
        role: Role::Controlling(TIE_BREAKER),
    };
    let mut bytes = vec![0; request.encoded_len()];
    request.write(id, &pair.remote_password, &mut bytes);
    bytes
}

/// The answer to a check of the server's that came from `from`; `None` to all that is none or does
/// not know our password.
pub fn answer(pair: &IcePair, datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let message = Message::parse(datagram).ok()?;
    if (message.class(), message.method()) != (Class::Request, Method::BINDING) {
        return None;
    }
    message.check_integrity(&pair.local_password).ok()?;
    let response = Response::Success(from);
    let mut bytes = vec![0; response.encoded_len()];
    response.write(message.transaction_id(), &pair.local_password, &mut bytes);
    Some(bytes)
}

/// Checks all candidates until one answers, nominates that one and gives it.
pub async fn establish(
    socket: &UdpSocket,
    pair: &IcePair,
    candidates: &[SocketAddr],
) -> anyhow::Result<SocketAddr> {
    let local = socket.local_addr()?;
    let usable: Vec<SocketAddr> = candidates
        .iter()
        .copied()
        .filter(|candidate| candidate.is_ipv4() == local.is_ipv4())
        .take(CANDIDATES_MAX)
        .collect();
    if usable.is_empty() {
        bail!("the server's candidates {candidates:?} hold none of the address family of {local}");
    }
    match usable[..] {
        [only] => try_all(socket, pair, &[only], true).await,
        _ => {
            let first = try_all(socket, pair, &usable, false).await?;
            try_all(socket, pair, &[first], true).await
        }
    }
}

/// Checks `candidates` again and again until one answers.
async fn try_all(
    socket: &UdpSocket,
    pair: &IcePair,
    candidates: &[SocketAddr],
    nominate: bool,
) -> anyhow::Result<SocketAddr> {
    let end = Instant::now() + CHECKING_TIME_MAX;
    let mut pause = RETRY_FIRST;
    let mut sent = Vec::new();
    while Instant::now() < end {
        for candidate in candidates {
            let id = TransactionId(random::bytes()?);
            sent.push(id);
            // An unreachable candidate is no error as long as another one answers.
            let _ = socket
                .send_to(&request(pair, id, nominate), candidate)
                .await;
        }
        let until = (Instant::now() + pause).min(end);
        pause *= 2;
        if let Ok(answered) = timeout_at(until, answered(socket, pair, &sent)).await {
            return answered;
        }
    }
    bail!(
        "no ICE check from {} was answered by {candidates:?} within {CHECKING_TIME_MAX:?}: is there a way between the two, and is the server's UDP port open?",
        socket.local_addr()?
    )
}

/// Waits for a success response to one of `sent`.
async fn answered(
    socket: &UdpSocket,
    pair: &IcePair,
    sent: &[TransactionId],
) -> anyhow::Result<SocketAddr> {
    let mut buffer = [0; 1_500];
    loop {
        let (len, from) = socket
            .recv_from(&mut buffer)
            .await
            .context("waiting for the answer to an ICE check")?;
        let datagram = buffer.get(..len).unwrap_or_default();
        if let Some(answer) = answer(pair, datagram, from) {
            socket.send_to(&answer, from).await?;
            continue;
        }
        let Ok(message) = Message::parse(datagram) else {
            continue;
        };
        let is_ours = sent.contains(&message.transaction_id())
            && message.check_integrity(&pair.remote_password).is_ok();
        match message.class() {
            Class::Success if is_ours => return Ok(from),
            Class::Error if is_ours => bail!(
                "{from} refuses our ICE check with error {}",
                message.error_code().unwrap_or_default()
            ),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> IcePair {
        IcePair {
            local_ufrag: "ours".into(),
            local_password: "our-password-our-password".into(),
            remote_ufrag: "theirs".into(),
            remote_password: "their-password-their-password".into(),
        }
    }

    /// The server's view of the pair.
    fn turned(pair: &IcePair) -> IcePair {
        IcePair {
            local_ufrag: pair.remote_ufrag.clone(),
            local_password: pair.remote_password.clone(),
            remote_ufrag: pair.local_ufrag.clone(),
            remote_password: pair.local_password.clone(),
        }
    }

    #[test]
    fn a_check_nominates_and_is_answered_by_who_knows_the_password() {
        let id = TransactionId([7; 12]);
        let sent = check(&pair(), id);
        let message = Message::parse(&sent).unwrap();
        assert_eq!(message.username(), Some(("theirs", "ours")));
        assert!(message.use_candidate());
        let from = "127.64.0.1:40000".parse().unwrap();
        let answer = answer(&turned(&pair()), &sent, from).unwrap();
        let answer = Message::parse(&answer).unwrap();
        assert_eq!(answer.transaction_id(), id);
        assert_eq!(answer.xor_mapped_address(), Some(from));
        assert!(answer.check_integrity(pair().remote_password).is_ok());
    }

    #[test]
    fn a_stranger_gets_no_answer() {
        let sent = check(&pair(), TransactionId([7; 12]));
        let from = "127.64.0.1:40000".parse().unwrap();
        let mut other = turned(&pair());
        other.local_password.push('x');
        assert_eq!(answer(&other, &sent, from), None);
        for len in 0..sent.len() {
            assert_eq!(answer(&turned(&pair()), &sent[..len], from), None);
        }
    }
}
