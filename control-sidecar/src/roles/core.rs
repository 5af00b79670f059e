//! `millrace core`: the forwarder, from the flags to its own configuration.

use std::thread::available_parallelism;

use sfu_core::{CoreConfig, CryptoBackend, DriverChoice};

use super::Ended;
use crate::config::{Common, CoreArgs, Crypto, Driver, Switch, WORKERS_MAX};
use crate::startup::{self, StartupError, StartupErrors};

pub fn run(common: &Common, args: &CoreArgs) -> Result<Ended, StartupErrors> {
    let control_socket = common.control_socket();
    startup::prepare_control_socket(&control_socket)?;
    let workers_max = usize::try_from(WORKERS_MAX).unwrap_or(1);
    let cores = available_parallelism().map_or(1, usize::from);
    let config = CoreConfig {
        control_socket,
        udp_port: args.udp_port,
        workers: args
            .workers
            .map_or_else(|| cores.min(workers_max), usize::from),
        driver: match args.driver {
            Driver::Auto => DriverChoice::Auto,
            Driver::IoUring => DriverChoice::Uring,
            Driver::Mio => DriverChoice::Mio,
        },
        public_ips: args.public_ips.clone(),
        external_port: args.external_port,
        crypto: match args.crypto {
            Crypto::Auto => None,
            Crypto::Ring => Some(CryptoBackend::Ring),
            Crypto::AwsLcRs => Some(CryptoBackend::AwsLc),
        },
        pads_packets: args.padding == Switch::On,
    };
    // It ends only with the process.
    sfu_core::run(config).map_err(|error| StartupError::Core(error.to_string()))?;
    Ok(Ended::Failed)
}
