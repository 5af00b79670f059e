//! What a part knows of the others.

use core::time::Duration;

use hashbrown::HashMap;

use super::super::chunks::Chunks;
use super::super::layer::{Layer, LayerKey};
use super::super::meeting::Meeting;
use super::super::track::{Track, TrackKey};
use crate::control::Source;
use crate::ids::ParticipantId;
use crate::time::Instant;

/// How often a part says again what stands.
pub(super) const SAID_AGAIN: Duration = Duration::from_secs(1);

/// What has not been heard for this long is gone: three times it could have been said again.
pub(super) const FORGOTTEN_AFTER: Duration = Duration::from_millis(3_500);

/// The parts of a meeting on other workers, and what they publish.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    pub(super) is_home: bool,
    pub(super) others: Vec<u8>,
    /// By worker and its own index.
    pub(super) tracks: HashMap<(u8, u32), TrackKey>,
    pub(super) layers: HashMap<(u8, u32), usize>,
    /// Tracks of ours that have ended, to be said.
    pub(super) gone: Vec<u32>,
    /// Something has changed that the others should know now.
    pub(super) has_news: bool,
}

/// Where a remote track is published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrackOrigin {
    pub(super) worker: u8,
    pub(super) track: u32,
    /// When it was last announced.
    pub(super) heard: Instant,
}

/// Where a layer comes from.
#[derive(Debug)]
pub(crate) enum LayerOrigin {
    /// From a session of this part. These other workers have viewers of it, and have said so then.
    Here { wanted_by: Vec<(u8, Instant)> },
    There {
        worker: u8,
        /// Its name there.
        key: LayerKey,
        /// Media of it flows there.
        is_live: bool,
        /// When we last said that we watch it; `None` if we do not.
        wished: Option<Instant>,
    },
}

impl Meeting {
    /// The meeting has parts on the workers `parts`, of which `me` is this one. What was published
    /// on others is gone.
    pub(crate) fn spread(&mut self, me: u8, home: u8, parts: &[u8], chunks: &mut Chunks) {
        let former = self.elsewhere.take();
        let (tracks, layers) = former
            .map(|former| (former.tracks, former.layers))
            .unwrap_or_default();
        self.elsewhere = Some(Box::new(Elsewhere {
            is_home: home == me,
            others: parts.iter().copied().filter(|part| *part != me).collect(),
            tracks,
            layers,
            gone: Vec::new(),
            has_news: true,
        }));
        self.forget_remote(chunks, |origin| !parts.contains(&origin.worker));
        for (_, track) in &mut self.tracks {
            track.announced = None;
        }
        for (_, layer) in &mut self.layers {
            if let LayerOrigin::Here { wanted_by } = &mut layer.origin {
                wanted_by.retain(|(worker, _)| parts.contains(worker));
            }
        }
    }

    /// Whether this part speaks for the meeting.
    pub(crate) fn is_home(&self) -> bool {
        self.elsewhere
            .as_ref()
            .is_none_or(|elsewhere| elsewhere.is_home)
    }

    /// The others should know how things stand with the next hand-over.
    pub(crate) fn has_changed(&mut self) {
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere.has_news = true;
        }
    }

    /// A track of ours has ended.
    pub(crate) fn say_gone(&mut self, key: TrackKey) {
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere
                .gone
                .push(u32::try_from(key.0).unwrap_or(u32::MAX));
        }
    }

    /// Lets go the remote tracks that `is_meant`.
    pub(super) fn forget_remote(
        &mut self,
        chunks: &mut Chunks,
        is_meant: impl Fn(TrackOrigin) -> bool,
    ) {
        let Some(elsewhere) = &mut self.elsewhere else {
            return;
        };
        let mut has_lost = false;
        let mut silenced = Vec::new();
        self.tracks.retain(|_, track| {
            let Some(origin) = track.origin.filter(|origin| is_meant(*origin)) else {
                return true;
            };
            elsewhere.tracks.remove(&(origin.worker, origin.track));
            for index in &track.layers {
                let layer = self.layers.remove(*index);
                // Its number may be another layer's by now.
                if let LayerOrigin::There { worker, key, .. } = layer.origin
                    && elsewhere.layers.get(&(worker, key.index)) == Some(index)
                {
                    elsewhere.layers.remove(&(worker, key.index));
                }
                layer.end(chunks);
            }
            if track.source == Source::Audio {
                silenced.push(track.participant);
            }
            has_lost = true;
            false
        });
        for who in silenced {
            self.silence(who);
        }
        self.is_stale |= has_lost;
    }

    /// A voice has gone; it stays if another track of the participant carries it.
    pub(in super::super) fn silence(&mut self, who: ParticipantId) {
        let speaks = |track: &Track| (track.participant, track.source) == (who, Source::Audio);
        if !self.tracks.iter().any(|(_, track)| speaks(track)) {
            self.speakers.remove(who);
        }
    }
}

impl Layer {
    /// Whether a part on another worker has viewers of it.
    pub(in super::super) fn is_wanted_elsewhere(&self) -> bool {
        matches!(&self.origin, LayerOrigin::Here { wanted_by } if !wanted_by.is_empty())
    }
}
