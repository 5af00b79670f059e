//! The load's half of receiving, on the load's CPU. A veth pair otherwise delivers on the CPU that
//! sends, inside the sender's own system call: the server would pay for what another machine does.
//!
//! ```text
//!  server's CPU                             load's CPU
//!  sendmsg ─► veth ─► ring of 256 messages ◄── NAPI thread, each 100 µs ─► load's socket
//! ```
//!
//! The thread looks by a timer, as a network card with interrupt coalescing does: no message costs
//! the server an interrupt to the other CPU (the kernel's `Documentation/networking/napi.rst`,
//! "Threaded NAPI" and "IRQ suspension"). Trains stay whole, as they do without it.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::command::run;

/// The ring holds as many messages as arrive in a millisecond at 256,000 a second.
const LOOK_EVERY: Duration = Duration::from_micros(100);
/// Looks without a message after which the interface would go back to interrupts: never, here.
const IDLE_LOOKS: u32 = 1_000_000_000;
/// It goes before all that the load runs, as the interrupt of a card would.
const PRIORITY: &str = "50";
const THREAD_TIME_MAX: Duration = Duration::from_secs(2);

/// Lets `cpu` take from `interface` what its peer sends.
pub(super) fn receive_on(interface: &str, cpu: usize) -> anyhow::Result<()> {
    // A veth has a NAPI only with GRO, and uses it for datagrams only if it may forward trains.
    run(&[
        "ethtool",
        "-K",
        interface,
        "gro",
        "on",
        "rx-udp-gro-forwarding",
        "on",
    ])
    .context("--steer needs ethtool: apt-get install ethtool, or leave --steer out")?;
    set(interface, "threaded", "1")?;
    set(
        interface,
        "gro_flush_timeout",
        &LOOK_EVERY.as_nanos().to_string(),
    )?;
    set(interface, "napi_defer_hard_irqs", &IDLE_LOOKS.to_string())?;
    let thread = napi_thread(interface)?.to_string();
    run(&["taskset", "--cpu-list", "--pid", &cpu.to_string(), &thread])?;
    run(&["chrt", "--fifo", "--pid", PRIORITY, &thread])?;
    Ok(())
}

fn set(interface: &str, name: &str, value: &str) -> anyhow::Result<()> {
    let path = format!("/sys/class/net/{interface}/{name}");
    fs::write(&path, value).with_context(|| {
        format!("{path}: this kernel cannot receive on another CPU; leave --steer out")
    })
}

/// The kernel names it for the interface, and may start it a moment later.
fn napi_thread(interface: &str) -> anyhow::Result<u32> {
    let prefix = format!("napi/{interface}-");
    let start = Instant::now();
    while start.elapsed() < THREAD_TIME_MAX {
        for entry in fs::read_dir("/proc")?.flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // A process may end between the list and the look.
            let comm = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            if comm.starts_with(&prefix) {
                return Ok(pid);
            }
        }
        sleep(Duration::from_millis(10));
    }
    bail!("the kernel started no NAPI thread for {interface}; leave --steer out")
}
