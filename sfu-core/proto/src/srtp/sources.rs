//! Replay protection of each source (RFC 3711 §3.3.2).
//!
//! The replay windows of all sources of one session, in a table that never grows: a source has no
//! entry before its first packet has authenticated, and no entry is ever taken away, because a
//! source forgotten is a source whose old packets could be played again.

use super::replay_window::ReplayWindow;
use crate::dropped::Dropped;
use crate::ids::Ssrc;
use crate::limits::SOURCES_PER_SESSION_MAX;

/// One window for each source. The two lists run in step; the first is what is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sources<const WORDS: usize> {
    ssrcs: Vec<Ssrc>,
    windows: Vec<ReplayWindow<WORDS>>,
}

/// Where a source is in the table, or that it has a place free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Known(usize),
    New(Ssrc),
}

impl<const WORDS: usize> Sources<WORDS> {
    pub(super) fn new() -> Self {
        Self {
            ssrcs: Vec::with_capacity(SOURCES_PER_SESSION_MAX),
            windows: Vec::with_capacity(SOURCES_PER_SESSION_MAX),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ssrcs.len()
    }

    pub(super) fn place(&self, ssrc: Ssrc) -> Result<Place, Dropped> {
        match self.ssrcs.iter().position(|known| *known == ssrc) {
            Some(at) => Ok(Place::Known(at)),
            None if self.ssrcs.len() < SOURCES_PER_SESSION_MAX => Ok(Place::New(ssrc)),
            None => Err(Dropped::SrtpSourcesFull),
        }
    }

    /// The highest index seen of it.
    pub(super) fn highest(&self, place: Place) -> Option<u64> {
        self.window(place).map(ReplayWindow::highest)
    }

    pub(super) fn check(&self, place: Place, index: u64) -> Result<(), Dropped> {
        self.window(place)
            .map_or(Ok(()), |window| window.check(index))
    }

    /// Notes a packet that has authenticated, with the place that it was checked at.
    pub(super) fn accept(&mut self, place: Place, index: u64) {
        match place {
            Place::Known(at) => {
                if let Some(window) = self.windows.get_mut(at) {
                    window.accept(index);
                }
            }
            Place::New(ssrc) => {
                self.ssrcs.push(ssrc);
                self.windows.push(ReplayWindow::starting_with(index));
            }
        }
    }

    fn window(&self, place: Place) -> Option<&ReplayWindow<WORDS>> {
        match place {
            Place::Known(at) => self.windows.get(at),
            Place::New(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_keeps_what_it_has_and_takes_no_more() {
        let mut sources = Sources::<2>::new();
        let count = u32::try_from(SOURCES_PER_SESSION_MAX).unwrap();
        for ssrc in (0..count).map(Ssrc) {
            let place = sources.place(ssrc).unwrap();
            assert_eq!(place, Place::New(ssrc));
            sources.accept(place, 7);
        }
        assert_eq!(sources.place(Ssrc(count)), Err(Dropped::SrtpSourcesFull));
        for ssrc in (0..count).map(Ssrc) {
            let place = sources.place(ssrc).unwrap();
            assert_eq!(sources.check(place, 7), Err(Dropped::SrtpReplayed));
        }
        assert_eq!(sources.ssrcs.capacity(), SOURCES_PER_SESSION_MAX);
        assert_eq!(sources.windows.capacity(), SOURCES_PER_SESSION_MAX);
    }

    #[test]
    fn asking_leaves_no_trace() {
        let sources = Sources::<2>::new();
        let place = sources.place(Ssrc(1)).unwrap();
        assert_eq!(sources.check(place, 7), Ok(()));
        assert_eq!(sources.highest(place), None);
        assert_eq!(sources, Sources::new());
    }
}
