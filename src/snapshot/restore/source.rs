//! Where contents come from: a repository, or whatever stands in for one.

use crate::error::Result;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::read::many::{ContentSink, Wanted};

/// Delivers contents, in whatever order suits it, by several threads.
pub trait Contents: Sync {
    /// See [`Repository::copy_many`].
    fn copy_many(
        &self,
        wanted: Vec<Wanted>,
        sink: &dyn ContentSink,
        monitor: &Monitor,
    ) -> Result<()>;
}

impl Contents for Repository {
    fn copy_many(
        &self,
        wanted: Vec<Wanted>,
        sink: &dyn ContentSink,
        monitor: &Monitor,
    ) -> Result<()> {
        Repository::copy_many(self, wanted, sink, monitor)
    }
}
