//! How much room the plan needs on each disk.

use std::collections::HashMap;

use super::super::plan::Plan;
use super::Planner;
use crate::error::Result;
use crate::snapshot::tree::{DirectoryEntry, Entry, Kind};

impl<'a> Planner<'a> {
    /// Counts the space that a file needs, less what it gives back.
    pub(super) fn needs(&mut self, device: u64, entry: &Entry, gives_back: u64) {
        let needed = self.data_bytes(entry).saturating_sub(gives_back);
        self.add_needed(device, needed);
    }

    pub(super) fn add_needed(&mut self, device: u64, bytes: u64) {
        let mut spaces = self.plan.spaces.iter_mut();
        if let Some(space) = spaces.find(|space| space.device == device) {
            space.needed_bytes = space.needed_bytes.saturating_add(bytes);
        }
    }

    /// Bytes that a file takes on the disk: not its holes, and each group of hard links once.
    pub(super) fn data_bytes(&mut self, entry: &Entry) -> u64 {
        let Kind::File(file) = &entry.kind else {
            return 0;
        };
        if let Some(group) = entry.hard_link
            && !self.link_groups.insert(group)
        {
            return 0;
        }
        let holes = file.holes.iter().map(|hole| hole.len);
        holes.fold(file.size, u64::saturating_sub)
    }

    /// Counts the space that trees need: their sums where these fit, exactly where they do not.
    pub(super) fn finish(mut self) -> Result<Plan> {
        let trees = std::mem::take(&mut self.trees);
        let mut sums: HashMap<u64, u64> = HashMap::new();
        for (device, tree) in &trees {
            let sum = sums.entry(*device).or_default();
            *sum = sum.saturating_add(tree.totals.bytes);
        }
        for (device, sum) in sums {
            let spaces = &self.plan.spaces;
            let Some(space) = spaces.iter().find(|space| space.device == device) else {
                continue;
            };
            let needed = space.needed_bytes.saturating_add(sum);
            if space.free_bytes.is_none_or(|free| needed <= free) {
                self.add_needed(device, sum);
                continue;
            }
            let mut below: Vec<DirectoryEntry> = trees
                .iter()
                .filter_map(|(on, tree)| (*on == device).then_some(*tree))
                .collect();
            while let Some(directory) = below.pop() {
                self.monitor.check_cancelled()?;
                for entry in self.snapshot.entries(&directory) {
                    match entry {
                        Ok(Entry {
                            kind: Kind::Directory(directory),
                            ..
                        }) => below.push(directory),
                        Ok(entry) => self.needs(device, &entry, 0),
                        Err(error) if error.is_fatal() => return Err(error),
                        // It is reported when it is to be made.
                        Err(_) => {}
                    }
                }
            }
        }
        Ok(self.plan)
    }
}
