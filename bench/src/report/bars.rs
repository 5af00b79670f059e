//! A bar chart as data: rows with one value for each named part, stacked or side by side.

use super::Unit;

#[derive(Clone, Debug)]
pub struct Bars {
    pub title: String,
    /// What the reader must know to read it; may be empty.
    pub note: String,
    pub unit: Unit,
    /// Names of the parts: the legend. One part needs none.
    pub parts: Vec<String>,
    /// The parts add up, and stand one after the other in one bar.
    pub stacked: bool,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub label: String,
    /// One for each part; `None` is "not measured".
    pub values: Vec<Option<f64>>,
}

impl Row {
    pub fn new(label: impl Into<String>, values: impl Into<Vec<Option<f64>>>) -> Self {
        Self {
            label: label.into(),
            values: values.into(),
        }
    }

    pub(super) fn sum(&self) -> Option<f64> {
        self.values
            .iter()
            .flatten()
            .copied()
            .reduce(|sum, value| sum + value)
    }
}

impl Bars {
    /// One bar a row, all of one kind: what the layers of `ideal` need.
    pub fn simple(
        title: impl Into<String>,
        unit: Unit,
        rows: impl IntoIterator<Item = (String, f64)>,
    ) -> Self {
        Self {
            title: title.into(),
            note: String::new(),
            unit,
            parts: vec![String::new()],
            stacked: false,
            rows: rows
                .into_iter()
                .map(|(label, value)| Row::new(label, [Some(value)]))
                .collect(),
        }
    }

    /// The longest bar.
    pub(super) fn longest(&self) -> f64 {
        let values = self.rows.iter().flat_map(|row| {
            if self.stacked {
                vec![row.sum()]
            } else {
                row.values.clone()
            }
        });
        values.flatten().fold(0.0, f64::max)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.sum().is_none())
    }
}
