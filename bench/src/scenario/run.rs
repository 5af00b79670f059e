//! One scenario against one server: join, warm up, measure a window, read everybody's counters.
//!
//! ```text
//!  join ─ warm-up ─┬─ usage, counters ─ window ─ usage, counters ─┬─► Figures
//!                  └──────────── again at another rate ───────────┘
//! ```

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sfu_proto::srtp::Profile;

use super::blame::{Loss, blame, count};
use super::console::Console;
use super::plan::Scenario;
use super::server_counters::ServerCounters;
use super::settings::{Place, Settings};
use crate::endpoint::Endpoint;
use crate::figures::{Figures, Machine};
use crate::lab::kernel_drops::KernelDrops;
use crate::lab::machine;
use crate::lab::memory::Memory;
use crate::lab::usage::{NS_PER_TICK, Spent, Usage};
use crate::load::{Engine, Shape, Tally};
use crate::report::{Sample, Series};
use crate::target::{Room, Target};

/// Slots are filled and key frames have come by then.
const WARM_UP: Duration = Duration::from_secs(2);
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// Of the server's CPU, in the hands of others.
const DISTURBED: f64 = 0.03;
/// An error of the cost a packet that a reader must know of.
const COARSE: f64 = 0.05;

/// What one window gave.
#[derive(Clone, Debug)]
pub struct Measured {
    pub figures: Figures,
    /// Of all that should have come, whoever is to blame.
    pub lost_share: f64,
    pub series: Series,
}

/// Counters of the server, and the kernel's of its namespace, at one moment.
#[derive(Debug)]
struct Counters {
    server: BTreeMap<String, f64>,
    kernel: Option<KernelDrops>,
}

/// What they have grown by.
#[derive(Debug)]
struct Counted {
    server: ServerCounters,
    /// Datagrams that the kernel dropped at the server's sockets.
    unread: Option<u64>,
}

impl Counted {
    fn between(before: &Counters, after: &Counters) -> Self {
        let drops = before.kernel.zip(after.kernel);
        Self {
            server: ServerCounters::between(&before.server, &after.server),
            unread: drops.map(|(before, after)| (after - before).receive_buffer_errors),
        }
    }
}

/// A server with everybody in it.
#[derive(Debug)]
pub struct Running<'a> {
    scenario: &'a Scenario,
    settings: &'a Settings,
    place: &'a Place,
    console: &'a Console,
    /// Before the server goes: it says goodbye to its participants' port.
    engine: Engine,
    target: Box<dyn Target>,
    profile: Profile,
    memory_before: Option<Memory>,
    joins_per_second: f64,
    /// How many viewers get each packet, if that is the scenario's to say.
    copies: Option<f64>,
}

impl<'a> Running<'a> {
    pub fn join(
        scenario: &'a Scenario,
        mut target: Box<dyn Target>,
        settings: &'a Settings,
        place: &'a Place,
        console: &'a Console,
    ) -> anyhow::Result<Self> {
        console.begin(&target.name());
        // Nothing, of a server that starts with its participants.
        let memory_before = Memory::of(&target.processes()).ok();
        let rooms: Vec<Room> = scenario
            .rooms
            .iter()
            .map(|load| load.room.clone())
            .collect();
        let started = Instant::now();
        let endpoints = target.join(&rooms)?;
        let joins_per_second =
            count(scenario.participants() as u64) / started.elapsed().as_secs_f64();
        ensure!(
            endpoints.len() == rooms.len(),
            "{} rooms were asked for, {} came",
            rooms.len(),
            endpoints.len()
        );
        let participants: Vec<(Endpoint, Vec<Shape>)> = scenario
            .rooms
            .iter()
            .zip(endpoints)
            .flat_map(|(load, room)| room.into_iter().map(|one| (load.shapes(&one), one)))
            .map(|(shapes, endpoint)| (endpoint, shapes))
            .collect();
        let sent_pps: f64 = participants
            .iter()
            .flat_map(|(_, shapes)| shapes.iter().map(Shape::packets_per_second))
            .sum();
        let (first, _) = participants
            .first()
            .context("a scenario without participants")?;
        let profile = first.keys.profile;
        let engine = Engine::start(participants, settings.load(place))?;
        Ok(Self {
            copies: scenario
                .offered_pps()
                .map(|offered| offered / sent_pps.max(f64::MIN_POSITIVE)),
            scenario,
            settings,
            place,
            console,
            engine,
            target,
            profile,
            memory_before,
            joins_per_second,
        })
    }

