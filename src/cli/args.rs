//! The definitions of the command line: what clap parses, and what man pages and completions are made of.
//!
//! Each command's own options stand in its own file; here is what holds them together. The commands of
//! the original program (`new_repo`, `bu`, `lss` …) go on working: those that became one command are
//! aliases of it, those that became a command of a group are hidden commands that do the same.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueHint};

use super::{
    archive, backup, cat, delete, demo, diff, duplicates, exigency, extract, find, generate,
    growth, gui, ls, pick, repo, restore, snapshots, usage, values, versions, what_if,
};

/// Backs up your files: every content once, every snapshot a file of its own.
#[derive(Debug, Parser)]
#[command(name = "gibus", version, long_about = ABOUT)]
#[command(after_long_help = EXIT_CODES)]
pub struct CommandLine {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const ABOUT: &str = "\
Backs up your files: every content once, every snapshot a file of its own.

A repository keeps the contents of files, each once. An archive says what to back up, and has a
series of snapshots. Start with `gibus demo`, or with:

    gibus repo create main --location /media/me/backup
    gibus archive create home --repo main --include ~
    gibus backup -A home";

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    done, but not all of it: some files could not be read or restored, prune left something
  10   no such repository, archive or snapshot
  11   locked: somebody else is at work, and the message says who
  130  interrupted";

/// Options that every command has.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of all commands")]
pub struct Global {
    /// Where the configuration is, in place of ~/.config/gibus and of what GIBUS_CONFIG_DIR says
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub config_dir: Option<PathBuf>,

    /// Print the results that were asked for, and what went wrong, and nothing else
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Show no progress
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// Print results as JSON, sizes in bytes, times in RFC 3339
    #[arg(long, global = true)]
    pub json: bool,

    /// Tell about every file that went wrong, however many they are
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Wait this long for a repository that is locked, e.g. 30s, 5m
    #[arg(long, global = true, value_name = "DURATION", default_value = "0", hide_default_value = true, value_parser = values::parse_duration)]
    pub wait: Duration,

    /// Give up when a disk or a share has not answered a call for this long (0: never); ten times as
    /// long for calls that make data durable
    #[arg(long, global = true, value_name = "DURATION", default_value = "60s", value_parser = values::parse_duration)]
    pub patience: Duration,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Repositories: where contents are kept
    #[command(subcommand, visible_alias = "repository")]
    Repo(repo::Command),
    /// Archives: what is backed up, and where to
    #[command(subcommand)]
    Archive(archive::Command),
    #[command(alias = "bu")]
    Backup(backup::Options),
    #[command(alias = "lss")]
    Snapshots(snapshots::Options),
    #[command(alias = "ldc")]
    Ls(ls::Options),
    Find(find::Options),
    Versions(versions::Options),
    Diff(diff::Options),
    Usage(usage::Options),
    Growth(growth::Options),
    Duplicates(duplicates::Options),
    Cat(cat::Options),
    Extract(extract::Options),
    Restore(restore::Options),
    #[command(alias = "del")]
    Delete(delete::Options),
    /// What something would do, without doing it
    #[command(name = "what-if", subcommand)]
    WhatIf(what_if::Command),
    /// Recovery when the configuration is lost
    #[command(subcommand)]
    Exigency(exigency::Command),
    Demo(demo::Options),
    Gui(gui::Options),
    #[command(hide = true)]
    Pick(pick::Options),

    #[command(hide = true)]
    Completions(generate::CompletionsOptions),
    #[command(hide = true)]
    Man(generate::ManOptions),

    #[command(name = "new_repo", hide = true)]
    NewRepo(repo::create::Options),
    #[command(name = "lr", hide = true)]
    ListRepos(repo::list::Options),
    #[command(name = "repo_stats", hide = true)]
    RepoStats(repo::stats::Options),
    #[command(name = "prune", hide = true)]
    Prune(repo::prune::Options),
    #[command(name = "compress", hide = true)]
    Compress(repo::convert::Options),
    #[command(name = "new", hide = true)]
    NewArchive(archive::create::Options),
    #[command(name = "la", hide = true)]
    ListArchives(archive::list::Options),
}
