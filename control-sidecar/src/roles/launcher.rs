//! `millrace` without a role: starts all roles as processes of their own and starts one again that
//! dies. No role is another's parent, and the launcher carries no media and no state.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{Ended, signals};

/// Roles in the order in which they start.
const ROLES: [&str; 2] = ["core", "sidecar"];

const RESTART_FIRST: Duration = Duration::from_millis(100);
const RESTART_MAX: Duration = Duration::from_secs(5);
/// A role that has run this long has started well: its next restart is quick again.
const WELL_AFTER: Duration = Duration::from_secs(10);
/// Then it is killed. Longer than the sidecar's own drain.
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

/// `arguments` are what the launcher itself was given, for the role of that name.
pub async fn run(arguments: impl Fn(&str) -> Vec<String>) -> io::Result<Ended> {
    let mut stop = signals()?;
    let (stopping, stopped) = watch::channel(false);
    let mut roles = JoinSet::new();
    for role in ROLES {
        roles.spawn_local(keep_running(role, arguments(role), stopped.clone()));
    }
    let mut worst = Ended::Stopped;
    loop {
        tokio::select! {
            () = stop() => { stopping.send_replace(true); }
            ended = roles.join_next() => match ended {
                None => return Ok(worst),
                Some(ended) => {
                    let ended = ended.unwrap_or(Ended::Failed);
                    if ended != Ended::Stopped {
                        worst = ended;
                    }
                    // A role that cannot run makes the others useless.
                    stopping.send_replace(true);
                }
            },
        }
    }
}

async fn keep_running(
    role: &'static str,
    arguments: Vec<String>,
    mut stopping: watch::Receiver<bool>,
) -> Ended {
    let mut pause = RESTART_FIRST;
    loop {
        let started = Instant::now();
        let mut child = match start(role, &arguments) {
            Ok(child) => child,
            Err(error) => {
                tracing::error!(role, %error, "the role does not start");
                return Ended::Failed;
            }
        };
        let status = tokio::select! {
            status = child.wait() => status,
            () = told(&mut stopping) => {
                end(role, &mut child).await;
                return Ended::Stopped;
            }
        };
        if is_misconfigured(&status) {
            return Ended::Misconfigured;
        }
        if started.elapsed() >= WELL_AFTER {
            pause = RESTART_FIRST;
        }
        tracing::warn!(
            role,
            ?status,
            ?pause,
            "the role has died; starting it again"
        );
        tokio::select! {
            () = sleep(pause) => {}
            () = told(&mut stopping) => return Ended::Stopped,
        }
        pause = (pause * 2).min(RESTART_MAX);
    }
}

/// Waits for the word to stop. It gives the watch's guard back at once: held in the arm of a
/// `select!`, it would block the next `send`.
async fn told(stopping: &mut watch::Receiver<bool>) {
    // An error is a launcher that has gone, which is stopping too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn start(role: &str, arguments: &[String]) -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg(role)
        .args(arguments)
        .env(LAUNCHED, std::process::id().to_string())
        // A group of its own: Ctrl-C reaches the launcher alone, which tells its roles in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Asks a role to stop, and makes it.
async fn end(role: &str, child: &mut Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // It may have ended this moment.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    if timeout(STOP_TIME_MAX, child.wait()).await.is_err() {
        tracing::warn!(role, "the role does not stop; killing it");
        let _ = child.kill().await;
    }
}

fn is_misconfigured(status: &io::Result<ExitStatus>) -> bool {
    let code = status.as_ref().ok().and_then(ExitStatus::code);
    [Ended::MISCONFIGURED, Ended::MISUSED]
        .into_iter()
        .any(|status| code == Some(i32::from(status)))
}

/// Set for launched roles, to the launcher's process id.
const LAUNCHED: &str = "MILLRACE_LAUNCHER";

/// Called by a role at its start: if the launcher dies, even by SIGKILL, the role ends with it.
pub fn end_with_launcher() {
    let Some(launcher) = std::env::var(LAUNCHED)
        .ok()
        .and_then(|pid| pid.parse().ok())
    else {
        return;
    };
    // Linux only, and so are we.
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGTERM);
    if nix::unistd::getppid() != Pid::from_raw(launcher) {
        // It died before we asked.
        let _ = nix::sys::signal::raise(Signal::SIGTERM);
    }
}
