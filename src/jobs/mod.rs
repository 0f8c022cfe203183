//! Work on other threads: what the window starts, watches and stops.
//!
//! - [`workers`] threads that wake the window when they have something
//! - [`fetch`] a value that is worked out elsewhere
//! - [`work`] everything that can be a job, and what comes of it
//! - [`source`] a series of snapshots, of the configuration or without it, and the contents for it
//! - [`get_back`] extracting and restoring: first a plan to look at, then carrying it out
//! - [`place`] what a folder is like as a place for backups, and which repositories lie in it
//! - [`list`] the jobs that are running, and those that have ended
//! - [`history`] jobs of earlier days
//!
//! Nothing here knows the window: it gets a `wake` closure. Progress is polled from the job's monitor; only
//! the end is a message.

pub mod fetch;
pub mod get_back;
pub mod history;
pub mod list;
pub mod place;
pub mod source;
pub mod work;
pub mod workers;

pub use fetch::Fetch;
pub use list::{Job, JobId, JobState, Jobs};
pub use work::{ChosenSnapshots, Done, Work};
pub use workers::{Wake, Workers};
