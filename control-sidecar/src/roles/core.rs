//! `millrace core`: the forwarder, from the flags to its own configuration.

use super::Ended;
use crate::config::{Common, CoreArgs};
use crate::startup::{self, StartupErrors};

pub fn run(common: &Common, args: &CoreArgs) -> Result<Ended, StartupErrors> {
    let control_socket = common.control_socket();
    startup::prepare_control_socket(&control_socket)?;
    tracing::info!(?args, control_socket = %control_socket.display(), "core");
    Err(startup::StartupError::Core("this build has no core".into()).into())
}
