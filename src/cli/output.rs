//! Where commands write: results to the standard output, remarks to the standard error.
//!
//! Everything that a command prints passes through here, so that `--json` and `--quiet` mean the same
//! in all of them, a full disk behind a redirection is an error, and a reader that went away ends the
//! command quietly. Rust ignores SIGPIPE for us; a write to a closed pipe is an ordinary error.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use console::measure_text_width;
use serde::Serialize;

use super::failure::Failure;
use super::json;

/// What the person asked for about output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub json: bool,
    pub quiet: bool,
    pub no_progress: bool,
    pub verbose: bool,
}

/// The standard output of a command.
pub struct Output {
    style: Style,
    out: BufWriter<Stdout>,
}

impl Output {
    pub fn new(style: Style) -> Output {
        Output {
            style,
            out: BufWriter::with_capacity(64 * 1024, io::stdout()),
        }
    }

    pub fn style(&self) -> Style {
        self.style
    }

    pub fn is_json(&self) -> bool {
        self.style.json
    }

    /// Progress is shown to a person who watches: on a terminal, and unless told otherwise.
    pub fn shows_progress(&self) -> bool {
        let style = self.style;
        !(style.json || style.quiet || style.no_progress) && io::stderr().is_terminal()
    }

    /// A line of the result that was asked for; `--quiet` does not hide it.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.write_all(b"\n")?)
    }

    /// A line that tells what was done; `--quiet` hides it.
    pub fn tell(&mut self, text: &str) -> Result<(), Failure> {
        if self.style.quiet {
            return Ok(());
        }
        self.line(text)
    }

    /// The result as a JSON document.
    pub fn document<T: Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        json::write(&mut self.out, value)?;
        Ok(self.out.write_all(b"\n")?)
    }

    pub fn table(&mut self, table: &Table) -> Result<(), Failure> {
        for line in table.lines() {
            self.line(&line)?;
        }
        Ok(())
    }

    /// For contents, and for documents written piece by piece.
    pub fn raw(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Must be the last thing a command does: errors show here at the latest.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// A line on the standard error. If that fails there is nowhere left to say so.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Columns that line up; the last one is not padded.
pub struct Table {
    align: Vec<Align>,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With a headline; columns named in `columns`.
    pub fn new(columns: &[(&'static str, Align)]) -> Table {
        Table {
            align: columns.iter().map(|column| column.1).collect(),
            head: columns.iter().map(|column| column.0).collect(),
            rows: Vec::new(),
        }
    }

    /// Without a headline: the cells say themselves what they are.
    pub fn without_head(align: &[Align]) -> Table {
        Table {
            align: align.to_vec(),
            head: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn lines(&self) -> Vec<String> {
        let head: Vec<String> = self.head.iter().map(|&name| name.to_owned()).collect();
        let all = || {
            Some(&head)
                .filter(|head| !head.is_empty())
                .into_iter()
                .chain(&self.rows)
        };
        let columns = all().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in all() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(measure_text_width(cell));
            }
        }
        all().map(|row| self.join(row, &widths)).collect()
    }

    fn join(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            let padding = " ".repeat(width.saturating_sub(measure_text_width(cell)));
            if self.align.get(column) == Some(&Align::Right) {
                line.push_str(&padding);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&padding);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// `name: value` lines that line up.
pub fn facts(facts: &[(&str, String)]) -> Vec<String> {
    let width = facts
        .iter()
        .map(|(name, _)| measure_text_width(name))
        .max()
        .unwrap_or(0);
    facts
        .iter()
        .map(|(name, value)| {
            let padding = " ".repeat(width - measure_text_width(name));
            format!("{name}:{padding} {value}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_script() {
        let mut table = Table::new(&[("NAME", Align::Left), ("SIZE", Align::Right)]);
        table.row(vec!["日本".into(), "1.0 KiB".into()]);
        table.row(vec!["a".into(), "12 B".into()]);
        assert_eq!(
            table.lines(),
            ["NAME     SIZE", "日本  1.0 KiB", "a        12 B"]
        );
    }

    #[test]
    fn facts_line_up() {
        let lines = facts(&[("a", "1".into()), ("long", "2".into())]);
        assert_eq!(lines, ["a:    1", "long: 2"]);
    }
}
