//! A folder of the plan while its entries are being planned.

use std::collections::{HashMap, HashSet};
use std::vec;

use rustix::fs::fstatvfs;
use rustix::io::Errno;

use super::super::folders::FolderId;
use super::super::plan::{Obstacle, Plan, Policy, name_aside};
use super::super::target::TargetFolder;
use super::selection::Asked;
use crate::error::Result;
use crate::snapshot::capture::{FileId, Stat};
use crate::snapshot::file::Listing;
use crate::snapshot::tree::{Entry, Name, Totals};

/// The entries of a folder of the plan.
pub(super) enum Entries<'a> {
    Items(vec::IntoIter<Entry>),
    Listing(Box<Listing<'a>>),
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        match self {
            Entries::Items(items) => items.next().map(Ok),
            Entries::Listing(listing) => listing.next(),
        }
    }
}

/// A folder that exists on both sides, or is about to be made, while its entries are planned.
pub(super) struct Level<'a> {
    /// Its number in the plan.
    pub(super) folder: usize,
    /// `None`: it does not exist yet, and so nothing in it does.
    pub(super) id: Option<FolderId>,
    pub(super) device: u64,
    pub(super) entries: Entries<'a>,
    pub(super) asked: Asked,
    /// In the snapshot; kept while not everything was asked for.
    pub(super) path: Vec<u8>,
    /// Steps from this one on are below the folder.
    pub(super) first_action: usize,
    /// Whether the folder has a step of its own.
    pub(super) has_own_step: bool,
    pub(super) left: Totals,
    pub(super) writable: Option<std::result::Result<(), Obstacle>>,
    pub(super) seen: HashMap<FileId, Name>,
    pub(super) names_aside: HashSet<Name>,
}

impl<'a> Level<'a> {
    pub(super) fn new(
        folder: usize,
        id: Option<FolderId>,
        device: u64,
        entries: Entries<'a>,
        asked: Asked,
        path: Vec<u8>,
    ) -> Level<'a> {
        Level {
            folder,
            id,
            device,
            entries,
            asked,
            path,
            first_action: 0,
            has_own_step: false,
            left: Totals::default(),
            writable: None,
            seen: HashMap::new(),
            names_aside: HashSet::new(),
        }
    }

    /// Begins after the steps that the plan has.
    pub(super) fn after(mut self, plan: &Plan) -> Level<'a> {
        self.first_action = plan.actions.len();
        self
    }

    pub(super) fn check_writable(
        &mut self,
        folder: &TargetFolder,
    ) -> std::result::Result<(), Obstacle> {
        let writable = self.writable.get_or_insert_with(|| {
            let asked_for = self.asked == Asked::Whole;
            match folder.check_writable() {
                Ok(()) => Ok(()),
                Err(Errno::ROFS) => Err(Obstacle::ReadOnly),
                // It is opened up while things are put in, and gets the snapshot's mode at the end.
                Err(_) if asked_for && is_own(folder) => Ok(()),
                Err(_) => Err(Obstacle::NoPermission),
            }
        });
        writable.clone()
    }

    /// The earlier entry of this folder that the target takes for the same name. (Names of one file
    /// that has several are told apart.)
    pub(super) fn same_name(&mut self, found: &Stat, name: &Name) -> Option<Name> {
        if found.links > 1 && !found.is_directory() {
            return None;
        }
        let earlier = self.seen.insert(found.id, name.clone());
        earlier.filter(|earlier| earlier != name)
    }

    pub(super) fn name_aside(
        &mut self,
        folder: &TargetFolder,
        name: &Name,
        policy: Policy,
    ) -> Option<Name> {
        let longest = fstatvfs(folder).map_or(255, |stat| stat.f_namemax);
        let longest = usize::try_from(longest)
            .unwrap_or(255)
            .clamp(1, Name::MAX_LEN);
        for attempt in 0..10_000 {
            let aside = name_aside(name, policy.now, attempt, longest)?;
            if !self.names_aside.contains(&aside) && matches!(folder.find(&aside), Ok(None)) {
                self.names_aside.insert(aside.clone());
                return Some(aside);
            }
        }
        None
    }
}

fn is_own(folder: &TargetFolder) -> bool {
    let user = rustix::process::geteuid().as_raw();
    folder.found().is_ok_and(|found| found.uid == user)
}
