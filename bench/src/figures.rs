//! What a run has measured, under the names of the JSON report. `None` is "not measured here", and
//! the report says so: a figure that is not known is never a zero.

use serde::{Deserialize, Serialize};

/// One scenario against one target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    pub scenario: String,
    /// `millrace`, `ideal`, or a rival's name and version.
    pub target: String,
    pub commit: String,
    pub machine: Machine,
    /// How the load reaches the server, and who reads: `veth, UDP_GRO receiver`.
    pub network: String,
    /// Slots of sessions that received something.
    pub streams: u64,
    pub viewers: u64,
    pub seconds: f64,
    /// What the viewers should have received each second.
    pub offered_pps: f64,
    /// What they did receive.
    pub forwarded_pps: f64,
    pub forwarded_bps: f64,
    pub lost_by_core: u64,
    pub lost_by_kernel: u64,
    pub lost_by_generator: u64,
    /// From the generator's send to the load's receive.
    pub latency_us: Option<Percentiles>,
    /// From the kernel's receive stamp to the end of the pass that sent it, as the core counts it.
    pub core_latency_us: Option<Percentiles>,
    /// Busy time of the core's CPUs, interrupts included, for each packet that was received. Where
    /// the load runs on one of them too, the time of the server's processes alone.
    pub core_ns_per_packet: Option<f64>,
    /// The server's processes alone.
    pub core_process_ns_per_packet: Option<f64>,
    /// The same by where it was spent, as the kernel has sampled it; unknown where the samples are
    /// too few.
    pub core_user_ns_per_packet: Option<f64>,
    pub core_sys_ns_per_packet: Option<f64>,
    /// The busy part of the core's CPUs, and of the load's by its two threads: 0 to 1.
    pub core_busy: Option<f64>,
    pub generator_busy: Option<f64>,
    /// The ideal forwarder's cost divided by ours, both from this run.
    pub share_of_ideal: Option<f64>,
    /// The part of the packets that left in trains, and how many one train had.
    pub train_share: Option<f64>,
    pub train_mean: Option<f64>,
    /// What the server's resident memory grew by, joins and all, for each stream.
    pub memory_bytes_per_stream: Option<f64>,
    /// What it held before anybody joined.
    pub memory_bytes_before: Option<f64>,
    pub joins_per_second: Option<f64>,
    /// With `joins` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_cost: Option<JoinCost>,
    pub decrypted_packets: u64,
    pub corrupt_packets: u64,
    pub driver: String,
    pub srtp_profile: String,
    /// Ours divided by the peer's; with `compare` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Ratio>,
    /// What a reader must know to judge the figures: "the generator is the limit", and the like.
    pub notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    pub packets_per_cpu_second: f64,
    pub latency_p99: f64,
    pub memory_bytes_per_stream: f64,
}

/// CPU time for each who joined, and who had none left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JoinCost {
    pub core_ms: f64,
    /// Of it, the thread that does the handshakes.
    pub handshake_thread_ms: f64,
    pub sidecar_ms: f64,
    /// The synthetic participant's own.
    pub participant_ms: f64,
    /// The busy part of the CPUs meanwhile: 0 to 1.
    pub core_cpu_busy: f64,
    pub load_cpu_busy: f64,
    pub limit: String,
}

/// Where it was measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cpus: usize,
    pub kernel: String,
    /// The kernel's own list of what it does against speculation: it costs.
    pub mitigations: Vec<String>,
}
