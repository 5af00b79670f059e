//! The real executable as an operator starts it: all roles, stopped by a signal, and a role that
//! dies. Temporary data directory, ports of the moment, one worker.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

struct Appliance {
    launcher: Child,
    http: u16,
    _folder: TempDir,
}

impl Appliance {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (http, https) = (free(), free());
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let (http_port, https_port) = (port(&http), port(&https));
        let udp_port = udp.local_addr().unwrap().port();
        drop((http, https, udp));
        let launcher = Command::new(env!("CARGO_BIN_EXE_millrace"))
            .arg(format!("--data-dir={}", folder.path().display()))
            .arg(format!("--http=127.0.0.1:{http_port}"))
            .arg(format!("--https=127.0.0.1:{https_port}"))
            .arg(format!("--udp-port={udp_port}"))
            .args(["--workers=1", "--driver=mio"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            launcher,
            http: http_port,
            _folder: folder,
        }
    }

    /// The status of `/v1/health`; `None` if nobody answers.
    fn health(&self) -> Option<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream
            .write_all(b"GET /v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.launcher.id()).unwrap()
    }

    /// The process of a role: the launcher's child with that argument.
    fn role(&self, role: &str) -> Option<i32> {
        children(self.pid()).into_iter().find(|pid| {
            let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            arguments.split(|byte| *byte == 0).nth(1) == Some(role.as_bytes())
        })
    }

    fn signal(pid: i32, signal: Signal) {
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    fn ended_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < time {
            if let Some(status) = self.launcher.try_wait().unwrap() {
                return Some(status);
            }
            sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        // After a failed test; its roles end with it.
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
    }
}

/// Processes whose parent is `parent` (proc_pid_stat(5): the fourth field, after the name).
fn children(parent: i32) -> Vec<i32> {
    let parent_of = |pid: i32| -> Option<i32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| parent_of(*pid) == Some(parent))
        .collect()
}

fn is_there(pid: i32) -> bool {
    PathBuf::from(format!("/proc/{pid}")).exists()
}

#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never {what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_ends_all_roles() {
    let mut appliance = Appliance::start();
    wait_until("ready", || appliance.health() == Some(200));
    let roles = ["core", "sidecar"].map(|role| appliance.role(role).unwrap());
    Appliance::signal(appliance.pid(), Signal::SIGTERM);
    let status = appliance.ended_within(Duration::from_secs(10));
    assert_eq!(status.and_then(|status| status.code()), Some(0));
    assert_eq!(roles.map(is_there), [false, false]);
}

#[test]
fn a_role_that_is_killed_is_there_again() {
    let appliance = Appliance::start();
    wait_until("ready", || appliance.health() == Some(200));
    for role in ["core", "sidecar"] {
        let before = appliance.role(role).unwrap();
        let other = if role == "core" { "sidecar" } else { "core" };
        let untouched = appliance.role(other);
        Appliance::signal(before, Signal::SIGKILL);
        wait_until("started again", || {
            appliance.role(role).is_some_and(|now| now != before)
        });
        wait_until("ready again", || appliance.health() == Some(200));
        assert_eq!(appliance.role(other), untouched, "{other} died too");
    }
}

#[test]
fn a_mistake_of_configuration_ends_it_at_once() {
    let mut appliance = Appliance::start();
    wait_until("ready", || appliance.health() == Some(200));
    let folder = tempfile::tempdir().unwrap();
    let second = Command::new(env!("CARGO_BIN_EXE_millrace"))
        .arg(format!("--data-dir={}", folder.path().display()))
        .arg(format!("--http=127.0.0.1:{}", appliance.http))
        .args(["--https=127.0.0.1:0", "--udp-port=0", "--workers=1"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(78));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("--http"), "{said}");
    Appliance::signal(appliance.pid(), Signal::SIGTERM);
    assert!(appliance.ended_within(Duration::from_secs(10)).is_some());
}

#[test]
fn mistakes_are_told_with_their_cure() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str], filter: &str| {
        let ended = Command::new(env!("CARGO_BIN_EXE_millrace"))
            .arg(format!("--data-dir={}", folder.path().display()))
            .args(["--udp-port=0", "--workers=1"])
            .args(arguments)
            .env("MILLRACE_LOG", filter)
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(78));
        String::from_utf8_lossy(&ended.stderr).into_owned()
    };
    let same = said(&["--http=4711", "--https=127.0.0.1:4711"], "");
    assert!(same.contains("the same port"), "{same}");
    let filter = said(&[], "info,=loud=");
    assert!(filter.contains("MILLRACE_LOG"), "{filter}");
}
