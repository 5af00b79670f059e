//! The scenarios by name.

use super::plan::Scenario;
use super::size::Size;
use super::{audio, fanout, hot, joins, mixed, rooms, soak, streams, thumbnails};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// One publisher and many viewers
    Fanout,
    /// Meetings of six, audio and video, everyone sees and hears the others
    Rooms,
    /// Meetings of six, audio only
    Audio,
    /// Large meetings of small pictures, one packet a frame: trains do not form
    Thumbnails,
    /// Some of everything at once, cameras with three encodings
    Mixed,
    /// One meeting, larger than a worker
    Hot,
    /// Everybody joins, nobody sends
    Joins,
    /// Some of everything, for long
    Soak,
    /// Twenty thousand forwarded streams
    Streams,
}

impl Name {
    pub fn scenario(self, mut size: Size) -> anyhow::Result<Scenario> {
        let build = match self {
            Self::Fanout => fanout::scenario,
            Self::Rooms => rooms::scenario,
            Self::Audio => audio::scenario,
            Self::Thumbnails => thumbnails::scenario,
            Self::Mixed => mixed::scenario,
            Self::Hot => hot::scenario,
            Self::Joins => joins::scenario,
            Self::Soak => soak::scenario,
            Self::Streams => streams::scenario,
        };
        let scenario = build(&mut size)?;
        size.ensure_taken(&scenario.name)?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    fn offered(name: Name) -> Option<f64> {
        name.scenario(Size::default()).unwrap().offered_pps()
    }

    #[test]
    fn each_is_what_its_figures_are_published_for() {
        assert_eq!(offered(Name::Fanout), Some(100.0 * 10.0 * 30.0));
        assert_eq!(offered(Name::Rooms), Some(24_000.0));
        assert_eq!(offered(Name::Audio), Some(15_000.0));
        assert_eq!(offered(Name::Mixed), None);
        assert_eq!(offered(Name::Joins), Some(0.0));
    }

    #[test]
    fn streams_are_as_many_as_promised_each_at_ten_packets_a_second() {
        let scenario = Name::Streams.scenario(Size::default()).unwrap();
        assert_eq!(scenario.streams(), 20_085);
        assert!(scenario.rooms.len() >= 100 && scenario.participants() >= 1_000);
        for load in &scenario.rooms {
            assert!(load.audio.packets_per_second() >= 10.0);
            assert!(load.video[0].packets_per_second() >= 10.0);
        }
        let small = Size {
            streams: Some(200),
            ..Size::default()
        };
        assert_eq!(Name::Streams.scenario(small).unwrap().streams(), 195);
    }

    #[test]
    fn all_can_be_built_and_refuse_what_they_have_not() {
        for name in Name::value_variants() {
            let scenario = name.scenario(Size::default()).unwrap();
            assert!(scenario.participants() > 0 && scenario.seconds > 0.0);
            assert_eq!(scenario.has_media(), *name != Name::Joins);
        }
        let size = Size {
            streams: Some(7),
            ..Size::default()
        };
        let error = Name::Fanout.scenario(size).unwrap_err();
        assert_eq!(error.to_string(), "fanout has no --streams");
    }
}
