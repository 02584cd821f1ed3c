//! Numbers and tables, in Markdown.

use std::fmt;

/// The median of some numbers, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A quarter of the numbers is lower.
    pub low: f64,
    /// Half of them is.
    pub median: f64,
    /// A quarter of them is higher.
    pub high: f64,
}

impl Spread {
    /// The spread of `numbers`, of which there must be one at least.
    pub fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        let at = |quarter: usize| numbers[(numbers.len() - 1) * quarter / 4];
        Self { low: at(1), median: at(2), high: at(3) }
    }
}

/// `2.31 (2.28 to 2.35)`
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, median, high } = *self;
        write!(f, "{} ({} to {})", quantity(median), quantity(low), quantity(high))
    }
}

/// A number with three digits that count, or all of them if it has more before its point.
pub fn quantity(number: f64) -> String {
    let decimals = match number.abs() {
        size if size.fract() == 0.0 => 0,
        size if size < 1.0 => 3,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    if decimals == 0 { grouped(&text) } else { text }
}

/// With a comma at every thousand.
fn grouped(text: &str) -> String {
    let digits = text.trim_start_matches('-');
    let mut out = text[..text.len() - digits.len()].to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A table in Markdown, whose columns are as wide as they need be.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&name| name.to_owned()).collect()] }
    }

    /// Adds a row, which must have as many cells as the head.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let row: Vec<String> = cells.into_iter().collect();
        assert_eq!(row.len(), self.rows[0].len(), "a cell for every column");
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.rows[0].len()).map(width).collect();
        for (at, row) in self.rows.iter().enumerate() {
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                if column == 0 { write!(f, "| {cell:<width$} |")? } else { write!(f, " {cell:>width$} |")? }
            }
            writeln!(f)?;
            if at == 0 {
                for column in 0..row.len() {
                    f.write_str(if column == 0 { "| --- |" } else { " ---: |" })?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
