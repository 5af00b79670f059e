//! One published source of one session, with its layers.

use super::layer::LayerKey;
use super::remote::{TrackNews, TrackOrigin};
use crate::control::{Codec, Source};
use crate::ids::ParticipantId;
use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TrackKey(pub usize);

#[derive(Debug)]
pub(super) struct Track {
    pub participant: ParticipantId,
    pub source: Source,
    pub codec: Codec,
    /// Lowest quality first; one without simulcast.
    pub layers: Vec<usize>,
    pub muted: bool,
    /// Media arrives: what was last reported.
    pub live: bool,
    /// Where it is published, if not by a session of this part.
    pub origin: Option<TrackOrigin>,
    /// When and how the other parts were last told of it.
    pub announced: Option<(Instant, TrackNews)>,
}

impl Track {
    /// Which of `count` layers, lowest first, fits a picture of `height` pixels. Browsers' three
    /// encodings of a 720p camera have 180, 360 and 720 lines; a bit of stretching is not seen.
    pub(super) fn layer_for_height(height: u16, count: usize) -> usize {
        let steps_below_top = match height {
            0..=200 => 2,
            201..=400 => 1,
            _ => 0,
        };
        count.saturating_sub(1 + steps_below_top)
    }
}

/// Which of a track's layers to show: the best that flows and is not above `best`, else the lowest
/// that flows.
pub(super) fn pick_layer(
    layers: impl DoubleEndedIterator<Item = (usize, LayerKey, bool)> + Clone,
    best: usize,
) -> Option<LayerKey> {
    let mut flowing = layers.filter(|(_, _, is_live)| *is_live);
    let below = flowing.clone().rfind(|(quality, _, _)| *quality <= best);
    below.or_else(|| flowing.next()).map(|(_, key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(live: [bool; 3], best: usize) -> Option<u32> {
        let layers = live.into_iter().enumerate().map(|(quality, is_live)| {
            let index = u32::try_from(quality).unwrap();
            (
                quality,
                LayerKey {
                    index,
                    generation: 0,
                },
                is_live,
            )
        });
        pick_layer(layers.collect::<Vec<_>>().into_iter(), best).map(|key| key.index)
    }

    #[test]
    fn the_best_that_flows_within_what_is_wanted() {
        assert_eq!(picked([true, true, true], 1), Some(1));
        assert_eq!(picked([true, false, true], 1), Some(0));
        assert_eq!(picked([false, false, true], 0), Some(2));
        assert_eq!(picked([false, false, false], 2), None);
    }

    #[test]
    fn a_thumbnail_takes_the_lowest_and_a_stage_the_highest() {
        assert_eq!(Track::layer_for_height(120, 3), 0);
        assert_eq!(Track::layer_for_height(360, 3), 1);
        assert_eq!(Track::layer_for_height(1080, 3), 2);
        assert_eq!(Track::layer_for_height(120, 1), 0);
    }
}
