//! The lite agent of one session (RFC 8445 §2.5, §7.3): it answers checks, keeps the addresses
//! that passed, and knows until when the far side consents to being sent to (RFC 7675).

use super::addresses::{Addresses, Check};
use super::transactions::{RecentTransactions, Seen};
use crate::control::IceCredentials;
use crate::dropped::Dropped;
use crate::limits::{CHECKING_TIME_MAX, CONSENT_TIME_MAX};
use crate::packet::{Route, SendBatch};
use crate::stun::{Class, Message, Method, Response};
use crate::time::Instant;

#[cfg(test)]
mod tests;

/// Ours and theirs, agreed on by one offer and its answer.
#[derive(Debug)]
struct Generation {
    local: IceCredentials,
    remote: IceCredentials,
}

#[derive(Debug)]
pub struct Agent {
    current: Generation,
    /// After a restart: the new credentials, until the far side uses them.
    next: Option<Generation>,
    retired_ufrag: Option<String>,
    addresses: Addresses,
    recent: RecentTransactions,
    created: Instant,
    last_check: Option<Instant>,
}

/// What a check has changed. All `false` and `None`: nothing, but it was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The first good check of the session.
    pub first: bool,
    /// The route is now valid and was not before.
    pub new_address: bool,
    /// The address that had to go for it; it is no longer valid.
    pub evicted: Option<Route>,
    /// `Agent::selected` is another one now.
    pub selected_changed: bool,
    /// The far side has taken up the restart; see `Agent::take_retired_ufrag`.
    pub restarted: bool,
}

impl Agent {
    pub fn new(local: IceCredentials, remote: IceCredentials, now: Instant) -> Self {
        Self {
            current: Generation { local, remote },
            next: None,
            retired_ufrag: None,
            addresses: Addresses::new(),
            recent: RecentTransactions::new(),
            created: now,
            last_check: None,
        }
    }

    /// RFC 8445 §9. Checks under the old credentials are answered until the first good one under
    /// the new: the far side learns of the restart only by our answer. A second restart before
    /// that replaces the first, whose user name is then retired (`take_retired_ufrag`).
    pub fn restart(&mut self, local: IceCredentials, remote: IceCredentials) {
        let replaced = self.next.replace(Generation { local, remote });
        self.retired_ufrag = replaced.map(|generation| generation.local.ufrag);
    }

    /// A user name fragment that is no longer answered, after `restart` or a check that returned
    /// `restarted`. It must be taken before the next of either.
    pub fn take_retired_ufrag(&mut self) -> Option<String> {
        self.retired_ufrag.take()
    }

    pub fn accepts_ufrag(&self, ufrag: &str) -> bool {
        self.local_ufrags().any(|ours| ours == ufrag)
    }

    /// One, or two while a restart waits.
    pub fn local_ufrags(&self) -> impl Iterator<Item = &str> {
        [Some(&self.current), self.next.as_ref()]
            .into_iter()
            .flatten()
            .map(|generation| generation.local.ufrag.as_str())
    }