    pub fn say(&self, text: &str) {
        self.console.say(text);
    }

    /// One window, at `rate` times what the scenario's sources send.
    pub fn measure(&mut self, rate: f64, seconds: f64) -> anyhow::Result<Measured> {
        self.engine.set_rate(rate)?;
        thread::sleep(WARM_UP);
        let before = self.counters()?;
        self.engine.begin_window(rate)?;
        let used_before = self.usage()?;
        let samples = self.watch(Duration::from_secs_f64(seconds))?;
        self.engine.pause()?;
        let spent = match (&used_before, &self.usage()?) {
            (Some(before), Some(after)) => Some(after.since(before)),
            _ => None,
        };
        let tally = self.engine.tally()?;
        self.console.finish();
        let counted = Counted::between(&before, &self.counters()?);
        let (figures, lost_share) = self.figures(rate, &tally, spent, &counted)?;
        Ok(Measured {
            series: Series {
                target: figures.target.clone(),
                samples,
            },
            figures,
            lost_share,
        })
    }

    fn counters(&mut self) -> anyhow::Result<Counters> {
        // On loopback the kernel's counters are the load's as well.
        let process = match self.place.has_own_namespace {
            true => self.target.processes().first().copied(),
            false => None,
        };
        Ok(Counters {
            server: self.target.counters()?,
            kernel: process.and_then(|process| KernelDrops::of(process).ok()),
        })
    }

    /// `None` for a server that is not ours to look into.
    fn usage(&self) -> anyhow::Result<Option<Usage>> {
        let processes = self.target.processes();
        match processes.is_empty() {
            true => Ok(None),
            false => Usage::now(&processes, &self.place.core_cpus).map(Some),
        }
    }

    fn watch(&self, length: Duration) -> anyhow::Result<Vec<Sample>> {
        let began = Instant::now();
        let mut samples = Vec::new();
        let (mut used, mut packets, mut at) = (self.usage()?, 0, 0.0);
        while let Some(left) = length
            .checked_sub(began.elapsed())
            .filter(|left| !left.is_zero())
        {
            thread::sleep(left.min(SAMPLE_EVERY));
            let (progress, now) = (self.engine.progress(), self.usage()?);
            let received = progress.received;
            let busy = used.zip(now).map(|(before, now)| now.since(&before));
            let sample = Sample {
                at_s: progress.seconds,
                forwarded_pps: count(received.packets.saturating_sub(packets))
                    / (progress.seconds - at).max(f64::MIN_POSITIVE),
                lost: received.lost,
                latency_p99_us: received.latency.map(|latency| latency.p99),
                core_busy: busy.map(|spent| spent.busy_share()),
            };
            (used, packets, at) = (now, received.packets, progress.seconds);
            self.console.sample(sample);
            samples.push(sample);
        }
        Ok(samples)
    }

    fn figures(
        &self,
        rate: f64,
        tally: &Tally,
        spent: Option<Spent>,
        counted: &Counted,
    ) -> anyhow::Result<(Figures, f64)> {
        let Counted { server, unread } = counted;
        let loss: Loss = blame(tally, server, self.copies, *unread);
        let received = &tally.received;
        let has_come = received.packets > 0;
        let trains = server.trains().filter(|_| has_come);
        let offered = self.scenario.offered_pps().map(|offered| offered * rate);
        let come = count(received.packets + received.lost) / tally.seconds;
        let split = spent.and_then(|spent| spent.processes.split());
        let a_packet =
            |nanos: u64| (received.packets > 0).then(|| count(nanos) / count(received.packets));
        let figures = Figures {
            scenario: self.scenario.name.clone(),
            target: self.target.name(),
            commit: machine::commit().unwrap_or_default(),
            machine: Machine::here()?,
            network: self.settings.network(self.place),
            streams: received.streams,
            viewers: received.viewers,
            seconds: tally.seconds,
            offered_pps: offered.unwrap_or(come),
            forwarded_pps: count(received.packets) / tally.seconds,
            forwarded_bps: 8.0 * count(received.bytes) / tally.seconds,
            lost_by_core: loss.by_core,
            lost_by_kernel: loss.by_kernel,
            lost_by_generator: loss.by_generator,
            latency_us: received.latency,
            core_latency_us: server.latency(),
            core_ns_per_packet: spent.and_then(|spent| a_packet(self.cost_ns(spent))),
            core_process_ns_per_packet: spent.and_then(|it| a_packet(it.processes.total_ns)),
            core_user_ns_per_packet: split.and_then(|(user, _)| a_packet(user)),
            core_sys_ns_per_packet: split.and_then(|(_, system)| a_packet(system)),
            core_busy: spent.filter(|_| has_come).map(|spent| spent.busy_share()),
            generator_busy: has_come.then(|| tally.busy()),
            share_of_ideal: None,
            train_share: trains.map(|(share, _)| share),
            train_mean: trains.map(|(_, mean)| mean),
            memory_bytes_per_stream: self.memory(received.streams),
            memory_bytes_before: self
                .memory_before
                .filter(|before| before.resident_bytes > 0)
                .map(|before| count(before.resident_bytes)),
            joins_per_second: Some(self.joins_per_second),
            join_cost: match self.scenario.has_media() {
                true => None,
                false => self.target.join_cost(),
            },
            decrypted_packets: received.opened,
            corrupt_packets: received.corrupt,
            driver: self.target.driver(),
            srtp_profile: profile_name(self.profile).to_owned(),
            ratio: None,
            notes: self.notes(tally, loss.notes, spent),
        };
        Ok((figures, loss.share))
    }

