//! Where contents come from: a repository, or whatever stands in for one.

use crate::error::Result;
use crate::format::digest::ContentDigest;
use crate::progress::Monitor;
use crate::repository::Repository;
use crate::repository::read::many::{ContentSink, Wanted};
use crate::repository::token::Token;

/// Delivers contents, in whatever order suits it, by several threads.
pub trait Contents: Sync {
    /// See [`Repository::copy_many`].
    fn copy_many(
        &self,
        wanted: Vec<Wanted>,
        sink: &dyn ContentSink,
        monitor: &Monitor,
    ) -> Result<()>;

    /// See [`Repository::content_digest`].
    fn content_digest(&self, token: &Token) -> Result<ContentDigest>;
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

    fn content_digest(&self, token: &Token) -> Result<ContentDigest> {
        Repository::content_digest(self, token)
    }
}
