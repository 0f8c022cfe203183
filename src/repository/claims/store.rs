//! Claims in a storage: publishing, supplying again, reading, releasing. Why the order of each is
//! safe is said in [`super`].

use std::collections::{BTreeMap, BTreeSet};

use super::{Claim, ClaimId, ClaimState};
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::repository::storage::{Storage, discard, publish_bytes};

const FOLDER: &str = "claims";
const CLAIM: &str = ".claim";
const TOMBSTONE: &str = ".released";

/// Publishes a new claim. All contents that it names are durable already.
pub fn publish_claim(storage: &dyn Storage, repository_id: Id, claim: &Claim) -> Result<()> {
    let bytes = claim.to_bytes(repository_id)?;
    publish_bytes(storage, &claim_name(claim.claim_id, 1), &bytes)
}

/// Publishes a claim again that was lost or is damaged.
///
/// Errors: [`ErrorKind::Invalid`] when it was released; its contents may be gone.
pub fn supply_claim(storage: &dyn Storage, repository_id: Id, claim: &Claim) -> Result<()> {
    let listing = Listing::read(storage)?;
    let claim_id = claim.claim_id;
    if listing.released.contains(&claim_id) {
        return Err(
            Error::invalid("supply the claim again", "it was released").at(claim_id.to_string())
        );
    }
    let versions = listing.versions.get(&claim_id);
    let next = versions
        .and_then(|versions| versions.last())
        .map_or(1, |last| last.saturating_add(1));
    let bytes = claim.to_bytes(repository_id)?;
    publish_bytes(storage, &claim_name(claim_id, next), &bytes)?;
    for version in versions.into_iter().flatten() {
        discard(storage, &claim_name(claim_id, *version))?;
    }
    storage.flush_deletions(FOLDER)
}

/// Reads a claim that lives.
///
/// Errors: [`ErrorKind::Damaged`], naming the claim, when it cannot be read; [`ErrorKind::NotFound`] when
/// there is none.
pub fn read_claim(storage: &dyn Storage, repository_id: Id, claim_id: ClaimId) -> Result<Claim> {
    let first = read_version(storage, repository_id, claim_id, 1);
    match first {
        Err(error) if matches!(error.kind(), ErrorKind::Damaged | ErrorKind::NotFound) => {
            let listing = Listing::read(storage)?;
            let others = listing.versions.get(&claim_id).into_iter().flatten();
            let mut others = others.filter(|version| **version != 1);
            others
                .find_map(|version| read_version(storage, repository_id, claim_id, *version).ok())
                .ok_or(error)
        }
        first => first,
    }
}

fn read_version(
    storage: &dyn Storage,
    repository_id: Id,
    claim_id: ClaimId,
    version: u32,
) -> Result<Claim> {
    let name = claim_name(claim_id, version);
    let read = |file| Claim::read(file, repository_id, claim_id);
    let claim = storage.open(&name).and_then(read);
    claim.map_err(|error| error.at(format!("{}/{name}", storage.describe())))
}

/// All claims that the repository knows of: [`ClaimState::Live`] (not yet read, so perhaps damaged) or
/// [`ClaimState::Released`]. One operation.
pub fn list_claims(storage: &dyn Storage) -> Result<Vec<(ClaimId, ClaimState)>> {
    let listing = Listing::read(storage)?;
    let live = listing
        .live()
        .map(|(claim_id, _)| (claim_id, ClaimState::Live));
    let released = listing
        .released
        .iter()
        .map(|claim_id| (*claim_id, ClaimState::Released));
    Ok(live.chain(released).collect())
}

/// Gives a claim back; durable when this returns. One that is released already is no error, and one
/// that is missing is marked as released: for who knows that what it was for is gone.
pub fn release_claim(storage: &dyn Storage, claim_id: ClaimId) -> Result<()> {
    // Later versions, which are rare, are left to prune: the tombstone covers them.
    let name = claim_name(claim_id, 1);
    match publish_tombstone(storage, claim_id) {
        Err(error) if error.kind() == ErrorKind::NoSpace => {
            storage.delete(&name)?;
            storage.flush_deletions(FOLDER)?;
            publish_tombstone(storage, claim_id)
        }
        Err(error) => Err(error),
        Ok(()) => {
            discard(storage, &name)?;
            storage.flush_deletions(FOLDER)
        }
    }
}

fn publish_tombstone(storage: &dyn Storage, claim_id: ClaimId) -> Result<()> {
    match publish_bytes(storage, &tombstone_name(claim_id), b"") {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        published => published,
    }
}

/// What is in the folder of the claims.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The versions of each claim that has any, in ascending order.
    pub(super) versions: BTreeMap<ClaimId, BTreeSet<u32>>,
    /// Those with a tombstone.
    pub(super) released: BTreeSet<ClaimId>,
}