    fn notes(&self, tally: &Tally, mut notes: Vec<String>, spent: Option<Spent>) -> Vec<String> {
        let streams = self.scenario.streams() as u64;
        let received = &tally.received;
        if received.streams != streams {
            notes.push(format!(
                "{} of {streams} streams received something",
                received.streams
            ));
        }
        for (number, what) in [
            (received.duplicates, "packets came twice"),
            (received.reordered, "packets came out of order"),
            (
                received.strays,
                "messages came to addresses that are nobody's",
            ),
        ] {
            if number > 0 {
                notes.push(format!("{number} {what}"));
            }
        }
        if self.place.is_apart() {
            notes.extend(spent.into_iter().flat_map(disturbances));
            notes.extend(spent.filter(|_| received.packets > 0).and_then(coarse));
        } else {
            notes.push(format!(
                "the load has CPU {} and so has the server: CPU a packet is the time of the \
                 server's processes alone, without interrupts beside them",
                self.place.load_cpu
            ));
        }
        notes.extend(self.engine.notes().iter().cloned());
        if !self.scenario.has_media() {
            notes.extend(self.target.join_notes());
        }
        notes
    }

    /// What the window has cost the server.
    fn cost_ns(&self, spent: Spent) -> u64 {
        match self.place.is_apart() {
            true => spent.busy_ns(),
            false => spent.processes.total_ns,
        }
    }

    fn memory(&self, streams: u64) -> Option<f64> {
        let now = Memory::of(&self.target.processes()).ok()?;
        let grown = now
            .resident_bytes
            .saturating_sub(self.memory_before?.resident_bytes);
        (streams > 0 && grown > 0).then(|| count(grown) / count(streams))
    }
}

/// Idle time comes in whole ticks: of a short busy time that is a part that matters.
#[expect(
    clippy::cast_precision_loss,
    reason = "a run is far below 2^52 nanoseconds"
)]
fn coarse(spent: Spent) -> Option<String> {
    let error = f64::from(spent.cpus) * NS_PER_TICK as f64 / spent.busy_ns().max(1) as f64;
    (error > COARSE).then(|| {
        format!(
            "the server was busy for {:.0} ms only, which the kernel tells to {:.0} %: its cost a \
             packet is no better than that; more --seconds or more load make it so",
            count(spent.busy_ns()) / 1e6,
            100.0 * error
        )
    })
}

/// Who else had the server's CPU: what a packet cost is then no figure of the server's.
fn disturbances(spent: Spent) -> impl Iterator<Item = String> {
    let cpu = spent.cpu;
    let others = (cpu.user_ns + cpu.system_ns).saturating_sub(spent.processes.total_ns);
    [
        (cpu.steal_ns, "the hypervisor"),
        (others, "other processes"),
    ]
    .into_iter()
    .map(move |(nanos, who)| (count(nanos) / 1e9 / spent.elapsed.as_secs_f64(), who))
    .filter(|(share, _)| *share > DISTURBED)
    .map(|(share, who)| {
        format!(
            "{who} had {:.0} % of the server's CPU: its cost a packet is not its own",
            100.0 * share
        )
    })
}

/// As RFC 5764 §4.1.2 and RFC 7714 §14.2 name it.
const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::AeadAes128Gcm => "AEAD_AES_128_GCM",
        Profile::AeadAes256Gcm => "AEAD_AES_256_GCM",
        Profile::Aes128CmSha1_80 => "AES128_CM_HMAC_SHA1_80",
    }
}
