//! Exigency: the configuration is lost, and there is a disk with backups on it.
//!
//! Whatever is needed is beside the contents: an archive's folder says in `archive.toml` what it is and which
//! repository it uses; each snapshot says the same once more in its header; a repository says who it is in
//! `repository.toml`. Nothing here writes anything.
//!
//! - [`search`][]: finds all of that below some folders
//! - [`series`][]: opens a snapshot file, or a folder of them, as if it were an archive
//! - [`repository`][]: finds the repository that goes with it, moved disks and all
//! - [`adopt`][]: what has to be written into a new configuration

pub mod adopt;
pub mod repository;
pub mod search;
pub mod series;

#[cfg(test)]
mod tests;
