//! The JSON of one command: the figures of the run it is about, as named fields of one object, and
//! in `others` what the same command measured beside it.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::figures::Figures;

/// Everything that one command has measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// Millrace's own.
    #[serde(flatten)]
    pub figures: Figures,
    /// The ideal forwarder's and the peer's.
    #[serde(default)]
    pub others: Vec<Figures>,
    /// What single steps cost with nothing around them; from `ideal` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<Floor>,
}

/// One layer below which no forwarder gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    pub name: String,
    pub ns_per_packet: f64,
}

impl Record {
    /// The figures of every target, ours first.
    pub fn targets(&self) -> impl Iterator<Item = &Figures> + Clone {
        std::iter::once(&self.figures).chain(&self.others)
    }

    pub fn to_json(&self) -> anyhow::Result<String> {
        let mut text = serde_json::to_string_pretty(self).context("writing the figures as JSON")?;
        text.push('\n');
        Ok(text)
    }

    pub fn from_json(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).context("these are not figures that `bench --json` wrote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Percentiles, Ratio};

    fn record() -> Record {
        let figures = Figures {
            scenario: "fanout".to_owned(),
            target: "millrace 0.1.0".to_owned(),
            latency_us: Some(Percentiles {
                p50: 90.5,
                p95: 200.0,
                p99: 410.0,
            }),
            core_ns_per_packet: Some(812.5),
            ratio: Some(Ratio {
                packets_per_cpu_second: 15.0,
                ..Ratio::default()
            }),
            ..Figures::default()
        };
        let others = vec![Figures {
            target: "ideal".to_owned(),
            ..Figures::default()
        }];
        Record {
            figures,
            others,
            floors: Vec::new(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut record = record();
        record.floors.push(Floor {
            name: "seal".to_owned(),
            ns_per_packet: 276.0,
        });
        let text = record.to_json().unwrap();
        let read = Record::from_json(&text).unwrap();
        assert_eq!(read.to_json().unwrap(), text);
        assert_eq!(read.figures.latency_us, record.figures.latency_us);
        assert_eq!(read.targets().count(), 2);
        assert_eq!(read.floors, record.floors);
    }

    #[test]
    fn the_figures_are_fields_of_one_object_and_the_unknown_is_null() {
        let text = record().to_json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["scenario"], "fanout");
        assert_eq!(value["latency_us"]["p99"], 410.0);
        assert_eq!(value["ratio"]["packets_per_cpu_second"], 15.0);
        assert!(value["core_latency_us"].is_null() && value.get("core_latency_us").is_some());
        assert_eq!(value["others"][0]["target"], "ideal");
        assert!(value["others"][0].get("ratio").is_none());
    }

    #[test]
    fn another_file_is_refused_with_a_reason() {
        let error = Record::from_json("{\"hello\": 1}").unwrap_err();
        assert!(format!("{error:#}").contains("bench --json"), "{error:#}");
    }
}
