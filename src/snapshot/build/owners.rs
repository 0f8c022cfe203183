//! Names of the users and groups that own something in a snapshot.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use crate::snapshot::file::NamedId;

/// The names of those that have one.
pub fn user_names(ids: &BTreeSet<u32>) -> Vec<NamedId> {
    named(ids, |id| {
        uzers::get_user_by_uid(id).map(|user| lossy(user.name().as_bytes()))
    })
}

/// [`user_names`], for groups.
pub fn group_names(ids: &BTreeSet<u32>) -> Vec<NamedId> {
    named(ids, |id| {
        uzers::get_group_by_gid(id).map(|group| lossy(group.name().as_bytes()))
    })
}

fn named(ids: &BTreeSet<u32>, name: impl Fn(u32) -> Option<String>) -> Vec<NamedId> {
    ids.iter()
        .filter_map(|&id| name(id).map(|name| NamedId { id, name }))
        .collect()
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_have_names_and_others_have_none() {
        let ids = BTreeSet::from([0, 4_000_000_001]);
        let root = |names: Vec<NamedId>| names.first().map(|named| (named.id, named.name.clone()));
        assert_eq!(root(user_names(&ids)), Some((0, "root".to_owned())));
        assert_eq!(user_names(&ids).len(), 1);
        assert_eq!(group_names(&ids).len(), 1);
    }
}
