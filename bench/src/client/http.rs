//! HTTP as a product's back end speaks it to the server: JSON writes under an `Idempotency-Key`,
//! offers as WHIP (RFC 9725). A refusal becomes an error that says what the server said (RFC 9457).

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request;
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::random;

/// A meeting of thousands names them all in an answer.
const BODY_BYTES_MAX: usize = 16 << 20;
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    http: HyperClient<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// `base` is a URL without a path: `http://127.0.0.1:8080`.
    pub fn new(base: &str) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/');
        if !base.starts_with("http://") {
            bail!("{base} is not a URL that begins with http://");
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            base: base.to_owned(),
            http: HyperClient::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// A read; any status but success is an error.
    pub async fn get(&self, path: &str) -> anyhow::Result<String> {
        let request = self.request(Method::GET, path, "");
        self.send(request, String::new()).await
    }

    /// A JSON write under a key of its own. `token` may be empty.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> anyhow::Result<T> {
        let request = self
            .request(Method::POST, path, token)
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", random::hex::<16>()?);
        let text = self.send(request, body.to_string()).await?;
        serde_json::from_str(&text)
            .with_context(|| format!("POST {path} was answered with another JSON than expected"))
    }

    /// An offer; gives the answer.
    pub async fn post_offer(
        &self,
        path: &str,
        token: &str,
        offer: String,
    ) -> anyhow::Result<String> {
        let request = self
            .request(Method::POST, path, token)
            .header(CONTENT_TYPE, "application/sdp");
        self.send(request, offer).await
    }

    fn request(&self, method: Method, path: &str, token: &str) -> request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if token.is_empty() {
            request
        } else {
            request.header(AUTHORIZATION, format!("Bearer {token}"))
        }
    }

    async fn send(&self, request: request::Builder, body: String) -> anyhow::Result<String> {
        let request = request.body(Full::new(Bytes::from(body)))?;
        let what = format!("{} {}", request.method(), request.uri());
        let answer = tokio::time::timeout(ANSWER_TIME_MAX, self.exchange(request));
        let (status, text) = answer
            .await
            .map_err(|_| anyhow!("{what} was not answered within {ANSWER_TIME_MAX:?}"))?
            .with_context(|| what.clone())?;
        if status.is_success() {
            Ok(text)
        } else {
            bail!("{what} was refused: {}", refusal(status, &text))
        }
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> anyhow::Result<(StatusCode, String)> {
        let response = self.http.request(request).await.map_err(unwound)?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| anyhow!("the answer cannot be read: {error}"))?;
        let text = String::from_utf8(body.to_bytes().to_vec()).context("the answer is no text")?;
        Ok((parts.status, text))
    }
}

/// hyper-util says "client error (Connect)" and hides the reason in its sources.
fn unwound(error: hyper_util::client::legacy::Error) -> anyhow::Error {
    let error = anyhow::Error::from(error);
    anyhow!("no answer: {error:#}")
}

/// `503 full: the meeting is full` out of a problem document (RFC 9457), else status and text.
fn refusal(status: StatusCode, text: &str) -> String {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    let kind = problem["type"]
        .as_str()
        .and_then(|kind| kind.rsplit('/').next());
    match (kind, problem["detail"].as_str()) {
        (Some(kind), Some(detail)) => format!("{} {kind}: {detail}", status.as_u16()),
        _ => format!("{status} {}", text.chars().take(300).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_said_in_one_line() {
        let problem = r#"{"type":"https://millrace.dev/problems/full","title":"Full","status":503,"detail":"the meeting is full"}"#;
        let said = refusal(StatusCode::SERVICE_UNAVAILABLE, problem);
        assert_eq!(said, "503 full: the meeting is full");
        let said = refusal(StatusCode::BAD_GATEWAY, "<html>");
        assert_eq!(said, "502 Bad Gateway <html>");
    }

    #[test]
    fn only_plain_http_is_spoken() {
        assert!(Client::new("http://127.0.0.1:8080/").is_ok());
        assert!(Client::new("https://127.0.0.1:8443").is_err());
        assert!(Client::new("127.0.0.1:8080").is_err());
    }
}
