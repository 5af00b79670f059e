//! A client that says exactly what it is told to.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    http: HyperClient<HttpConnector, Full<Bytes>>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the end of the problem's type.
    #[track_caller]
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
        assert!(problem["title"].is_string());
        let kind = problem["type"].as_str().unwrap();
        let slug = kind.strip_prefix("https://millrace.dev/problems/").unwrap();
        (self.status, slug.to_owned())
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            http: HyperClient::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = self.http.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    /// A JSON write with a fresh idempotency key.
    pub async fn post(&self, path: &str, token: &str, body: Value) -> Reply {
        let key = uuid::Uuid::new_v4().to_string();
        self.post_keyed(path, token, &key, body).await
    }

    pub async fn post_keyed(&self, path: &str, token: &str, key: &str, body: Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        self.send("POST", path, &headers, body.to_string()).await
    }

    pub async fn post_sdp(&self, path: &str, token: &str, offer: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("content-type", "application/sdp"),
            ("authorization", &bearer),
        ];
        self.send("POST", path, &headers, offer.to_owned()).await
    }
}
