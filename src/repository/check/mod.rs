//! Check: is everything there, and is it what was stored?
//!
//! It reads and reports; it changes nothing, so it works on a read-only repository. What it finds is
//! either *damage* (something that is claimed cannot be read as it was stored, or will not be believed)
//! or a *leftover* (space that is kept too long, which prune puts right).

mod contents;
mod packs;

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::Repository;
use super::claims::{ClaimState, LiveClaims, list_claims, read_claim};
use super::index::Index;
use super::store::existing_packs;
use super::table::table_name;
use super::token::{ContentNumber, SegmentId};
use crate::error::{Error, Result};
use crate::format::id::Id;
use crate::progress::{Monitor, Phase};

/// How thorough to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Read every stored byte, not only the structure.
    pub read_data: bool,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Space that is kept too long; prune puts it right.
    Leftover,
    /// Something stored is lost, or cannot be trusted.
    Damage,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The file of the repository, relative to it, or what else it is about.
    pub what: String,
    pub why: String,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    pub findings: Vec<Finding>,
    /// Contents that cannot be read as they were stored, claimed or not.
    pub damaged: HashMap<SegmentId, RoaringBitmap>,
    /// Packs that are not as they were written, though some of what is in them may be.
    pub damaged_packs: Vec<Id>,
    /// What was looked at.
    pub contents: u64,
    pub packs: u64,
    pub tables: u64,
    pub claims: u64,
    /// Stored bytes that were read and verified.
    pub bytes_read: u64,
}

impl CheckReport {
    /// True when nothing is damaged.
    pub fn is_sound(&self) -> bool {
        !self.findings.iter().any(|f| f.severity == Severity::Damage)
    }

    /// True when this content cannot be read as it was stored.
    pub fn is_damaged(&self, number: ContentNumber) -> bool {
        self.damaged
            .get(&number.segment)
            .is_some_and(|ordinals| ordinals.contains(number.ordinal))
    }

    fn add(&mut self, severity: Severity, what: impl Into<String>, why: impl Into<String>) {
        self.findings.push(Finding {
            severity,
            what: what.into(),
            why: why.into(),
        });
    }

    fn mark(&mut self, number: ContentNumber) {
        self.damaged
            .entry(number.segment)
            .or_default()
            .insert(number.ordinal);
    }
}

impl Repository {
    /// Looks at everything that is stored.
    ///
    /// Errors only where the looking itself fails (a disk that is gone, a cancel); whatever is wrong with
    /// what is stored is in the report.
    pub fn check(&self, options: &CheckOptions, monitor: &Monitor) -> Result<CheckReport> {
        monitor.enter(Phase::Checking);
        let storage = &**self.storage();
        let mut report = CheckReport::default();
        if let Some(error) = self.damaged_settings() {
            report.add(Severity::Damage, "repository.toml", error.why());
        }
        let (mut index, damaged_tables) = Index::open_what_can_be(storage, self.id())?;
        for (id, error) in &damaged_tables {
            report.add(Severity::Damage, table_name(*id), error.why());
        }
        report.tables = index.tables().len() as u64;
        for table in index.tables() {
            report.bytes_read += table.file_len();
            if let Err(e) = fatal_or(table.verify())? {
                report.add(Severity::Damage, table_name(table.id()), e.why());
            }
        }
        for id in index.superseded() {
            let why = "a table that another one has taken over";
            report.add(Severity::Leftover, table_name(*id), why);
        }
        let live = self.check_claims(&mut report)?;
        index.note_packs(&existing_packs(storage)?)?;
        let states = self.check_packs(&index, options, &mut report, monitor)?;
        self.check_contents(
            &index,
            live.as_ref(),
            &states,
            options,
            &mut report,
            monitor,
        )?;
        for listed in storage.leftovers()? {
            let what = format!("tmp/{}", listed.name);
            report.add(Severity::Leftover, what, "an unfinished file");
        }
        Ok(report)
    }

    /// Reads every claim; `None` when they cannot all be believed.
    fn check_claims(&self, report: &mut CheckReport) -> Result<Option<LiveClaims>> {
        let storage = &**self.storage();
        for (claim, state) in list_claims(storage)? {
            if state != ClaimState::Live {
                continue;
            }
            report.claims += 1;
            if let Err(e) = fatal_or(read_claim(storage, self.id(), claim))? {
                report.add(
                    Severity::Damage,
                    format!("claims/{}.claim", claim.0),
                    e.why(),
                );
            }
        }
        match fatal_or(LiveClaims::load(storage, self.id()))? {
            Ok(live) => Ok(Some(live)),
            Err(e) => {
                if report.is_sound() {
                    report.add(Severity::Damage, "claims", e.why());
                }
                Ok(None)
            }
        }
    }
}

/// Separates what stops everything (the disk is gone, a cancel) from what is to be reported.
fn fatal_or<T>(result: Result<T>) -> Result<std::result::Result<T, Error>> {
    match result {
        Err(e) if e.is_fatal() => Err(e),
        other => Ok(other),
    }
}
