//! How a run went on: one sample about every second, for the progress line and the plots.

/// Rates since the sample before; losses and latency since the run began.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Since the run began.
    pub at_s: f64,
    pub forwarded_pps: f64,
    pub lost: u64,
    pub latency_p99_us: Option<f64>,
    /// The busy part of the server's CPU, from 0 to 1.
    pub core_busy: Option<f64>,
}

/// The samples of one target.
#[derive(Clone, Debug, Default)]
pub struct Series {
    pub target: String,
    pub samples: Vec<Sample>,
}
