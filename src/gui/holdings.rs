//! Who holds what in the repositories, for everything in the window that tells what snapshots take.
//!
//! Opening that takes a second or so, and then each question milliseconds. So it is opened when somebody asks, kept
//! while the repository stays as it is, and opened anew when somebody asks after it has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::overview::{Overview, RepositoryOverview};
use crate::catalog::Catalog;
use crate::error::Error;
use crate::format::id::Id;
use crate::jobs::{Fetch, Workers};
use crate::repository::holdings::Holdings;
use crate::repository::stats::RepositoryStats;

/// The repositories that somebody has asked about.
#[derive(Default)]
pub struct HoldingsCache {
    asked: BTreeMap<Id, Asked>,
}

struct Asked {
    holdings: Fetch<Arc<Holdings>>,
    /// How the repository was when it was asked about.
    stats: Option<RepositoryStats>,
    /// How often everything had been looked at again by then.
    refreshes: u64,
    /// Counts the answers.
    answers: u64,
}

impl HoldingsCache {
    /// Takes in what has been opened.
    pub fn update(&mut self) {
        for asked in self.asked.values_mut() {
            asked.answers += u64::from(asked.holdings.poll());
        }
    }

    /// Whether [`HoldingsCache::open`] would find out something that is not known. A repository of which is not
    /// known yet how it is will be asked about when it is.
    pub fn is_stale(&self, repository: Id, overview: &Overview) -> bool {
        let its = of_overview(repository, overview);
        if its.is_some_and(|its| its.stats.is_loading() && its.stats.value().is_none()) {
            return false;
        }
        let Some(asked) = self.asked.get(&repository) else {
            return true;
        };
        if asked.holdings.is_loading() {
            return false;
        }
        let is_other = asked.stats.as_ref() != its.and_then(|its| its.stats.value());
        let is_tried_again =
            asked.holdings.error().is_some() && asked.refreshes != overview.refreshes;
        is_other || is_tried_again
    }

    /// Opens it, or opens it anew; what is known stays until then.
    pub fn open(
        &mut self,
        repository: Id,
        overview: &Overview,
        catalog: &Catalog,
        workers: &Workers,
    ) {
        let asked = self.asked.entry(repository).or_insert_with(|| Asked {
            holdings: Fetch::default(),
            stats: None,
            refreshes: 0,
            answers: 0,
        });
        let its = of_overview(repository, overview);
        asked.stats = its.and_then(|its| its.stats.value().cloned());
        asked.refreshes = overview.refreshes;
        let catalog = catalog.clone();
        asked
            .holdings
            .start(workers, "who holds what", move |monitor| {
                let found = catalog.repository_with_id(repository)?;
                Ok(Arc::new(found.repository.holdings(monitor)?))
            });
    }

    /// What is known of it.
    pub fn get(&self, repository: Id) -> Option<&Arc<Holdings>> {
        self.asked.get(&repository)?.holdings.value()
    }

    /// Why it is not known.
    pub fn error(&self, repository: Id) -> Option<&Error> {
        self.asked.get(&repository)?.holdings.error()
    }

    /// Whether it is being opened, and whether its place has not answered for a while.
    pub fn is_loading(&self, repository: Id) -> Option<bool> {
        let holdings = &self.asked.get(&repository)?.holdings;
        holdings.is_loading().then(|| holdings.is_not_answering())
    }

    /// There is an answer, and nothing better is on its way.
    pub fn is_settled(&self, repository: Id, overview: &Overview) -> bool {
        let asked = self.asked.get(&repository);
        let is_answered =
            asked.is_some_and(|asked| !asked.holdings.is_loading() && !asked.holdings.is_empty());
        is_answered && !self.is_stale(repository, overview)
    }

    /// Tells one answer from the next.
    pub fn answers(&self, repository: Id) -> u64 {
        self.asked.get(&repository).map_or(0, |asked| asked.answers)
    }
}

fn of_overview(repository: Id, overview: &Overview) -> Option<&RepositoryOverview> {
    overview.repositories.iter().find(|one| {
        let entry = one.entry.as_ref();
        entry.is_ok_and(|entry| entry.id == repository)
    })
}
