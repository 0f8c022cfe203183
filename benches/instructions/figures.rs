//! The figures that are checked in, and the table that compares with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How much more than its figure a path may take, in percent.
const TOLERATED: f64 = 10.0;
/// How much a path may vary from run to run, in percent, before it is said.
const STEADY: f64 = 2.0;

const HEADING: &str = "\
# Instructions that the engine's hot paths take. Written by:
#   cargo bench --bench instructions -- --save
# Each line: path, instructions (the middle one of three runs), percent from the lowest to the highest run.
";

/// What one path takes.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub instructions: u64,
    /// From the lowest to the highest run, in percent.
    pub spread: f64,
}

impl Figure {
    /// Of at least one count.
    pub fn of(counts: &mut [u64]) -> Figure {
        counts.sort_unstable();
        Figure {
            instructions: counts[counts.len() / 2],
            spread: percent_more(counts[0], counts[counts.len() - 1]),
        }
    }
}

fn percent_more(before: u64, after: u64) -> f64 {
    (after as f64 / before.max(1) as f64 - 1.0) * 100.0
}

/// What else decides about counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions(Vec<String>);

impl Conditions {
    pub fn here(valgrind: String) -> Conditions {
        let rustc = Command::new("rustc").arg("--version").output();
        let rustc = rustc.map_or_else(
            |_| "an unknown rustc".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        );
        Conditions(vec![rustc, valgrind, processor()])
    }
}

/// Libraries choose their code by what the processor has, or what valgrind knows of it.
fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    let widest = match () {
        () if is_x86_feature_detected!("avx2") => " with AVX2",
        () => " without AVX2",
    };
    #[cfg(not(target_arch = "x86_64"))]
    let widest = "";
    format!("{}{widest}", std::env::consts::ARCH)
}

/// The file.
pub struct Figures {
    conditions: Conditions,
    by_name: BTreeMap<String, Figure>,
}

impl Figures {
    /// Reads the file; without one there are no figures.
    pub fn read() -> Result<Figures, String> {
        let text = match std::fs::read_to_string(place()) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(format!("{}: {e}", place().display())),
        };
        let mut conditions = Vec::new();
        let mut by_name = BTreeMap::new();
        for line in text.lines() {
            if let Some(condition) = line.strip_prefix("with ") {
                conditions.push(condition.to_owned());
            } else if !line.starts_with('#') && !line.is_empty() {
                let (name, figure) = parse(line).ok_or(format!("no figure: {line}"))?;
                by_name.insert(name, figure);
            }
        }
        Ok(Figures {
            conditions: Conditions(conditions),
            by_name,
        })
    }

    pub fn get(&self, name: &str) -> Option<Figure> {
        self.by_name.get(name).copied()
    }

    pub fn set(&mut self, name: &str, figure: Figure) {
        self.by_name.insert(name.to_owned(), figure);
    }

    pub fn write(&self, conditions: &Conditions) -> Result<(), String> {
        let mut text = HEADING.to_owned();
        for condition in &conditions.0 {
            text.push_str(&format!("with {condition}\n"));
        }
        for (name, figure) in &self.by_name {
            let Figure {
                instructions,
                spread,
            } = figure;
            text.push_str(&format!("{name} {instructions} {spread:.1}\n"));
        }
        std::fs::write(place(), text).map_err(|e| format!("{}: {e}", place().display()))
    }

    /// Whether there are none that were made under other conditions.
    pub fn are_of(&self, here: &Conditions) -> bool {
        self.by_name.is_empty() || self.conditions == *here
    }

    /// Says where the figures were made under other conditions than those here.
    pub fn tell_differences(&self, here: &Conditions) {
        for (then, now) in self.conditions.0.iter().zip(&here.0) {
            if then != now {
                println!("note: the figures are of {then}, here is {now}");
            }
        }
    }
}

fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/figures.txt")
}

fn parse(line: &str) -> Option<(String, Figure)> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    let instructions = words.next()?.parse().ok()?;
    let spread = words.next()?.parse().ok()?;
    let figure = Figure {
        instructions,
        spread,
    };
    Some((name, figure))
}

/// A line of the table.
pub struct Row {
    name: &'static str,
    pub counted: Figure,
    figure: Option<Figure>,
}

pub fn print_heading() {
    println!(
        "{:<20} {:>14} {:>14} {:>9}",
        "path", "instructions", "figure", "differs"
    );
}

impl Row {
    pub fn new(name: &'static str, counted: Figure, figure: Option<Figure>) -> Row {
        Row {
            name,
            counted,
            figure,
        }
    }

    fn differs(&self) -> Option<f64> {
        let figure = self.figure?;
        Some(percent_more(figure.instructions, self.counted.instructions))
    }

    pub fn is_much_worse(&self) -> bool {
        self.differs().is_some_and(|percent| percent > TOLERATED)
    }

    pub fn print(&self) {
        let (figure, differs) = match (self.figure, self.differs()) {
            (Some(figure), Some(percent)) => {
                (figure.instructions.to_string(), format!("{percent:+.1} %"))
            }
            _ => ("-".to_owned(), "-".to_owned()),
        };
        let counted = self.counted.instructions;
        print!("{:<20} {counted:>14} {figure:>14} {differs:>9}", self.name);
        let known = self.figure.map_or(0.0, |figure| figure.spread);
        let spread = self.counted.spread.max(known);
        if spread > STEADY {
            print!("  varies by {spread:.1} %");
        }
        println!("{}", if self.is_much_worse() { "  WORSE" } else { "" });
    }
}
