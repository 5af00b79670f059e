//! The one executable; its subcommands are the roles.
#![forbid(unsafe_code)]

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, parser::ValueSource};
use control_sidecar::config::{Cli, Role};
use control_sidecar::descriptors;
use control_sidecar::roles::{self, Ended, launcher};
use control_sidecar::startup::{StartupError, StartupErrors};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match start(&matches, &cli) {
        Ok(ended) => ExitCode::from(ended.status()),
        Err(errors) => {
            report(&errors);
            ExitCode::from(Ended::Misconfigured.status())
        }
    }
}

/// Info, but for the DTLS engine, which warns of every extension it does not know.
const LOG_FILTER: &str = "info,dtls=error";

fn start(matches: &clap::ArgMatches, cli: &Cli) -> Result<Ended, StartupErrors> {
    log()?;
    descriptors::raise_limit();
    match &cli.role {
        Some(role) => {
            launcher::end_with_launcher();
            run(role)
        }
        None => launch(|role| passed_on(matches, role)),
    }
}

fn log() -> Result<(), StartupErrors> {
    let asked = std::env::var_os("MILLRACE_LOG").filter(|filter| !filter.is_empty());
    let filter = match asked {
        Some(filter) => {
            let filter = filter.to_string_lossy();
            EnvFilter::try_new(&filter).map_err(|error| StartupError::LogFilter {
                why: format!("{filter:?}: {error}"),
            })?
        }
        None => EnvFilter::new(LOG_FILTER),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    Ok(())
}

#[expect(
    clippy::print_stderr,
    reason = "the operator reads it, with or without a log filter"
)]
fn report(errors: &StartupErrors) {
    eprint!("{errors}");
}

fn run(role: &Role) -> Result<Ended, StartupErrors> {
    match role {
        Role::Core { common, core } => roles::core::run(common, core),
        Role::Sidecar { common, sidecar } => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(roles::sidecar::run(common, sidecar)),
    }
}

/// One thread: a role that ends with its parent ends with the *thread* that started it.
fn launch(arguments: impl Fn(&str) -> Vec<String>) -> Result<Ended, StartupErrors> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = tokio::task::LocalSet::new().block_on(&runtime, launcher::run(arguments))?;
    Ok(ended)
}

/// The flags of the launcher's command line that `role` knows. The environment reaches it anyway.
fn passed_on(matches: &clap::ArgMatches, role: &str) -> Vec<String> {
    let command = Cli::command();
    let Some(role) = command.find_subcommand(role) else {
        return Vec::new();
    };
    let mut arguments = Vec::new();
    for known in role.get_arguments() {
        let id = known.get_id().as_str();
        let given = matches.value_source(id) == Some(ValueSource::CommandLine);
        let (true, Some(long)) = (given, known.get_long()) else {
            continue;
        };
        for value in matches.get_raw(id).into_iter().flatten() {
            arguments.push(format!("--{long}={}", value.to_string_lossy()));
        }
    }
    arguments
}
