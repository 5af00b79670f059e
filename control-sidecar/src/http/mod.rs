//! The HTTP contract. HTTP ends here: services know verbs, the core knows neither.
//!
//! | route | file |
//! |---|---|
//! | `POST /api/v1/meetings` · `GET /api/v1/meetings/{id}` · `POST …/end` | `meetings` |
//! | `POST /api/v1/meetings/{id}/join` · `…/leave` | `participants` |
//! | `POST /api/v1/meetings/{id}/participants/{pid}/{mute,unmute,kick}` | `participants` |
//! | `POST /api/v1/meetings/{id}/screen-share/{start,stop}` | `participants` |
//! | `POST` `OPTIONS /api/v1/meetings/{id}/media` | `media` |
//! | `PATCH` `DELETE` `OPTIONS /api/v1/media/{session_id}` | `media` |
//! | `GET /api/v1/meetings/{id}/events` (WebSocket) | `events` |
//! | `GET /v1/health` · `GET /metrics` | `health`, `metrics` |
//! | `GET /` · `/m/{id}` · `/assets/*` | `page` |

mod body;
mod events;
mod health;
mod media;
mod meetings;
mod metrics;
mod page;
mod participants;
mod problem;
mod route;
pub mod server;
mod write;

pub use problem::Problem;
pub use route::router;
