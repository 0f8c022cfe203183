//! What every screen and dialog may look at, and what it may start threads with.

use std::sync::Arc;

use jiff::Zoned;

use super::disks::FindDisks;
use super::grown::Grown;
use super::holdings::HoldingsCache;
use super::overview::Overview;
use super::picker::Picker;
use super::settings::Settings;
use crate::catalog::Catalog;
use crate::jobs::history::History;
use crate::jobs::{Jobs, Workers};

/// The surroundings of a screen. Looking at them costs nothing; none of them touches a disk on this thread.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// For work on other threads.
    pub catalog: &'a Catalog,
    pub workers: &'a Workers,
    /// Asks for folders and files, on another thread.
    pub picker: &'a Arc<dyn Picker>,
    /// Finds out which disks are mounted, on another thread.
    pub disks: &'a FindDisks,
    pub overview: &'a Overview,
    /// Who holds what in repositories, as far as somebody has asked.
    pub holdings: &'a HoldingsCache,
    /// What snapshots brought, as far as somebody has asked.
    pub grown: &'a Grown,
    pub jobs: &'a Jobs,
    pub history: &'a History,
    pub settings: &'a Settings,
    /// When this frame is drawn.
    pub now: &'a Zoned,
}
