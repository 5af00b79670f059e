//! WHIP (RFC 9725) and WHEP as far as a bench needs them: an offer is answered. A session is not
//! deleted; it ends when its client falls silent.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, LOCATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::{Candidate, Rtc};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// No offer is longer.
const OFFER_BYTES_MAX: usize = 64 << 10;

/// Where a publisher sits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    room: String,
    seat: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seat {} of room {}", self.seat, self.room)
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Wish {
    Publish(Place),
    Watch(Place),
}

/// A session that the forwarder shall take over, or why it does not.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) wish: Wish,
    pub(crate) rtc: Rtc,
    pub(crate) taken: oneshot::Sender<Result<(), Refusal>>,
}

pub(crate) type Refusal = (StatusCode, String);

#[derive(Clone, Debug)]
pub(crate) struct Signalling {
    candidate: Candidate,
    crypto: Arc<CryptoProvider>,
    /// One for all: making one takes longer than a handshake.
    certificate: DtlsCert,
    entries: mpsc::Sender<Entry>,
}

impl Signalling {
    /// `media` is where media shall be sent to.
    pub(crate) fn new(media: SocketAddr, entries: mpsc::Sender<Entry>) -> anyhow::Result<Self> {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = crypto.dtls_provider.generate_certificate();
        Ok(Self {
            candidate: Candidate::host(media, "udp").context("--udp is no address for clients")?,
            certificate: certificate.context("the crypto library makes no certificate")?,
            crypto,
            entries,
        })
    }

    pub(crate) async fn serve(self, listener: TcpListener) {
        loop {
            // Whoever has gone before being accepted concerns nobody else.
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let signalling = self.clone();
            let service = service_fn(move |request| {
                let signalling = signalling.clone();
                async move { Ok::<_, Infallible>(signalling.answer(request).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        match self.take(&path, request).await {
            Ok(answer) => response(StatusCode::CREATED, "application/sdp", &path, answer),
            Err((status, why)) => response(status, "text/plain", &path, why),
        }
    }

    async fn take(&self, path: &str, request: Request<Incoming>) -> Result<String, Refusal> {
        let wish = path.parse()?;
        if request.method() != Method::POST {
            let why = "an offer comes with POST; a session ends when its client falls silent";
            return Err((StatusCode::METHOD_NOT_ALLOWED, why.to_owned()));
        }
        let bad = |why: String| (StatusCode::BAD_REQUEST, why);
        let body = Limited::new(request.into_body(), OFFER_BYTES_MAX)
            .collect()
            .await;
        let body = body.map_err(|error| bad(format!("the offer cannot be read: {error}")))?;
        let offer = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        let offer = SdpOffer::from_sdp_string(&offer);
        let offer = offer.map_err(|error| bad(format!("the offer is none: {error}")))?;
        let mut rtc = self.rtc();
        let answer = rtc.sdp_api().accept_offer(offer);
        let answer = answer.map_err(|error| bad(format!("the offer cannot be taken: {error}")))?;
        let (taken, is_taken) = oneshot::channel();
        let entry = Entry { wish, rtc, taken };
        let gone = || (StatusCode::SERVICE_UNAVAILABLE, "shutting down".to_owned());
        self.entries.send(entry).await.map_err(|_| gone())?;
        is_taken.await.map_err(|_| gone())??;
        Ok(answer.to_sdp_string())
    }

    /// For one session, as servers set it up: ICE lite, the two codecs that are forwarded, no
    /// reassembly of frames.
    fn rtc(&self) -> Rtc {
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .set_dtls_cert(self.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(Instant::now());
        rtc.add_local_candidate(self.candidate.clone());
        rtc
    }
}

/// `/whip/ROOM/SEAT` publishes, `/whep/ROOM/SEAT` watches whoever publishes there.
impl FromStr for Wish {
    type Err = Refusal;

    fn from_str(path: &str) -> Result<Self, Refusal> {
        let words: Vec<&str> = path.split('/').collect();
        let (protocol, place) = match words[..] {
            ["", protocol, room, seat] if !room.is_empty() && !seat.is_empty() => {
                let (room, seat) = (room.to_owned(), seat.to_owned());
                (protocol, Place { room, seat })
            }
            _ => return Err(unknown()),
        };
        match protocol {
            "whip" => Ok(Self::Publish(place)),
            "whep" => Ok(Self::Watch(place)),
            _ => Err(unknown()),
        }
    }
}

fn unknown() -> Refusal {
    let known = "there are /whip/ROOM/SEAT and /whep/ROOM/SEAT, nothing else";
    (StatusCode::NOT_FOUND, known.to_owned())
}

fn response(
    status: StatusCode,
    kind: &'static str,
    location: &str,
    body: String,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    if let (StatusCode::CREATED, Ok(location)) = (status, location.parse()) {
        headers.insert(LOCATION, location);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_is_wished_and_where() {
        let place = Place {
            room: "7".to_owned(),
            seat: "a".to_owned(),
        };
        assert!(matches!("/whip/7/a".parse(), Ok(Wish::Publish(at)) if at == place));
        assert!(matches!("/whep/7/a".parse(), Ok(Wish::Watch(at)) if at == place));
        for other in [
            "",
            "/",
            "/whip",
            "/whip/7",
            "/whip//a",
            "/whip/7/",
            "/whip/7/a/b",
            "/x/7/a",
        ] {
            assert!(other.parse::<Wish>().is_err(), "{other}");
        }
    }
}
