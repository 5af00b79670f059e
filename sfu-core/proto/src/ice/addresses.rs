//! The far addresses of one session that have passed a check, and which of them we send to
//! (RFC 8445 §7.3.2: a lite agent takes the pair of each good check for valid).
//!
//! | a check from | without USE-CANDIDATE          | with USE-CANDIDATE                      |
//! |--------------|--------------------------------|-----------------------------------------|
//! | a new one    | valid; selected if none is     | valid and selected, at once             |
//! | a known one  | stays valid                    | selected, unless it loses a *contest*   |
//!
//! RFC 8445 §8.1.1 lets the controlling side nominate one pair and then keep to it. Browsers do
//! more, and they should: Chromium repeats USE-CANDIDATE in every check of the pair that it uses
//! now, so the latest nomination tells where it is, also after a change of network. That must work
//! at once, whatever the priorities, or a walk out of the Wi-Fi costs seconds.
//!
//! The other habit is aggressive nomination: USE-CANDIDATE in every check of every pair, where the
//! receiver takes the pair of highest priority (RFC 5245 §8.1.1.2). It is forbidden
//! towards a lite agent (RFC 5245 §8.1.1) and gone from RFC 8445, but if somebody does it, traffic
//! must not swing with every check. Such a client is told by alternation: a *contest* is a
//! nomination of an address that had been nominated less than `CONTEST_TIME` before, while the
//! selected one was nominated in that time too. The higher PRIORITY wins it. (Pair priority
//! compares the same way: our host candidates rank above any PRIORITY of a check, which speaks of a
//! peer-reflexive candidate, and the smaller of both weighs most, RFC 8445 §6.1.2.3.)

use core::time::Duration;

use crate::dropped::Dropped;
use crate::limits::{ADDRESSES_PER_SESSION_MAX, CONSENT_TIME_MAX};
use crate::packet::Route;
use crate::time::Instant;

/// Aggressive checks come 50 ms apart and are repeated after 500 ms (RFC 8445 §14.2, §14.3); an
/// honest change of mind, and back, takes longer. A dead address can hold on for this long at most.
const CONTEST_TIME: Duration = Duration::from_secs(1);

/// An address checked within this time is in use and is not evicted: a burst of checks from
/// ever-new ports must not push out the spare paths. RFC 7675 §5.1 has checks every 5 seconds.
const IN_USE_TIME: Duration = Duration::from_secs(6);

#[derive(Clone, Copy, Debug)]
struct Address {
    route: Route,
    priority: u32,
    last_check: Instant,
    nominated: Option<Instant>,
}

/// A check that has passed everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    pub(super) route: Route,
    pub(super) priority: u32,
    pub(super) use_candidate: bool,
}

/// Where an address has its place, or will have it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Known(usize),
    Free(usize),
    Evict(usize),
}

#[derive(Debug)]
pub(super) struct Addresses {
    places: [Option<Address>; ADDRESSES_PER_SESSION_MAX],
    selected: Option<Route>,
}

impl Addresses {
    pub(super) fn new() -> Self {
        Self {
            places: [None; ADDRESSES_PER_SESSION_MAX],
            selected: None,
        }
    }

    pub(super) fn selected(&self) -> Option<Route> {
        self.selected
    }

    pub(super) fn contains(&self, route: Route) -> bool {
        self.selected == Some(route) || self.find(route).is_some()
    }

    /// Where a check from `route` would go. Changes nothing.
    pub(super) fn place(&self, now: Instant, route: Route) -> Result<Place, Dropped> {
        if let Some((index, _)) = self.find(route) {
            return Ok(Place::Known(index));
        }
        if let Some(index) = self.places.iter().position(Option::is_none) {
            return Ok(Place::Free(index));
        }
        self.occupied()
            .filter(|(_, address)| self.selected != Some(address.route))
            .min_by_key(|(_, address)| address.last_check)
            .filter(|(_, address)| now.since(address.last_check) >= IN_USE_TIME)
            .map(|(index, _)| Place::Evict(index))
            .ok_or(Dropped::StunAddressesFull)
    }

    /// Takes a check in at the place found for it. Returns whether `selected` has changed and the
    /// address that had to go.
    pub(super) fn record(
        &mut self,
        now: Instant,
        check: Check,
        place: Place,
    ) -> (bool, Option<Route>) {
        let (Place::Known(index) | Place::Free(index) | Place::Evict(index)) = place;
        let before = self.places[index];
        let (nominated_before, evicted) = match place {
            Place::Known(_) => (before.and_then(|address| address.nominated), None),
            Place::Free(_) => (None, None),
            Place::Evict(_) => (None, before.map(|address| address.route)),
        };
        let takes_over = match self.selected {
            None => true,
            Some(selected) if selected == check.route => false,
            Some(_) => check.use_candidate && self.wins(now, check.priority, nominated_before),
        };
        self.places[index] = Some(Address {
            route: check.route,
            priority: check.priority,
            last_check: now,
            nominated: if check.use_candidate {
                Some(now)
            } else {
                nominated_before
            },
        });
        if takes_over {
            self.selected = Some(check.route);
        }
        (takes_over, evicted)
    }

    /// Whether a nomination moves the traffic. See the top of this file.
    fn wins(&self, now: Instant, priority: u32, nominated_before: Option<Instant>) -> bool {
        let lately = |at: Option<Instant>| at.is_some_and(|at| now.since(at) < CONTEST_TIME);
        let selected = self.selected.and_then(|route| self.find(route));
        match selected {
            Some((_, selected)) if lately(selected.nominated) && lately(nominated_before) => {
                priority > selected.priority
            }
            _ => true,
        }
    }

    /// After an ICE restart nominations begin anew; sending goes on as it was until then
    /// (RFC 8445 §9).
    pub(super) fn forget_nominations(&mut self) {
        for address in self.places.iter_mut().flatten() {
            address.nominated = None;
        }
    }

    /// Forgets addresses without a check for the time of consent, and names each. Returns whether
    /// `selected` has changed: then it is the one checked last.
    pub(super) fn expire(&mut self, now: Instant, mut forgotten: impl FnMut(Route)) -> bool {
        for place in &mut self.places {
            if let Some(address) = place
                && now.since(address.last_check) >= CONSENT_TIME_MAX
            {
                forgotten(address.route);
                *place = None;
            }
        }
        let selected_lives = self.selected.is_none_or(|route| self.find(route).is_some());
        if selected_lives {
            return false;
        }
        self.selected = self
            .occupied()
            .max_by_key(|(_, address)| address.last_check)
            .map(|(_, address)| address.route);
        true
    }

    pub(super) fn routes(&self) -> impl Iterator<Item = Route> {
        self.occupied().map(|(_, address)| address.route)
    }

    fn find(&self, route: Route) -> Option<(usize, &Address)> {
        self.occupied().find(|(_, address)| address.route == route)
    }

    fn occupied(&self) -> impl Iterator<Item = (usize, &Address)> {
        self.places
            .iter()
            .enumerate()
            .filter_map(|(index, place)| Some((index, place.as_ref()?)))
    }
}
