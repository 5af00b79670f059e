//! All sessions, and who publishes where.

use std::collections::HashMap;
use std::time::Instant;

use hyper::StatusCode;
use str0m::{Input, Rtc};

use crate::session::{Id, Role, Session};
use crate::signalling::{Place, Refusal, Wish};

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// In the order in which they came; places are not used again.
    all: Vec<Option<Box<Session>>>,
    publishers: HashMap<Place, Id>,
}

impl Sessions {
    pub(crate) fn get(&mut self, id: Id) -> Option<&mut Session> {
        self.all.get_mut(id)?.as_deref_mut()
    }

    /// Whose this is, by the user name of an ICE check.
    pub(crate) fn accepting(&self, input: &Input<'_>) -> Option<Id> {
        self.all.iter().position(|session| {
            let session = session.as_deref();
            session.is_some_and(|session| session.rtc.accepts(input))
        })
    }

    pub(crate) fn add(&mut self, wish: Wish, rtc: Rtc, now: Instant) -> Result<Id, Refusal> {
        let id = self.all.len();
        let role = self.role(id, wish)?;
        self.all.push(Some(Box::new(Session::new(rtc, role, now))));
        Ok(id)
    }

    fn role(&mut self, id: Id, wish: Wish) -> Result<Role, Refusal> {
        match wish {
            Wish::Publish(place) if self.publishers.contains_key(&place) => Err((
                StatusCode::CONFLICT,
                format!("somebody publishes from {place} already"),
            )),
            Wish::Publish(place) => {
                self.publishers.insert(place.clone(), id);
                Ok(Role::Publisher {
                    place,
                    viewers: Vec::new(),
                })
            }
            Wish::Watch(place) => {
                let publisher = self.publishers.get(&place).copied();
                let viewers = publisher.and_then(|publisher| self.viewers(publisher));
                let (Some(publisher), Some(viewers)) = (publisher, viewers) else {
                    let why = format!("nobody publishes from {place}");
                    return Err((StatusCode::NOT_FOUND, why));
                };
                viewers.push(id);
                Ok(Role::Viewer { publisher })
            }
        }
    }

    /// Of a publisher; `None` of anybody else.
    pub(crate) fn viewers(&mut self, publisher: Id) -> Option<&mut Vec<Id>> {
        match &mut self.get(publisher)?.role {
            Role::Publisher { viewers, .. } => Some(viewers),
            Role::Viewer { .. } => None,
        }
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<Box<Session>> {
        let session = self.all.get_mut(id)?.take()?;
        match &session.role {
            // Its viewers hear nothing any more, and go by themselves.
            Role::Publisher { place, .. } => {
                self.publishers.remove(place);
            }
            Role::Viewer { publisher } => {
                if let Some(viewers) = self.viewers(*publisher) {
                    viewers.retain(|viewer| *viewer != id);
                }
            }
        }
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_publishes_from_a_place_and_only_then_it_can_be_watched() {
        let mut sessions = Sessions::default();
        let now = Instant::now();
        let add = |sessions: &mut Sessions, path: &str| {
            let wish = path.parse().unwrap();
            sessions
                .add(wish, Rtc::new(now), now)
                .map_err(|(status, _)| status)
        };
        assert_eq!(add(&mut sessions, "/whep/7/1"), Err(StatusCode::NOT_FOUND));
        assert_eq!(add(&mut sessions, "/whip/7/1"), Ok(0));
        assert_eq!(add(&mut sessions, "/whip/7/1"), Err(StatusCode::CONFLICT));
        assert_eq!(add(&mut sessions, "/whep/7/2"), Err(StatusCode::NOT_FOUND));
        assert_eq!(add(&mut sessions, "/whep/7/1"), Ok(1));
        assert_eq!(sessions.viewers(0), Some(&mut vec![1]));
        assert!(sessions.remove(1).is_some());
        assert_eq!(sessions.viewers(0), Some(&mut vec![]));
        assert!(sessions.remove(0).is_some() && sessions.remove(0).is_none());
        assert_eq!(add(&mut sessions, "/whep/7/1"), Err(StatusCode::NOT_FOUND));
        assert_eq!(add(&mut sessions, "/whip/7/1"), Ok(2));
    }
}
