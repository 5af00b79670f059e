//! How large a scenario is: the flags that change its shape. Each scenario takes those it has; what
//! is left over was meant for another, and is refused.

use anyhow::bail;

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Size, where the scenario has it")]
pub struct Size {
    /// Participants that only watch: fanout, hot
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub viewers: Option<u32>,
    /// Meetings: fanout, rooms, audio, thumbnails, joins
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms: Option<u32>,
    /// Packets of a video frame: fanout, rooms, hot
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub frame_packets: Option<u32>,
    /// Bytes of a video packet before SRTP: fanout, rooms, thumbnails, hot
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(100..=1400))]
    pub packet_bytes: Option<u32>,
    /// Video frames a second: fanout, rooms, thumbnails, hot
    #[arg(long, value_name = "RATE")]
    pub fps: Option<f64>,
    /// Streams that are forwarded: streams
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub streams: Option<u32>,
    /// How long it goes on [default: 60]: soak
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<f64>,
}

/// The given number, or what the scenario has by itself.
pub fn take(flag: &mut Option<u32>, default: u32) -> usize {
    // A u32 fits: the load runs on 64-bit Linux.
    flag.take().unwrap_or(default) as usize
}

impl Size {
    pub fn take_fps(&mut self, default: f64) -> anyhow::Result<f64> {
        let fps = self.fps.take().unwrap_or(default);
        if !(0.1..=10_000.0).contains(&fps) {
            bail!("--fps {fps} is not between 0.1 and 10000");
        }
        Ok(fps)
    }

    /// An error if a flag was given that the scenario has not taken.
    pub fn ensure_taken(&self, scenario: &str) -> anyhow::Result<()> {
        let left = [
            ("--viewers", self.viewers.is_some()),
            ("--rooms", self.rooms.is_some()),
            ("--frame-packets", self.frame_packets.is_some()),
            ("--packet-bytes", self.packet_bytes.is_some()),
            ("--fps", self.fps.is_some()),
            ("--streams", self.streams.is_some()),
            ("--minutes", self.minutes.is_some()),
        ];
        match left.iter().find(|(_, is_left)| *is_left) {
            Some((flag, _)) => bail!("{scenario} has no {flag}"),
            None => Ok(()),
        }
    }
}
