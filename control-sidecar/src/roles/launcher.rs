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
/// A role that has run this long has started well: its next restart is quick again, and it is not
/// given up any more.
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
    let mut has_run_well = false;
    loop {
        let started = Instant::now();
        let died = match start(role, &arguments) {
            Ok(mut child) => tokio::select! {
                status = child.wait() => Died::of(status),
                () = told(&mut stopping) => {
                    end(role, &mut child).await;
                    return Ended::Stopped;
                }
            },
            Err(error) => Died {
                how: format!("it did not start: {error}"),
                by: Ended::Failed,
                at_start: true,
            },
        };
        if started.elapsed() >= WELL_AFTER {
            has_run_well = true;
            pause = RESTART_FIRST;
        }
        // A mistake made at the first start stays one. Later, what is in the way may pass (a port
        // not free yet, no memory, an upgrade half done), and the other roles carry calls.
        if died.at_start && !has_run_well {
            tracing::error!(role, how = died.how, "the role cannot run");
            return died.by;
        }
        has_run_well |= !died.at_start;
        tracing::warn!(
            role,
            how = died.how,
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

/// The end of a role that nobody asked to end.
struct Died {
    how: String,
    by: Ended,
    /// It never got as far as running: the reason may lie in how it was started.
    at_start: bool,
}

impl Died {
    fn of(status: io::Result<ExitStatus>) -> Self {
        let misconfigured = is_misconfigured(&status);
        Self {
            how: match status {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            },
            by: if misconfigured {
                Ended::Misconfigured
            } else {
                Ended::Failed
            },
            at_start: misconfigured,
        }
    }
}

/// Waits for the word to stop. It gives the watch's guard back at once: held in the arm of a
/// `select!`, it would block the next `send`.
async fn told(stopping: &mut watch::Receiver<bool>) {
    // An error is a launcher that has gone, which is stopping too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// This very program, even if an upgrade has replaced or removed its file.
const SELF: &str = "/proc/self/exe";

fn start(role: &str, arguments: &[String]) -> io::Result<Child> {
    Command::new(SELF)
        .arg0("millrace")
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
    // Linux would call it "exe", after the path it was started by.
    let _ = nix::sys::prctl::set_name(c"millrace");
    // Linux only, and so are we.
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGTERM);
    if nix::unistd::getppid() != Pid::from_raw(launcher) {
        // It died before we asked.
        let _ = nix::sys::signal::raise(Signal::SIGTERM);
    }
}
