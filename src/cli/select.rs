//! Options that say which archive and which of its snapshots, the same in every command.

use std::path::PathBuf;

use clap::{Args, ValueHint};

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
    pub fn is_given(&self) -> bool {
        self.back.is_some() || self.snapshot.is_some()
    }
}
