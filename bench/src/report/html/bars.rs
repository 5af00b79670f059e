//! A bar chart as SVG: horizontal bars from zero, each with its number.

use std::fmt::Write as _;

use super::axis;
use super::text::{element, escape};
use crate::report::{Bars, Row};

const WIDTH: f64 = 520.0;
/// Room for the names on the left, and for the number after the longest bar.
const LEFT: f64 = 124.0;
const RIGHT: f64 = 84.0;
const BAR: f64 = 16.0;
const GAP: f64 = 2.0;
const ROW_GAP: f64 = 14.0;
const AXIS: f64 = 26.0;

/// The chart with its title, legend and note.
pub(super) fn figure(bars: &Bars) -> String {
    let mut html = String::from("<figure>");
    html += &element("h3", "", &bars.title);
    if bars.parts.len() > 1 {
        html += &legend(bars);
    }
    html += &svg(bars);
    if !bars.note.is_empty() {
        html += &element("figcaption", "", &bars.note);
    }
    html + "</figure>"
}

fn legend(bars: &Bars) -> String {
    let items = bars.parts.iter().enumerate().map(|(index, part)| {
        format!(
            "<span><i class=\"{}\"></i>{}</span>",
            class(bars, index),
            escape(part)
        )
    });
    format!("<p class=\"legend\">{}</p>", items.collect::<String>())
}

/// Parts that add up are of different kinds; parts side by side are steps of one kind.
fn class(bars: &Bars, part: usize) -> String {
    let kind = if bars.stacked { "kind" } else { "step" };
    // One part alone has the strongest step.
    let part = if bars.parts.len() == 1 {
        2
    } else {
        part + 3_usize.saturating_sub(bars.parts.len())
    };
    format!("{kind}{}", part % 3)
}

fn svg(bars: &Bars) -> String {
    let marks = axis::marks(bars.unit, bars.longest(), 4);
    let scale = (WIDTH - LEFT - RIGHT) / marks.last().copied().unwrap_or(1.0);
    let mut body = String::new();
    let mut y = 4.0;
    for row in &bars.rows {
        let height = if bars.stacked {
            stacked(&mut body, bars, row, y, scale)
        } else {
            side_by_side(&mut body, bars, row, y, scale)
        };
        let _ = write!(
            body,
            "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT - 10.0,
            y + height / 2.0,
            escape(&row.label)
        );
        y += height + ROW_GAP;
    }
    let bottom = y - ROW_GAP / 2.0;
    let mut grid = String::new();
    for (index, mark) in marks.iter().enumerate() {
        let x = LEFT + mark * scale;
        let class = if index == 0 { "axis" } else { "grid" };
        let _ = write!(
            grid,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{bottom:.1}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            bottom + 14.0,
            escape(&bars.unit.show(*mark))
        );
    }
    format!(
        "<svg viewBox=\"0 0 {WIDTH:.0} {:.0}\" role=\"img\" aria-label=\"{}\">{grid}{body}</svg>",
        bottom + AXIS,
        escape(&bars.title)
    )
}

/// One bar, its parts one after the other; returns its height.
fn stacked(body: &mut String, bars: &Bars, row: &Row, y: f64, scale: f64) -> f64 {
    let height = BAR + 6.0;
    let mut x = LEFT;
    for (index, value) in row.values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let name = bars.parts.get(index).map_or("", String::as_str);
        let title = format!("{}, {name}: {}", row.label, bars.unit.show(value));
        rectangle(
            body,
            &class(bars, index),
            x,
            y,
            (value * scale - 1.0).max(0.0),
            height,
            &title,
        );
        x += value * scale;
    }
    number(
        body,
        x,
        y + height / 2.0,
        row.sum().map(|sum| bars.unit.show(sum)),
    );
    height
}

/// A bar for each part; returns the height of all.
fn side_by_side(body: &mut String, bars: &Bars, row: &Row, y: f64, scale: f64) -> f64 {
    // Three times "not measured" says no more than once.
    if row.sum().is_none() {
        number(body, LEFT, y + BAR / 2.0, None);
        return BAR;
    }
    let mut at = y;
    for (index, value) in row.values.iter().enumerate() {
        if let Some(value) = *value {
            let name = bars.parts.get(index).map_or("", String::as_str);
            let title = format!("{} {name}: {}", row.label, bars.unit.show(value));
            rectangle(
                body,
                &class(bars, index),
                LEFT,
                at,
                value * scale,
                BAR,
                &title,
            );
        }
        let end = LEFT + value.unwrap_or(0.0) * scale;
        number(
            body,
            end,
            at + BAR / 2.0,
            value.map(|value| bars.unit.show(value)),
        );
        at += BAR + GAP;
    }
    at - GAP - y
}

fn rectangle(body: &mut String, class: &str, x: f64, y: f64, width: f64, height: f64, title: &str) {
    let _ = write!(
        body,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" rx=\"2\"><title>{}</title></rect>",
        escape(title)
    );
}

fn number(body: &mut String, x: f64, y: f64, text: Option<String>) {
    let class = if text.is_some() {
        "number"
    } else {
        "number unknown"
    };
    let text = text.unwrap_or_else(|| "not measured".to_owned());
    let _ = write!(
        body,
        "<text class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
        x + 6.0,
        escape(&text)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Unit;

    fn chart(stacked: bool) -> Bars {
        Bars {
            title: "CPU".to_owned(),
            note: String::new(),
            unit: Unit::Nanoseconds,
            parts: vec!["user".to_owned(), "system".to_owned()],
            stacked,
            rows: vec![
                Row::new("a<b", [Some(300.0), Some(600.0)]),
                Row::new("rival", [None, None]),
            ],
        }
    }

    #[test]
    fn a_stacked_bar_is_as_long_as_its_sum_and_says_it() {
        let html = figure(&chart(true));
        // 0 to 1 µs over 312 units: 300 ns is 93.6, less the gap to the next part.
        assert!(
            html.contains("x=\"124.0\" y=\"4.0\" width=\"92.6\""),
            "{html}"
        );
        assert!(html.contains(">900 ns<"), "{html}");
        assert!(html.contains(">a&lt;b<"), "{html}");
    }

    #[test]
    fn what_is_not_known_has_no_bar_but_words() {
        for stacked in [true, false] {
            let html = figure(&chart(stacked));
            assert_eq!(html.matches(">not measured<").count(), 1, "{html}");
            assert_eq!(html.matches("<rect").count(), 2, "{html}");
        }
    }
}
