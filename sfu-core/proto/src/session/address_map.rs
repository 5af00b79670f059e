//! Who a datagram is from: by the address once ICE has proved it, by the user name before.

use hashbrown::HashMap;

use super::SessionKey;
use crate::dropped::Dropped;
use crate::ice;
use crate::packet::Route;

/// Both ways to a session. Only authenticated checks add addresses, so strangers cannot fill it.
#[derive(Debug, Default)]
pub(crate) struct AddressMap {
    by_route: HashMap<Route, SessionKey>,
    by_ufrag: HashMap<String, SessionKey>,
}

impl AddressMap {
    /// Room for everything, so that the packet path never allocates.
    pub(crate) fn new(sessions: usize, addresses: usize) -> Self {
        Self {
            by_route: HashMap::with_capacity(addresses),
            by_ufrag: HashMap::with_capacity(sessions),
        }
    }

    /// The bytes that takes, about: a table has an eighth more places than it fills, and as many as
    /// a power of two.
    pub(crate) const fn reserved(sessions: usize, addresses: usize) -> usize {
        let by_route = (addresses + addresses / 7).next_power_of_two();
        let by_ufrag = (sessions + sessions / 7).next_power_of_two();
        by_route * (size_of::<(Route, SessionKey)>() + 1)
            + by_ufrag * (size_of::<(String, SessionKey)>() + 1)
    }

    pub(crate) fn session_at(&self, route: Route) -> Result<SessionKey, Dropped> {
        self.by_route
            .get(&route)
            .copied()
            .ok_or(Dropped::UnknownAddress)
    }

    pub(crate) fn session_named(&self, local_ufrag: &str) -> Result<SessionKey, Dropped> {
        self.by_ufrag
            .get(local_ufrag)
            .copied()
            .ok_or(Dropped::StunUnknownUser)
    }

    /// `session` has proved that it is at `route`; whoever was there before has left.
    pub(crate) fn learn(&mut self, route: Route, session: SessionKey) {
        self.by_route.insert(route, session);
    }

    pub(crate) fn name(&mut self, local_ufrag: &str, session: SessionKey) {
        self.by_ufrag.insert(local_ufrag.to_owned(), session);
    }

    /// Forgets `route`, unless another session is there by now.
    pub(crate) fn forget(&mut self, route: Route, session: SessionKey) {
        if self.by_route.get(&route) == Some(&session) {
            self.by_route.remove(&route);
        }
    }

    pub(crate) fn forget_name(&mut self, local_ufrag: &str) {
        self.by_ufrag.remove(local_ufrag);
    }

    pub(crate) fn remove(&mut self, session: SessionKey, agent: &ice::Agent) {
        for route in agent.valid_routes() {
            self.forget(route, session);
        }
        for ufrag in agent.local_ufrags() {
            self.by_ufrag.remove(ufrag);
        }
    }
}
