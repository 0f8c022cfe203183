//! Options that say which archive and which of its snapshots, the same in every command.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::failure::{Exit, Failure};
use crate::error::Error;
use crate::snapshot::archive::keep::KeepRule;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::archive::select::Select;

/// Which archive: by its name in the configuration, or by its files when the configuration is lost.
#[derive(Args, Debug)]
#[group(skip)]
pub struct Source {
    /// Name of the archive
    #[arg(
        short = 'A',
        long = "archive",
        value_name = "NAME",
        required_unless_present = "exigency",
        conflicts_with = "exigency"
    )]
    pub archive: Option<String>,

    /// A snapshot file or a folder of them, in place of -A; needs no configuration
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub exigency: Option<PathBuf>,

    /// With --exigency: the repository's folder, if it is not where the snapshot says
    #[arg(long, value_name = "DIR", requires = "exigency",
        conflicts_with = "archive", value_hint = ValueHint::DirPath)]
    pub repository: Option<PathBuf>,
}

/// Which snapshot of the archive.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Selection {
    /// The snapshot that many steps back: 0 is the newest, 1 the one before; -1 is the oldest, -2 the
    /// second oldest
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        conflicts_with = "snapshot"
    )]
    pub back: Option<i64>,

    /// The snapshot of that name, as `gibus snapshots` prints it
    #[arg(long, value_name = "NAME")]
    pub snapshot: Option<String>,
}

impl Selection {
    /// What the options say; `None` when none is given.
    ///
    /// Errors: exit code 10 for what cannot be the name of a snapshot.
    pub fn select(&self) -> Result<Option<Select>, Failure> {
        match &self.snapshot {
            Some(name) => Ok(Some(Select::Named(parse_snapshot(name)?))),
            None => Ok(self.back.map(Select::Back)),
        }
    }
}

/// Which snapshots of an archive are kept, the others being given up.
#[derive(Args, Clone, Debug, Default)]
#[group(id = "keep", multiple = true)]
pub struct Keep {
    /// Keep the newest N
    #[arg(long, value_name = "N", visible_alias = "all-but-newest", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_last: Option<u32>,

    /// Keep the newest of each of the last N days that have any
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_daily: Option<u32>,

    /// Likewise of weeks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_weekly: Option<u32>,

    /// Likewise of months
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_monthly: Option<u32>,

    /// Likewise of years
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_yearly: Option<u32>,
}

impl Keep {
    /// The rule that the options make; `None` when none is given.
    pub fn rule(&self) -> Option<KeepRule> {
        let rule = KeepRule {
            last: self.keep_last.unwrap_or(0),
            days: self.keep_daily.unwrap_or(0),
            weeks: self.keep_weekly.unwrap_or(0),
            months: self.keep_monthly.unwrap_or(0),
            years: self.keep_yearly.unwrap_or(0),
        };
        (!rule.is_empty()).then_some(rule)
    }
}

/// Errors: exit code 10, for there is no snapshot of a name that none can have.
pub fn parse_snapshot(name: &str) -> Result<SnapshotName, Failure> {
    name.parse().map_err(|error: Error| Failure::Error {
        error,
        exit: Exit::Missing,
    })
}
