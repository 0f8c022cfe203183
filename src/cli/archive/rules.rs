//! The options that say what an archive leaves out, shared by `create` and `edit`.

use clap::Args;

use crate::cli::values;
use crate::snapshot::specification::Specification;

#[derive(Args, Debug)]
#[group(skip)]
pub struct Rules {
    /// Leave out folders that match, by name (node_modules) or by whole path (/home/me/tmp)
    #[arg(long, value_name = "GLOB", allow_hyphen_values = true)]
    pub exclude_dir: Vec<String>,

    /// Leave out files that match, by name (*.o) or by whole path
    #[arg(long, value_name = "GLOB", allow_hyphen_values = true)]
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

impl Rules {
    /// Whether any of the options is given.
    pub fn is_given(&self) -> bool {
        let Rules {
            exclude_dir,
            exclude_file,
            exclude_larger_than,
            exclude_caches,
            exclude_nodump,
            one_file_system,
            ignore_files,
            keep_broken_links,
            uncompressed,
        } = self;
        !exclude_dir.is_empty()
            || !exclude_file.is_empty()
            || exclude_larger_than.is_some()
            || *exclude_caches
            || *exclude_nodump
            || *one_file_system
            || *ignore_files
            || *keep_broken_links
            || *uncompressed
    }

    /// Adds the rules to a specification; takes none away.
    pub fn add_to(&self, specification: &mut Specification) {
        add(&mut specification.exclude_dirs, &self.exclude_dir);
        add(&mut specification.exclude_files, &self.exclude_file);
        if self.exclude_larger_than.is_some() {
            specification.exclude_larger_than = self.exclude_larger_than;
        }
        specification.exclude_caches |= self.exclude_caches;
        specification.exclude_nodump |= self.exclude_nodump;
        specification.one_file_system |= self.one_file_system;
        specification.ignore_files |= self.ignore_files;
        specification.keep_broken_links |= self.keep_broken_links;
        specification.compress_snapshots &= !self.uncompressed;
    }
}

/// Adds what is not there yet.
pub fn add<T: Clone + PartialEq>(rules: &mut Vec<T>, more: &[T]) {
    for rule in more {
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
}
