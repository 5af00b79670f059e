//! Carries out a command: builds the network, runs the scenario, writes the reports.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::cli::{Cli, Flags, Other, Peer};
use crate::drivers;
use crate::figures::{Figures, Machine};
use crate::ideal;
use crate::lab::machine;
use crate::lab::network::{Kind, Network};
use crate::report::{Comparison, Floor, Page, Record, render_terminal};
use crate::scenario::{Console, Measured, Name, Place, Start, alternate, ratio, share_of_ideal};
use crate::target::Target;
use crate::target::ideal::{self as ideal_target, Ideal};
use crate::target::millrace::Millrace;
use crate::target::whip;

mod peers;

pub fn run(cli: Cli) -> anyhow::Result<()> {
    match (cli.other, cli.scenario) {
        (
            Some(Other::Compare {
                peer,
                scenario,
                whip,
                flags,
            }),
            _,
        ) => Bench::new(scenario, *flags)?.compare(peer, &whip),
        (Some(Other::Ideal { viewers, json }), _) => floor(viewers, json.as_deref()),
        (
            Some(Other::Drivers {
                rounds,
                milliseconds,
                sinks,
                filter,
            }),
            _,
        ) => compare_drivers(&drivers::Options {
            rounds,
            time: Duration::from_millis(milliseconds),
            sinks,
            filter,
        }),
        (Some(Other::IdealForwarder { tables }), _) => ideal::run_forwarder(&tables),
        (None, Some(scenario)) => Bench::new(scenario, cli.flags)?.scenario(),
        // The parser asks for one of them.
        (None, None) => bail!("which scenario?"),
    }
}

/// Everything that one command needs.
struct Bench {
    name: Name,
    flags: Flags,
    network: Arc<Network>,
    place: Place,
    console: Console,
}

impl Bench {
    fn new(name: Name, flags: Flags) -> anyhow::Result<Self> {
        let kind = flags
            .network
            .unwrap_or_else(|| match nix::unistd::geteuid().is_root() {
                true => Kind::Veth,
                false => Kind::Lo,
            });
        let load_cpu = flags.server.load_cpu()?;
        let network = Network::new(kind, flags.settings.steer.then_some(load_cpu))?;
        let place = Place {
            core_cpus: flags.server.core_cpus()?,
            load_cpu,
            has_own_namespace: network.namespace().is_some(),
            network: network.describe(),
        };
        Ok(Self {
            name,
            flags,
            network: Arc::new(network),
            place,
            console: Console::new(),
        })
    }

    fn scenario(self) -> anyhow::Result<()> {
        let settings = &self.flags.settings;
        let mut measured = match self.name {
            // The ideal's load is the same; its own limit would be another.
            Name::Fanout if !settings.search => {
                self.measure(&mut [self.millrace(), self.ideal()], settings.rounds)?
            }
            _ => self.measure(&mut [self.millrace()], 1)?,
        }
        .into_iter();
        let mut ours = measured.next().context("nothing was measured")?;
        let others: Vec<Measured> = measured.collect();
        if let Some(ideal) = others.first() {
            ours.figures.share_of_ideal = share_of_ideal(&ours.figures, &ideal.figures);
        }
        self.publish(ours, others)
    }

    fn compare(self, peer: Peer, options: &whip::Options) -> anyhow::Result<()> {
        let peer = self.peer(peer, options)?;
        let rounds = self.flags.settings.rounds;
        let mut measured = self
            .measure(&mut [self.millrace(), peer], rounds)?
            .into_iter();
        let (Some(mut ours), Some(theirs)) = (measured.next(), measured.next()) else {
            bail!("nothing was measured");
        };
        ours.figures.ratio = Some(ratio(&ours.figures, &theirs.figures));
        self.publish(ours, vec![theirs])
    }

    fn measure(&self, contenders: &mut [Start<'_>], rounds: u32) -> anyhow::Result<Vec<Measured>> {
        let scenario = self.name.scenario(self.flags.size.clone())?;
        let settings = &self.flags.settings;
        alternate(
            contenders,
            rounds,
            &scenario,
            settings,
            &self.place,
            &self.console,
        )
    }

    fn millrace(&self) -> Start<'_> {
        Box::new(|| {
            let mut server = Millrace::start(&self.flags.server, Arc::clone(&self.network))?;
            let console = self.console.clone();
            server.on_progress(move |joined, wanted| console.joined(joined, wanted));
            Ok(Box::new(server) as Box<dyn Target>)
        })
    }