impl Listing {
    pub(super) fn read(storage: &dyn Storage) -> Result<Listing> {
        let mut listing = Listing::default();
        for name in storage.names(FOLDER)? {
            match parse_name(&name) {
                Some((claim_id, Some(version))) => {
                    listing
                        .versions
                        .entry(claim_id)
                        .or_default()
                        .insert(version);
                }
                Some((claim_id, None)) => {
                    listing.released.insert(claim_id);
                }
                None => {}
            }
        }
        Ok(listing)
    }

    /// Claims without a tombstone, and their versions.
    pub(super) fn live(&self) -> impl Iterator<Item = (ClaimId, &BTreeSet<u32>)> {
        let live = self
            .versions
            .iter()
            .filter(|(claim_id, _)| !self.released.contains(claim_id));
        live.map(|(claim_id, versions)| (*claim_id, versions))
    }
}

/// Reads a live claim from the newest version that can be read, and says which that is.
///
/// Errors: that of the newest version, when none can be read. `Ok(None)` when it was released meanwhile.
pub(super) fn read_any_version(
    storage: &dyn Storage,
    repository_id: Id,
    claim_id: ClaimId,
    versions: &BTreeSet<u32>,
) -> Result<Option<(u32, Claim)>> {
    let mut failure = None;
    for version in versions.iter().rev() {
        match read_version(storage, repository_id, claim_id, *version) {
            Ok(claim) => return Ok(Some((*version, claim))),
            Err(error) => failure.get_or_insert(error),
        };
    }
    match failure {
        Some(error) if error.kind() == ErrorKind::NotFound => {
            match storage.size(&tombstone_name(claim_id))? {
                Some(_) => Ok(None),
                None => Err(error),
            }
        }
        Some(error) => Err(error),
        None => Ok(None),
    }
}

/// Deletes files of claims that nothing asks for any more: those of released claims, and of live ones all
/// but the version in `kept`. After that, and durably so, the tombstones in `obsolete`. The repository
/// is locked exclusively.
pub(super) fn delete_unneeded(
    storage: &dyn Storage,
    listing: &Listing,
    kept: &BTreeMap<ClaimId, u32>,
    obsolete: &BTreeSet<ClaimId>,
) -> Result<u64> {
    let mut deleted = 0;
    for (claim_id, versions) in &listing.versions {
        let kept = kept.get(claim_id);
        if kept.is_none() && !listing.released.contains(claim_id) {
            continue;
        }
        for version in versions.iter().filter(|version| Some(*version) != kept) {
            deleted += u64::from(discard(storage, &claim_name(*claim_id, *version))?);
        }
    }
    storage.flush_deletions(FOLDER)?;
    if obsolete.is_empty() {
        return Ok(deleted);
    }
    // What somebody has open on a share may be there still, or be listed. Without its tombstone it would seem to live.
    let left = Listing::read(storage)?.versions;
    for claim_id in obsolete
        .iter()
        .filter(|claim_id| !left.contains_key(claim_id))
    {
        deleted += u64::from(discard(storage, &tombstone_name(*claim_id))?);
    }
    storage.flush_deletions(FOLDER)?;
    Ok(deleted)
}

/// `<id>.claim`, or `<id>-<version>.claim` from the second version on.
fn claim_name(claim_id: ClaimId, version: u32) -> String {
    match version {
        1 => format!("{FOLDER}/{claim_id}{CLAIM}"),
        _ => format!("{FOLDER}/{claim_id}-{version}{CLAIM}"),
    }
}

fn tombstone_name(claim_id: ClaimId) -> String {
    format!("{FOLDER}/{claim_id}{TOMBSTONE}")
}

/// The claim that a file of this name holds, a tombstone excepted.
pub fn claim_of_file(name: &str) -> Option<ClaimId> {
    let (claim_id, version) = parse_name(name)?;
    version.map(|_| claim_id)
}

