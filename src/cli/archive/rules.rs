//! The options that say what an archive leaves out, shared by `create` and `edit`.

use clap::Args;

use crate::cli::values;

#[derive(Args, Debug)]
#[group(skip)]
pub struct Rules {
    /// Leave out folders that match, by name (node_modules) or by whole path (/home/me/tmp)
    #[arg(long, value_name = "GLOB")]
    pub exclude_dir: Vec<String>,

    /// Leave out files that match, by name (*.o) or by whole path
    #[arg(long, value_name = "GLOB")]
    pub exclude_file: Vec<String>,

    /// Leave out files larger than this, e.g. 500M, 2G
    #[arg(long, value_name = "SIZE", value_parser = values::parse_size)]
    pub exclude_larger_than: Option<u64>,

    /// Leave out what is in folders marked as caches by a CACHEDIR.TAG
    #[arg(long)]
    pub exclude_caches: bool,

    /// Leave out what has the attribute nodump (chattr +d)
    #[arg(long)]
    pub exclude_nodump: bool,

    /// Do not enter other file systems that are mounted below
    #[arg(long)]
    pub one_file_system: bool,

    /// Leave out what .gitignore and .ignore files name
    #[arg(long)]
    pub ignore_files: bool,

    /// Back up symbolic links that lead nowhere, too
    #[arg(long)]
    pub keep_broken_links: bool,

    /// Do not compress the snapshot files
    #[arg(long)]
    pub uncompressed: bool,
}
