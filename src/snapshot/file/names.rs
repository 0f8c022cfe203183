//! The names of a page alone, for a search: no entry is made of what is not looked for.

use super::columns::Columns;
use super::read::Snapshot;
use super::values::{Runs, Values, damaged};
use crate::error::Result;
use crate::format::digest::Blake3;
use crate::format::encoding::decode;
use crate::snapshot::tree::Name;

impl Snapshot {
    /// How many pages its listings are in.
    pub fn pages(&self) -> u32 {
        self.page_count()
    }

    /// What a page holds. Pages with the same digest, in snapshots of any age, hold the same listings.
    pub fn page_digest(&self, page: u32) -> Option<Blake3> {
        self.page_record(page).map(|record| record.blake3)
    }

    /// Which of the listings of which a page has a part, counted from 0 in the page, have a name there for
    /// which `is_wanted` says yes.
    pub fn parts_with_names(
        &self,
        page: u32,
        is_wanted: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u32>> {
        self.page_raw(page)
            .and_then(|raw| find_in(&raw, is_wanted))
            .map_err(|error| self.error(error))
    }
}

fn find_in(raw: &[u8], is_wanted: &mut dyn FnMut(&[u8]) -> bool) -> Result<Vec<u32>> {
    let columns: Columns = decode(raw)?;
    let mut shared = Values::of(&columns.name_shared.0);
    let mut rests = Runs(&columns.name_rests.0);
    let mut name = Vec::new();
    let mut found = Vec::new();
    for (part, len) in (0..).zip(&columns.part_entries.0) {
        name.clear();
        let mut has_one = false;
        for _ in 0..*len {
            let shared = usize::from(shared.next()?);
            let rest = rests.next_terminated()?;
            if shared > name.len() || shared + rest.len() > Name::MAX_LEN {
                return Err(damaged("a name in a folder is none"));
            }
            name.truncate(shared);
            name.extend_from_slice(rest);
            has_one = has_one || is_wanted(&name);
        }
        if has_one {
            found.push(part);
        }
    }
    Ok(found)
}
