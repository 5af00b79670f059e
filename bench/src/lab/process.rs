//! A server's process: on its CPUs, in its namespace, its words in a file, and gone when we are.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::undo::Undo;

/// Then it is killed.
const STOP_TIME_MAX: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Lines of its log that an error shows.
const LOG_LINES: usize = 20;

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    pub name: &'a str,
    pub program: &'a Path,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'a str, String)>,
    /// As `taskset -c` takes it: `0`, `0,2-3`.
    pub cpus: &'a str,
    pub namespace: Option<&'a str>,
    /// Its log goes here.
    pub folder: &'a Path,
}

#[derive(Debug)]
pub struct Process {
    name: String,
    pid: u32,
    log: PathBuf,
    child: Arc<Mutex<Child>>,
    _stop: Undo,
}

impl Process {
    /// It must be called on a thread that lives as long as the process shall.
    pub fn start(launch: &Launch<'_>) -> anyhow::Result<Self> {
        let log = launch.folder.join(format!("{}.log", launch.name));
        let output = File::create(&log).with_context(|| format!("{}", log.display()))?;
        // Each of these becomes the program that it starts, so its pid is ours to know. By the first
        // it ends with the thread that starts it, even if we are killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "taskset", "-c", launch.cpus]);
        if let Some(namespace) = launch.namespace {
            command.args(["ip", "netns", "exec", namespace]);
        }
        command.arg(launch.program).args(&launch.arguments);
        let child = command
            .envs(launch.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C reaches the bench alone, which stops its servers in order.
            .process_group(0)
            .spawn()
            .context("setpriv cannot be run: is util-linux installed?")?;
        let pid = child.id();
        let child = Arc::new(Mutex::new(child));
        let stopped = Arc::clone(&child);
        Ok(Self {
            name: launch.name.to_owned(),
            pid,
            log,
            child,
            _stop: Undo::new(move || stop(&stopped)),
        })
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// All it has said so far.
    pub fn log(&self) -> anyhow::Result<String> {
        let text = fs::read(&self.log).with_context(|| format!("{}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Asks `is_ready` again and again until it says yes, the process ends, or the time is over.
    pub fn wait_until(
        &self,
        time_max: Duration,
        mut is_ready: impl FnMut() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + time_max;
        while !is_ready()? {
            self.check()?;
            if Instant::now() > end {
                bail!(
                    "{} is not ready after {time_max:?}; it said:\n{}",
                    self.name,
                    self.last_words()
                );
            }
            std::thread::sleep(LOOK_EVERY);
        }
        self.check()
    }

    /// An error if it has ended.
    pub fn check(&self) -> anyhow::Result<()> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} has ended ({status}); it said:\n{}",
                self.name,
                self.last_words()
            ),
        }
    }

    fn last_words(&self) -> String {
        let log = self.log().unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let first = lines.len().saturating_sub(LOG_LINES);
        lines[first..].join("\n")
    }
}

fn stop(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    let has_ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
    if has_ended(&mut child) {
        return;
    }
    if let Ok(pid) = i32::try_from(child.id()) {
        // It may have ended this moment.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    let end = Instant::now() + STOP_TIME_MAX;
    while Instant::now() < end {
        if has_ended(&mut child) {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(folder: &Path, script: &str) -> Process {
        Process::start(&Launch {
            name: "shell",
            program: Path::new("sh"),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("WORD", "ready".into())],
            cpus: "0",
            namespace: None,
            folder,
        })
        .unwrap()
    }

    #[test]
    fn a_process_is_waited_for_pinned_and_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let process = shell(folder.path(), "echo $WORD; exec sleep 100");
        process
            .wait_until(Duration::from_secs(5), || {
                Ok(process.log()?.contains("ready"))
            })
            .unwrap();
        let folder_of_it = PathBuf::from(format!("/proc/{}", process.pid()));
        let status = fs::read_to_string(folder_of_it.join("status")).unwrap();
        assert!(status.contains("Cpus_allowed_list:\t0\n"), "{status}");
        drop(process);
        assert!(!folder_of_it.exists());
    }

    #[test]
    fn one_that_ends_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let process = shell(folder.path(), "echo no port; exit 78");
        let ended = process.wait_until(Duration::from_secs(5), || Ok(false));
        let said = ended.unwrap_err().to_string();
        assert!(said.contains("78") && said.contains("no port"), "{said}");
    }

    #[test]
    fn one_that_never_gets_ready_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let process = shell(folder.path(), "exec sleep 100");
        let ended = process.wait_until(Duration::from_millis(50), || Ok(false));
        assert!(ended.unwrap_err().to_string().contains("not ready"));
    }
}
