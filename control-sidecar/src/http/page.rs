//! The web client, embedded in the executable. Its routes are its own: `/` and `/m/{id}` give the
//! same document.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::Problem;

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Files;

/// Only our own scripts, styles and connections; `blob:` is for media the page makes itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' \
    'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; \
    connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Camera, microphone and screen for ourselves, everything of the kind for nobody else.
const PERMISSIONS_POLICY: &str = "camera=(self), microphone=(self), display-capture=(self), \
    autoplay=(self), fullscreen=(self), geolocation=(), usb=(), payment=()";

pub(super) async fn index() -> Response {
    match Files::get("index.html") {
        Some(file) => {
            let mut response = respond("index.html", file);
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(CONTENT_SECURITY_POLICY),
            );
            headers.insert(
                "permissions-policy",
                HeaderValue::from_static(PERMISSIONS_POLICY),
            );
            // The meeting's code is in the URL; it goes nowhere else.
            headers.insert(
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            );
            response
        }
        None => Problem::of(StatusCode::NOT_FOUND).into_response(),
    }
}

/// The page's other files; anything else is not found.
pub(super) async fn file_or_not_found(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    match Files::get(path) {
        Some(_) if path == "index.html" => index().await,
        Some(file) if method == Method::GET || method == Method::HEAD => respond(path, file),
        Some(_) => Problem::of(StatusCode::METHOD_NOT_ALLOWED).into_response(),
        None => Problem::of(StatusCode::NOT_FOUND).into_response(),
    }
}

fn respond(path: &str, file: EmbeddedFile) -> Response {
    // The build puts a hash of the content into the names under assets/.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (header::CONTENT_TYPE, content_type(path)),
        (header::CACHE_CONTROL, cache),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, file.data).into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
