//! Plots over the time of the run as SVG: a line for each target, from zero.

use std::fmt::Write as _;

use super::axis;
use super::text::{element, escape};
use crate::report::{Sample, Series, Unit};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 26.0;

/// What is plotted, and how it is taken from a sample.
struct Plot {
    title: &'static str,
    unit: Unit,
    take: fn(&Sample) -> Option<f64>,
}

const PLOTS: [Plot; 4] = [
    Plot {
        title: "Packets forwarded a second",
        unit: Unit::PerSecond,
        take: |it| Some(it.forwarded_pps),
    },
    Plot {
        title: "Packets lost so far",
        unit: Unit::Count,
        take: |it| Some(count(it.lost)),
    },
    Plot {
        title: "Latency P99 so far",
        unit: Unit::Microseconds,
        take: |it| it.latency_p99_us,
    },
    Plot {
        title: "Busy part of the server's CPU",
        unit: Unit::Share,
        take: |it| it.core_busy,
    },
];

/// A figure for each thing that was sampled.
pub(super) fn figures(series: &[Series]) -> String {
    PLOTS
        .iter()
        .filter_map(|plot| plot.figure(series))
        .collect()
}

impl Plot {
    fn figure(&self, series: &[Series]) -> Option<String> {
        let values = || {
            series
                .iter()
                .flat_map(|one| &one.samples)
                .filter_map(self.take)
        };
        // One point is no course of events.
        if values().count() < 2 {
            return None;
        }
        let mut html = String::from("<figure>");
        html += &element("h3", "", self.title);
        if series.len() > 1 {
            html += &legend(series);
        }
        let last = series
            .iter()
            .flat_map(|one| &one.samples)
            .map(|it| it.at_s)
            .fold(0.0, f64::max);
        let frame = Frame {
            marks: axis::marks(self.unit, values().fold(0.0, f64::max), 4),
            seconds: axis::marks(Unit::Count, last, 6),
            last: last.max(0.001),
        };
        let _ = write!(
            html,
            "<svg viewBox=\"0 0 {WIDTH:.0} {HEIGHT:.0}\" role=\"img\" aria-label=\"{}\">",
            escape(self.title)
        );
        html += &frame.grid(self.unit);
        for (index, one) in series.iter().enumerate() {
            let points: String = one
                .samples
                .iter()
                .filter_map(|sample| Some(frame.point(sample.at_s, (self.take)(sample)?)))
                .collect();
            let _ = write!(
                html,
                "<polyline class=\"line kind{}\" points=\"{}\"/>",
                index % 3,
                points.trim_end()
            );
        }
        Some(html + "</svg></figure>")
    }
}

fn legend(series: &[Series]) -> String {
    let items = series.iter().enumerate().map(|(index, one)| {
        format!(
            "<span><i class=\"kind{}\"></i>{}</span>",
            index % 3,
            escape(&one.target)
        )
    });
    format!("<p class=\"legend\">{}</p>", items.collect::<String>())
}

struct Frame {
    marks: Vec<f64>,
    seconds: Vec<f64>,
    last: f64,
}

impl Frame {
    fn x(&self, at_s: f64) -> f64 {
        LEFT + at_s / self.last * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let highest = self.marks.last().copied().unwrap_or(1.0);
        HEIGHT - BOTTOM - value / highest * (HEIGHT - TOP - BOTTOM)
    }

    fn point(&self, at_s: f64, value: f64) -> String {
        format!("{:.1},{:.1} ", self.x(at_s), self.y(value))
    }

    fn grid(&self, unit: Unit) -> String {
        let mut grid = String::new();
        for (index, mark) in self.marks.iter().enumerate() {
            let (y, class) = (self.y(*mark), if index == 0 { "axis" } else { "grid" });
            let _ = write!(
                grid,
                "<line class=\"{class}\" x1=\"{LEFT:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"name\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                escape(&unit.show(*mark))
            );
        }
        for second in self.seconds.iter().filter(|second| **second <= self.last) {
            let _ = write!(
                grid,
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{} s</text>",
                self.x(*second),
                HEIGHT - BOTTOM + 16.0,
                Unit::Count.show(*second)
            );
        }
        grid
    }
}

#[expect(clippy::cast_precision_loss, reason = "a height in a plot")]
fn count(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sampled_is_plotted_from_zero() {
        let sample = |at_s, forwarded_pps| Sample {
            at_s,
            forwarded_pps,
            ..Sample::default()
        };
        let series = Series {
            target: "ours".to_owned(),
            samples: vec![sample(0.0, 0.0), sample(10.0, 40.0)],
        };
        let html = figures(&[series]);
        assert_eq!(html.matches("<figure>").count(), 2, "{html}");
        assert!(html.contains("points=\"80.0,164.0 504.0,8.0\""), "{html}");
        assert!(!html.contains("Latency"), "{html}");
    }

    #[test]
    fn no_samples_no_plots() {
        assert_eq!(figures(&[]), "");
        assert_eq!(figures(&[Series::default()]), "");
    }
}
