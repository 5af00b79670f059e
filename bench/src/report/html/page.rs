//! The page as a whole: headline, notes, charts, the course of the run, the table, and where it was
//! measured.

use super::text::{element, escape};
use super::{bars, series};
use crate::figures::Figures;
use crate::report::{Bars, Record, Series, Table, Unit, summary};

const STYLE: &str = include_str!("style.css");

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    pub record: &'a Record,
    /// As it can be typed again.
    pub command: &'a str,
    /// The course of the run; may be empty.
    pub series: &'a [Series],
    /// What only this scenario has to show.
    pub bars: Vec<Bars>,
    pub tables: Vec<Table>,
}

impl Page<'_> {
    pub fn render(&self) -> String {
        let figures = &self.record.figures;
        let sections = [
            self.header(),
            tiles(figures),
            self.notes(),
            self.charts(),
            section("Over time", &series::figures(self.series)),
            self.results(),
            self.where_and_how(),
        ];
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>bench {}</title>\n<style>\n{STYLE}</style></head>\n<body><main>\n{}</main></body></html>\n",
            escape(&figures.scenario),
            sections.concat()
        )
    }

    fn header(&self) -> String {
        let figures = &self.record.figures;
        let against: Vec<_> = self
            .record
            .others
            .iter()
            .map(|it| it.target.as_str())
            .collect();
        let beside = if against.is_empty() {
            String::new()
        } else {
            format!(" beside {}", against.join(" and "))
        };
        let commit = if figures.commit.is_empty() {
            String::new()
        } else {
            format!(", commit {}", figures.commit)
        };
        let line = format!("{}{commit}{beside}", figures.target);
        format!(
            "<header>{}{}</header>\n",
            element("h1", "", &figures.scenario),
            element("p", "", &line)
        )
    }

    fn notes(&self) -> String {
        let notes: String = self
            .record
            .targets()
            .flat_map(|target| {
                target
                    .notes
                    .iter()
                    .map(|note| format!("{}: {note}", target.target))
            })
            .chain(summary::ratios(&self.record.figures))
            .map(|line| element("li", "", &line))
            .collect();
        if notes.is_empty() {
            notes
        } else {
            format!("<ul class=\"notes\">{notes}</ul>\n")
        }
    }

    fn charts(&self) -> String {
        let floors = &self.record.floors;
        let floors = (!floors.is_empty()).then(|| {
            let rows = floors
                .iter()
                .map(|floor| (floor.name.clone(), floor.ns_per_packet));
            Bars::simple("What single steps cost a packet", Unit::Nanoseconds, rows)
        });
        let own = summary::charts(self.record.targets());
        let charts = floors.iter().chain(&self.bars).chain(&own);
        let figures: String = charts
            .filter(|it| !it.is_empty())
            .map(bars::figure)
            .collect();
        section("Figures", &figures)
    }

    fn results(&self) -> String {
        let (mut table, missing) = summary::table(self.record.targets());
        "All figures".clone_into(&mut table.title);
        let mut html = html_table(&table);
        if !missing.is_empty() {
            html += &element(
                "p",
                "quiet",
                &format!("Not measured: {}.", missing.join(", ")),
            );
        }
        html += &self.tables.iter().map(html_table).collect::<String>();
        format!("<section>{html}</section>\n")
    }

    fn where_and_how(&self) -> String {
        let rows: String = summary::circumstances(&self.record.figures)
            .into_iter()
            .map(|(name, value)| element("dt", "", name) + &element("dd", "", &value))
            .collect();
        let command = if self.command.is_empty() {
            String::new()
        } else {
            element("dt", "", "command") + "<dd>" + &element("code", "", self.command) + "</dd>"
        };
        section("Where and how", &format!("<dl>{rows}{command}</dl>"))
    }
}

fn section(title: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    format!(
        "<section>{}<div class=\"figures\">{content}</div></section>\n",
        element("h2", "", title)
    )
}

/// The few numbers that a reader came for.
fn tiles(figures: &Figures) -> String {
    let latency = figures.latency_us.map(|it| Unit::Microseconds.show(it.p99));
    let tiles = [
        (
            "forwarded",
            Some(Unit::PerSecond.show(figures.forwarded_pps)),
        ),
        (
            "CPU a packet",
            figures
                .core_ns_per_packet
                .map(|it| Unit::Nanoseconds.show(it)),
        ),
        (
            "of the ideal forwarder",
            figures.share_of_ideal.map(|it| Unit::Share.show(it)),
        ),
        ("latency P99", latency),
        (
            "lost",
            summary::loss_share(figures).map(|it| Unit::Share.show(it)),
        ),
        (
            "the peer's packets a CPU-second",
            figures
                .ratio
                .map(|it| Unit::Times.show(it.packets_per_cpu_second)),
        ),
        (
            "memory a stream",
            figures
                .memory_bytes_per_stream
                .map(|it| Unit::Bytes.show(it)),
        ),
    ];
    let tiles: String = tiles
        .into_iter()
        .filter_map(|(name, value)| {
            Some(format!(
                "<div>{}{}</div>",
                element("b", "", &value?),
                element("span", "", name)
            ))
        })
        .collect();
    format!("<div class=\"tiles\">{tiles}</div>\n")
}

fn html_table(table: &Table) -> String {
    let row = |tag: &str, cells: &[String]| {
        let cells = cells.iter().enumerate().map(|(index, cell)| {
            let unknown = if cell == summary::NOT_MEASURED {
                "unknown"
            } else {
                ""
            };
            let indented = if index == 0 && cell.starts_with(' ') {
                "part"
            } else {
                unknown
            };
            element(tag, indented, cell.trim())
        });
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let head = row("th", &table.columns);
    let body: String = table.rows.iter().map(|cells| row("td", cells)).collect();
    format!(
        "{}<div class=\"wide\"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>",
        element("h2", "", &table.title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Floor;

    #[test]
    fn a_page_loads_nothing_and_says_all() {
        let figures = Figures {
            scenario: "fanout <50>".to_owned(),
            target: "millrace 0.1.0".to_owned(),
            core_ns_per_packet: Some(812.0),
            notes: vec!["the generator is the limit".to_owned()],
            ..Figures::default()
        };
        let floors = vec![Floor {
            name: "seal".to_owned(),
            ns_per_packet: 276.0,
        }];
        let record = Record {
            figures,
            others: Vec::new(),
            floors,
        };
        let page = Page {
            record: &record,
            command: "bench fanout",
            series: &[],
            bars: Vec::new(),
            tables: Vec::new(),
        };
        let html = page.render();
        for part in [
            "fanout &lt;50&gt;",
            "the generator is the limit",
            "812 ns",
            "seal",
            "bench fanout",
        ] {
            assert!(html.contains(part), "{part} is missing");
        }
        for external in ["http:", "https:", "src=", "href=", "@import", "url("] {
            assert!(!html.contains(external), "{external} is in it");
        }
    }
}
