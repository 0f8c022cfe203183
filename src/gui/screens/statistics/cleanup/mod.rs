//! What deleting snapshots would free, before any is deleted: ticks, or a rule for what to keep, and what comes of
//! it.
//!
//! Each change of the ticks is answered in three steps, each by a thread that the next change stops: what is freed,
//! from what is in memory; which versions of files are lost, from the snapshots; and, when somebody asks, how
//! many bytes the repository has then, by carrying all of it out on paper.
//! - [`data`] ticks and rules, [`effect`] what comes of them; [`ui`], [`rule_ui`], [`effect_ui`] draw

pub mod data;
pub mod effect;
mod effect_ui;
mod rule_ui;
mod ui;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::data::{Key, Ticks};
use self::effect::{Exact, Gone, Released};
use super::data::Row;
use crate::catalog::DeletionEffect;
use crate::format::id::Id;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::DeleteSnapshots;
use crate::gui::lines::{delete_chosen, what_if_deleted};
use crate::gui::widgets::table::TableState;
use crate::jobs::Fetch;
use crate::snapshot::archive::keep::KeepRule;

/// The state of this part of the screen.
#[derive(Default)]
pub struct Cleanup {
    pub ticks: Ticks,
    pub rule: KeepRule,
    table: TableState,
    /// The ticks that the table shows, and how many rows it had.
    tabled: Option<(Ticks, usize)>,
    effect: Fetch<DeletionEffect>,
    effect_of: Option<Basis>,
    gone: Fetch<Gone>,
    gone_of: Option<Basis>,
    /// Of the overview, when that was looked at last.
    refreshes: u64,
    gone_table: TableState,
    exact: Fetch<Exact>,
    exact_of: Option<Basis>,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Basis {
    ticks: Ticks,
    /// Of each repository, which answer of what it holds.
    answers: BTreeMap<Id, u64>,
}

/// What was asked for while drawing.
enum Ask {
    /// The boxes are as they are in the table now.
    Ticks,
    Rule(KeepRule),
    None,
    Exact,
    StopExact,
    Delete,
    Browse(Key),
    /// All versions of a file, at the snapshot that has it last.
    History {
        key: Key,
        path: Vec<u8>,
    },
}

impl Cleanup {
    /// Other snapshots are looked at now.
    pub fn reset(&mut self) {
        *self = Cleanup::default();
    }

    /// What is freed by what is ticked, once it is known.
    pub fn effect(&self) -> Option<&DeletionEffect> {
        self.effect.value().filter(|_| !self.effect.is_loading())
    }

    /// The versions of files that are lost, once they are known.
    pub fn gone(&self) -> Option<&Gone> {
        self.gone.value().filter(|_| !self.gone.is_loading())
    }

    /// With tables, once it is known.
    pub fn exact(&self) -> Option<&Exact> {
        self.exact.value().filter(|_| !self.exact.is_loading())
    }

    /// Takes in what threads have found out, and asks for what is needed.
    pub fn update(&mut self, rows: &[Row], is_shown: bool, cx: &Cx<'_>) {
        self.effect.poll();
        self.gone.poll();
        self.exact.poll();
        self.ticks.retain(rows);
        if self.tabled.as_ref() != Some(&(self.ticks.clone(), rows.len())) {
            self.table.selected = self.ticks.places(rows);
            self.tabled = Some((self.ticks.clone(), rows.len()));
        }
        if !is_shown {
            return;
        }
        let Some((basis, released)) = self.basis(rows, cx) else {
            return;
        };
        if self.exact_of.as_ref().is_some_and(|of| *of != basis) {
            self.exact.clear();
            self.exact_of = None;
        }
        if basis.ticks.is_empty() {
            self.effect.clear();
            self.gone.clear();
            (self.effect_of, self.gone_of) = (None, None);
            return;
        }
        // What failed is tried again when everything is looked at again.
        if self.gone.error().is_some() && self.refreshes != cx.overview.refreshes {
            self.gone.clear();
            self.gone_of = None;
        }
        self.refreshes = cx.overview.refreshes;
        if self.effect_of.as_ref() != Some(&basis) {
            let released = released.clone();
            self.effect.start(cx.workers, "what if", move |_| {
                Ok(effect::effect(&released))
            });
            self.effect_of = Some(basis.clone());
            // It is of other ticks.
            self.gone.clear();
            self.gone_of = None;
        }
        if !self.effect.is_loading() && self.gone_of.as_ref() != Some(&basis) {
            self.gone
                .start(cx.workers, "lost versions", move |monitor| {
                    effect::gone(&released, monitor)
                });
            self.gone_of = Some(basis);
            self.gone_table.reset();
        }
    }

    /// What is ticked, and who holds what there, if that is known of all repositories that it is about.
    fn basis(&self, rows: &[Row], cx: &Cx<'_>) -> Option<(Basis, Vec<Released>)> {
        let mut released: BTreeMap<Id, Released> = BTreeMap::new();
        for row in rows.iter().filter(|row| self.ticks.holds(row)) {
            let id = row.repository;
            if let std::collections::btree_map::Entry::Vacant(place) = released.entry(id) {
                let holdings = Arc::clone(cx.holdings.get(id)?);
                place.insert(Released::of(holdings));
            }
            released.get_mut(&id)?.add(row);
        }
        let answers = released.keys().map(|id| (*id, cx.holdings.answers(*id)));
        let basis = Basis {
            ticks: self.ticks.clone(),
            answers: answers.collect(),
        };
        Some((basis, released.into_values().collect()))
    }

    fn handle(&mut self, ask: Ask, rows: &[Row], cx: &Cx<'_>, out: &mut Outbox) {
        match ask {
            Ask::Ticks => {
                let spared = self.ticks.take(rows, &self.table.selected);
                self.tabled = None;
                for archive in spared {
                    let told = format!(
                        "The newest snapshot of {archive} is left: tick it by itself if it is to go too"
                    );
                    out.tell(Tone::Information, told);
                }
            }
            Ask::Rule(rule) => {
                self.rule = rule;
                self.ticks = Ticks::of_rule(rows, &rule);
            }
            Ask::None => {
                self.rule = KeepRule::default();
                self.ticks = Ticks::default();
            }
            Ask::Exact => self.begin_exact(rows, cx),
            Ask::StopExact => {
                self.exact.clear();
                self.exact_of = None;
            }
            Ask::Delete => {
                let chosen = self.ticks.chosen(cx.overview);
                let dates = self.ticks.dates(&chosen);
                out.send(Command::Open(Box::new(DeleteSnapshots::new(chosen, dates))));
            }
            Ask::Browse(key) => out.send(key.browse(None)),
            Ask::History { key, path } => out.send(key.browse(Some(path))),
        }
    }

    fn begin_exact(&mut self, rows: &[Row], cx: &Cx<'_>) {
        let Some((basis, _)) = self.basis(rows, cx) else {
            return;
        };
        let (catalog, chosen) = (cx.catalog.clone(), self.ticks.chosen(cx.overview));
        self.exact.start(cx.workers, "to the byte", move |monitor| {
            effect::exact(&catalog, &chosen, monitor)
        });
        self.exact_of = Some(basis);
    }

    /// What to type for what is ticked.
    pub fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        let chosen = self.ticks.chosen(cx.overview);
        let mut lines = vec![what_if_deleted(&chosen)];
        lines.extend(delete_chosen(&chosen));
        lines
    }
}