/// The claim whose file this is, and its version; no version for a tombstone.
fn parse_name(name: &str) -> Option<(ClaimId, Option<u32>)> {
    let parsed = if let Some(stem) = name.strip_suffix(TOMBSTONE) {
        (ClaimId(Id::parse(stem).ok()?), None)
    } else {
        let stem = name.strip_suffix(CLAIM)?;
        let (id, version) = stem.split_once('-').unwrap_or((stem, "1"));
        (ClaimId(Id::parse(id).ok()?), Some(version.parse().ok()?))
    };
    // One name for each: no capital letters, no leading zeros.
    let canonical = match parsed {
        (claim_id, Some(version)) => claim_name(claim_id, version),
        (claim_id, None) => tombstone_name(claim_id),
    };
    (canonical.strip_prefix(FOLDER)?.strip_prefix('/')? == name).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::claims::ClaimBuilder;
    use crate::repository::storage::memory::{Fault, MemoryStorage};
    use rustix::io::Errno;

    const REPOSITORY: Id = Id([9; 16]);

    fn claim(number: u8) -> Claim {
        ClaimBuilder::new().build(ClaimId(Id([number; 16])), None, "a holder", 0)
    }

    fn state(storage: &MemoryStorage, claim_id: ClaimId) -> Option<ClaimState> {
        let claims = list_claims(storage).unwrap();
        let found = claims.into_iter().find(|(found, _)| *found == claim_id);
        found.map(|(_, state)| state)
    }

    #[test]
    fn a_claim_lives_until_it_is_released() {
        let storage = MemoryStorage::new();
        let claim = claim(1);
        assert_eq!(state(&storage, claim.claim_id), None);
        publish_claim(&storage, REPOSITORY, &claim).unwrap();
        assert_eq!(state(&storage, claim.claim_id), Some(ClaimState::Live));
        assert_eq!(
            read_claim(&storage, REPOSITORY, claim.claim_id).unwrap(),
            claim
        );
        assert!(publish_claim(&storage, REPOSITORY, &claim).is_err());
        for _ in 0..2 {
            release_claim(&storage, claim.claim_id).unwrap();
            assert_eq!(state(&storage, claim.claim_id), Some(ClaimState::Released));
            assert_eq!(storage.names().len(), 1);
        }
        let error = supply_claim(&storage, REPOSITORY, &claim).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_lost_or_damaged_claim_is_supplied_again() {
        let storage = MemoryStorage::new();
        let claim = claim(1);
        publish_claim(&storage, REPOSITORY, &claim).unwrap();
        for name in ["", "-2", "-3"] {
            let name = format!("claims/{}{name}.claim", claim.claim_id);
            storage.tamper(&name, Some(b"rot".to_vec()));
            let error = read_claim(&storage, REPOSITORY, claim.claim_id).unwrap_err();
            // The first version is gone after the first round.
            assert!(
                error.to_string().contains(&claim.claim_id.to_string()),
                "{error}"
            );
            supply_claim(&storage, REPOSITORY, &claim).unwrap();
            assert_eq!(
                read_claim(&storage, REPOSITORY, claim.claim_id).unwrap(),
                claim
            );
            assert_eq!(storage.names().len(), 1);
        }
        storage.tamper(&storage.names()[0], None);
        supply_claim(&storage, REPOSITORY, &claim).unwrap();
        assert_eq!(
            read_claim(&storage, REPOSITORY, claim.claim_id).unwrap(),
            claim
        );
    }

    #[test]
    fn a_crash_at_any_moment_of_a_release_leaves_the_claim_live_or_released() {
        for survives in [false, true] {
            for operations in 0.. {
                let storage = MemoryStorage::new();
                let claim = claim(1);
                publish_claim(&storage, REPOSITORY, &claim).unwrap();
                storage.fail_after(operations, Fault::Gone);
                let released = release_claim(&storage, claim.claim_id);
                let storage = storage.after_power_cut(|_| survives);
                let state = state(&storage, claim.claim_id);
                assert!(state.is_some(), "after {operations} operations");
                if released.is_ok() {
                    assert_eq!(state, Some(ClaimState::Released));
                    break;
                }
                release_claim(&storage, claim.claim_id).unwrap();
                assert_eq!(
                    self::state(&storage, claim.claim_id),
                    Some(ClaimState::Released)
                );
            }
        }
    }

    #[test]
    fn a_claim_is_released_on_a_full_disk() {
        for operations in 0..3 {
            let storage = MemoryStorage::new();
            let claim = claim(1);
            publish_claim(&storage, REPOSITORY, &claim).unwrap();
            storage.fail_after(operations, Fault::Once(Errno::NOSPC));
            release_claim(&storage, claim.claim_id).unwrap();
            assert_eq!(state(&storage, claim.claim_id), Some(ClaimState::Released));
            assert_eq!(storage.names().len(), 1);
        }
    }

    #[test]
    fn only_names_of_claims_are_taken_for_claims() {
        let id = "0123456789abcdef0123456789abcdef";
        let parsed = |name: &str| parse_name(&name.replace("ID", id)).map(|(_, version)| version);
        assert_eq!(parsed("ID.claim"), Some(Some(1)));
        assert_eq!(parsed("ID-2.claim"), Some(Some(2)));
        assert_eq!(parsed("ID.released"), Some(None));
        for wrong in [
            "ID",
            "ID-1.claim",
            "ID-02.claim",
            "ID-x.claim",
            "ID-2.released",
            "a.claim",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
        assert_eq!(parse_name(&format!("{}.claim", id.to_uppercase())), None);
    }
}
