//! A table of text: what a row is about on the left, its values on the right.

use std::fmt::{self, Display, Formatter};

#[derive(Clone, Debug, Default)]
pub struct Table {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.columns.len()];
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }
}

/// As plain text, aligned.
impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        if !self.title.is_empty() {
            writeln!(out, "{}", self.title)?;
        }
        for (index, row) in std::iter::once(&self.columns).chain(&self.rows).enumerate() {
            let mut line = String::from(" ");
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                line += &if column == 0 {
                    format!(" {cell:<width$}")
                } else {
                    format!("   {cell:>width$}")
                };
            }
            writeln!(out, "{}", line.trim_end())?;
            if index == 0 {
                let rule = widths.iter().sum::<usize>() + 3 * widths.len().saturating_sub(1);
                writeln!(out, "  {}", "─".repeat(rule))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters_not_bytes() {
        let table = Table {
            title: "Floors".to_owned(),
            columns: ["layer", "a packet"].map(str::to_owned).to_vec(),
            rows: vec![
                ["seal", "276 ns"].map(str::to_owned).to_vec(),
                ["sendmmsg, one by one", "3.4 µs"]
                    .map(str::to_owned)
                    .to_vec(),
            ],
        };
        assert_eq!(
            table.to_string(),
            "Floors\n  \
               layer                  a packet\n  \
               ───────────────────────────────\n  \
               seal                     276 ns\n  \
               sendmmsg, one by one     3.4 µs\n"
        );
    }
}