    fn ideal(&self) -> Start<'_> {
        Box::new(|| {
            let options = ideal_target::Options {
                cpus: self.flags.server.core_cpu_list()?,
                driver: self.flags.server.driver.clone(),
            };
            let server = Ideal::new(options, Arc::clone(&self.network))?;
            Ok(Box::new(server) as Box<dyn Target>)
        })
    }

    /// Table, JSON and page; then an error if the run says nothing.
    fn publish(&self, ours: Measured, others: Vec<Measured>) -> anyhow::Result<()> {
        let mut series = vec![ours.series];
        let mut figures = Vec::new();
        for other in others {
            series.push(other.series);
            figures.push(other.figures);
        }
        let record = Record {
            figures: ours.figures,
            others: figures,
            floors: Vec::new(),
        };
        println!("{}", render_terminal(&record));
        let settings = &self.flags.settings;
        if let Some(path) = &settings.json {
            write(path, &record.to_json()?)?;
        }
        if let Some(path) = &settings.html {
            let words: Vec<String> = std::env::args().skip(1).collect();
            let page = Page {
                record: &record,
                command: &format!("bench {}", words.join(" ")),
                series: &series,
                bars: Vec::new(),
                tables: Vec::new(),
            };
            write(path, &page.render())?;
        }
        self.judge(&record)?;
        match &settings.baseline {
            Some(path) => self.compare_with(path, &record),
            None => Ok(()),
        }
    }

    /// An error if a figure is worse than it was.
    fn compare_with(&self, path: &Path, record: &Record) -> anyhow::Result<()> {
        let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
        let before = Record::from_json(&text)?;
        let settings = &self.flags.settings;
        let (before, now) = (&before.figures, &record.figures);
        let comparison = match settings.search {
            true => Comparison::at_limit(before, now, settings.tolerance),
            false => Comparison::new(before, now, settings.tolerance),
        };
        println!("{comparison}");
        match (comparison.regressions().count(), &comparison) {
            // A watch that compares nothing must not look like one that found nothing.
            (_, Comparison::Incomparable(_)) => {
                bail!("nothing can be compared with {}", path.display())
            }
            (0, Comparison::Compared(_)) => Ok(()),
            (count, _) => bail!("{count} figures are worse than in {}", path.display()),
        }
    }

    fn judge(&self, record: &Record) -> anyhow::Result<()> {
        for figures in record.targets() {
            if figures.corrupt_packets > 0 {
                bail!(
                    "{}: {} of {} packets that were opened are not as they were sent",
                    figures.target,
                    figures.corrupt_packets,
                    figures.decrypted_packets
                );
            }
            if figures.streams == 0 && self.name != Name::Joins {
                bail!("{}: nothing was received", figures.target);
            }
        }
        Ok(())
    }
}

/// What nobody's forwarder can be cheaper than, on this machine.
fn floor(viewers: usize, json: Option<&Path>) -> anyhow::Result<()> {
    let effort = ideal::Effort::full(viewers)?;
    let layers = ideal::measure(&effort, |step| eprintln!("{step}"))?;
    println!("{layers}");
    let Some(path) = json else { return Ok(()) };
    let floors = layers.rows.iter().map(|row| Floor {
        name: match &row.receiver {
            Some(receiver) => format!("{}, {receiver}", row.layer),
            None => row.layer.clone(),
        },
        ns_per_packet: row.thread_ns.median,
    });
    let record = Record {
        figures: Figures {
            scenario: "ideal".to_owned(),
            machine: Machine::here()?,
            commit: machine::commit().unwrap_or_default(),
            ..Figures::default()
        },
        others: Vec::new(),
        floors: floors.collect(),
    };
    write(path, &record.to_json()?)
}

/// io_uring against mio.
fn compare_drivers(options: &drivers::Options) -> anyhow::Result<()> {
    let rows = drivers::run(options, |row| eprintln!("{}: {}", row.sink, row.work))?;
    println!("{}", drivers::table(&rows));
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