    /// Answers a check by the route that it came by, or says why not. Whoever cannot prove to know
    /// the password gets no answer at all: it would only serve to reflect and to search.
    ///
    /// A check from another address than before, good in every way, may still be one that a
    /// stranger recorded and sends again. So an id that was answered by another route is refused,
    /// and one that was answered by the same route is answered again but changes nothing: neither
    /// what is selected nor how long consent lasts. A record older than the ids we remember can
    /// move the sending for a moment; what it gets is SRTP that it cannot read, and the next true
    /// check moves it back.
    pub fn handle_check(
        &mut self,
        now: Instant,
        route: Route,
        message: &Message<'_>,
        batch: &mut SendBatch,
    ) -> Result<Checked, Dropped> {
        if (message.class(), message.method()) != (Class::Request, Method::BINDING) {
            return Err(Dropped::StunUnexpected);
        }
        let id = message.transaction_id();
        let (generation, is_next) = self.generation_of(message)?;
        let password = &generation.local.password;
        message.check_integrity(password)?;
        let seen = self.recent.look_up(id, route);
        if seen == Seen::OtherRoute {
            return Err(Dropped::StunReplayed);
        }
        let place = self.addresses.place(now, route)?;
        let response = self.response(route, message);
        let slot = batch.slot(route, response.encoded_len())?;
        response.write(id, password, slot);
        if seen == Seen::SameRoute || !matches!(response, Response::Success(_)) {
            return Ok(Checked::default());
        }

        self.recent.remember(id, route);
        if is_next {
            self.take_up_restart();
        }
        let check = Check {
            route,
            priority: message.priority().unwrap_or_default(),
            use_candidate: message.use_candidate(),
        };
        let new_address = !self.addresses.contains(route);
        let (selected_changed, evicted) = self.addresses.record(now, check, place);
        let first = self.last_check.replace(now).is_none();
        Ok(Checked {
            first,
            new_address,
            evicted,
            selected_changed,
            restarted: is_next,
        })
    }

    /// The generation that the user name speaks of, and whether it is the waiting one.
    fn generation_of(&self, message: &Message<'_>) -> Result<(&Generation, bool), Dropped> {
        let username = message.username().ok_or(Dropped::StunUnknownUser)?;
        let is_named = |generation: &&Generation| {
            username == (&*generation.local.ufrag, &*generation.remote.ufrag)
        };
        let next = self.next.as_ref().filter(is_named);
        match next {
            Some(next) => Ok((next, true)),
            None if is_named(&&self.current) => Ok((&self.current, false)),
            None => Err(Dropped::StunUnknownUser),
        }
    }

    /// What an authenticated check is answered with.
    fn response(&self, route: Route, message: &Message<'_>) -> Response {
        let unknown = message.unknown_attributes();
        if !unknown.is_empty() {
            return Response::UnknownAttribute(unknown);
        }
        // RFC 8445 §6.1.1: towards a lite agent the full one controls, always; we cannot give way
        // as §7.3.1.1 has it for a larger tie-breaker of ours.
        if message.ice_controlled().is_some() {
            return Response::RoleConflict;
        }
        // RFC 8445 §7.1.1: a connectivity check says its PRIORITY. RFC 7675 §5.1 asks no such thing
        // of a consent check, and that comes by a route we know.
        if message.priority().is_none() && !self.is_valid(route) {
            return Response::BadRequest;
        }
        Response::Success(route.remote)
    }

    fn take_up_restart(&mut self) {
        if let Some(next) = self.next.take() {
            let old = core::mem::replace(&mut self.current, next);
            self.retired_ufrag = Some(old.local.ufrag);
            self.addresses.forget_nominations();
        }
    }

    /// Whether DTLS and media from this route are to be looked at.
    pub fn is_valid(&self, route: Route) -> bool {
        self.addresses.contains(route)
    }

    /// Where to send: the nominated route, or before any nomination the first valid one, since
    /// browsers begin DTLS as soon as a check of theirs is answered.
    pub fn selected(&self) -> Option<Route> {
        self.addresses.selected()
    }

    /// All valid routes.
    pub fn valid_routes(&self) -> impl Iterator<Item = Route> {
        self.addresses.routes()
    }

    /// When the session is to be given up, unless a good check comes before.
    pub fn consent_deadline(&self) -> Instant {
        match self.last_check {
            Some(at) => at + CONSENT_TIME_MAX,
            None => self.created + CHECKING_TIME_MAX,
        }
    }

    /// Forgets addresses that have not been checked for `limits::CONSENT_TIME_MAX`, each named to
    /// `forgotten`. Returns whether `selected` has changed. Once a second is often enough.
    pub fn expire(&mut self, now: Instant, forgotten: impl FnMut(Route)) -> bool {
        self.addresses.expire(now, forgotten)
    }
}
