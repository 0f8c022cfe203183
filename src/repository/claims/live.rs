//! All live claims together: what is used, how often, and whether the set can be trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::io::Errno;

use super::counts::ReferenceCounts;
use super::store::{Listing, delete_unneeded, read_any_version};
use super::{Claim, ClaimId, Contents};
use crate::error::{Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::progress::lock;
use crate::repository::storage::Storage;
use crate::repository::token::ContentNumber;

/// So many claims are read at the same time: on a share each is a few round trips.
const SIDE_BY_SIDE: usize = 16;

/// All live claims of a repository, complete as far as can be known.
#[derive(Debug, Default)]
pub struct LiveClaims {
    claims: BTreeMap<ClaimId, Claim>,
    /// Which version of each was read.
    versions: BTreeMap<ClaimId, u32>,
    listing: Listing,
    used: Contents,
    /// Counted when it is first asked for.
    counts: OnceLock<ReferenceCounts>,
}

/// Why the live claims could not be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// These claims have to be supplied again, or released by who knows that they are not needed. More may
    /// turn up then: a damaged claim does not tell its predecessor.
    Incomplete(Vec<LostClaim>),
    /// The repository could not be read at all.
    Failed(Error),
}

/// A claim that should be live and cannot be had.
#[derive(Debug)]
pub struct LostClaim {
    pub claim_id: ClaimId,
    pub how: Loss,
}

/// In which way a claim was lost.
#[derive(Debug)]
pub enum Loss {
    /// It is there, and this is what is wrong with it.
    Damaged(Error),
    /// It is not there, though this live claim names it as its predecessor.
    Missing { named_by: ClaimId },
}

impl fmt::Display for LostClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.how {
            Loss::Damaged(error) => write!(f, "claim {}: {}", self.claim_id, error.why()),
            Loss::Missing { named_by } => write!(
                f,
                "claim {} is missing (claim {named_by} follows it)",
                self.claim_id
            ),
        }
    }
}

impl LoadError {
    /// As an error for people, for callers that cannot do anything about lost claims.
    pub fn into_error(self) -> Error {
        match self {
            LoadError::Failed(error) => error,
            LoadError::Incomplete(lost) => {
                let mut why = lost.first().map(LostClaim::to_string).unwrap_or_default();
                if lost.len() > 1 {
                    why.push_str(&format!(", and {} more", lost.len() - 1));
                }
                Error::damaged("tell which contents are in use", why).advise(
                    "nothing is deleted until it is supplied again: prune does that from the \
                     snapshots, if all archives of this repository are configured",
                )
            }
        }
    }
}

impl From<Error> for LoadError {
    fn from(error: Error) -> LoadError {
        LoadError::Failed(error)
    }
}

impl LiveClaims {
    /// Reads all live claims.
    ///
    /// Errors: [`ErrorKind::Damaged`], naming a claim, when one is lost.
    pub fn load(storage: &dyn Storage, repository_id: Id) -> Result<LiveClaims> {
        LiveClaims::load_or_tell(storage, repository_id).map_err(LoadError::into_error)
    }

    /// Reads all live claims, or tells which are lost, so that they can be supplied again.
    pub fn load_or_tell(
        storage: &dyn Storage,
        repository_id: Id,
    ) -> std::result::Result<LiveClaims, LoadError> {
        let listing = Listing::read(storage)?;
        let mut loaded = LiveClaims::default();
        let mut lost = Vec::new();
        for (claim_id, read) in read_all(storage, repository_id, &listing) {
            match read {
                Ok(Some((version, claim))) => {
                    loaded.versions.insert(claim_id, version);
                    loaded.claims.insert(claim_id, claim);
                }
                // Released while this was reading.
                Ok(None) => {}
                Err(error) if is_damage(&error) => lost.push(LostClaim {
                    claim_id,
                    how: Loss::Damaged(error),
                }),
                Err(error) => return Err(LoadError::Failed(error)),
            }
        }
        let mut missing = BTreeMap::new();
        for claim in loaded.claims.values() {
            if let Some(predecessor) = claim.predecessor
                && !listing.versions.contains_key(&predecessor)
                && !listing.released.contains(&predecessor)
            {
                missing.insert(predecessor, claim.claim_id);
            }
        }
        lost.extend(missing.into_iter().map(|(claim_id, named_by)| LostClaim {
            claim_id,
            how: Loss::Missing { named_by },
        }));
        if !lost.is_empty() {
            return Err(LoadError::Incomplete(lost));
        }
        loaded.used = union(loaded.claims.values());
        loaded.listing = listing;
        Ok(loaded)
    }

    /// The live claims, in the order of their ids.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.claims.values()
    }

    pub fn get(&self, claim_id: ClaimId) -> Option<&Claim> {
        self.claims.get(&claim_id)
    }

    /// False where there is neither a claim nor the tombstone of one: nothing was ever claimed here, or
    /// the folder of the claims was lost. A repository with contents should not be pruned then.
    pub fn has_any_trace(&self) -> bool {
        !self.listing.versions.is_empty() || !self.listing.released.is_empty()
    }

    /// What any live claim names.
    pub fn used(&self) -> &Contents {
        &self.used
    }

    /// Whether any live claim names a content.
    pub fn contains(&self, number: ContentNumber) -> bool {
        let ordinals = self.used.get(&number.segment);
        ordinals.is_some_and(|ordinals| ordinals.contains(number.ordinal))
    }

    /// How often live claims name a content.
    pub fn references(&self, number: ContentNumber) -> u64 {
        let counts = self
            .counts
            .get_or_init(|| ReferenceCounts::of(self.claims()));
        counts.references(number)
    }

    /// What these claims name and no other one does: what releasing all of them would free.
    pub fn held_only_by(&self, claim_ids: &BTreeSet<ClaimId>) -> Contents {
        let (these, others): (Vec<&Claim>, Vec<&Claim>) = self
            .claims
            .values()
            .partition(|claim| claim_ids.contains(&claim.claim_id));
        let mut held = union(these);
        let others = union(others);
        held.retain(|segment_id, ordinals| {
            if let Some(others) = others.get(segment_id) {
                *ordinals -= others;
            }
            !ordinals.is_empty()
        });
        held
    }

    /// Tombstones that no live claim names any more. One is kept where nothing else would tell that there
    /// ever were claims, see [`LiveClaims::has_any_trace`].
    pub fn obsolete_tombstones(&self) -> BTreeSet<ClaimId> {
        let named: BTreeSet<ClaimId> = self
            .claims()
            .filter_map(|claim| claim.predecessor)
            .collect();
        let mut obsolete = &self.listing.released - &named;
        if self.claims.is_empty() && obsolete.len() == self.listing.released.len() {
            obsolete.pop_last();
        }
        obsolete
    }

    /// Deletes what prune may delete of the claims' own files: what is left of released claims, earlier
    /// versions, obsolete tombstones. Returns how many. The repository has to be locked exclusively
    /// since before the claims were loaded.
    pub fn delete_unneeded(&self, storage: &dyn Storage) -> Result<u64> {
        let obsolete = self.obsolete_tombstones();
        delete_unneeded(storage, &self.listing, &self.versions, &obsolete)
    }
}

/// True for what is wrong with the claim itself, rather than with the place or with this program.
fn is_damage(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Damaged | ErrorKind::NotFound)
        || error.os_error() == Some(Errno::IO.raw_os_error())
}

fn union<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> Contents {
    let mut contents = Contents::new();
    for claim in claims {
        for (segment_id, segment) in claim.segments() {
            *contents.entry(*segment_id).or_default() |= segment.ordinals();
        }
    }
    contents
}

type Read = (ClaimId, Result<Option<(u32, Claim)>>);

fn read_all(storage: &dyn Storage, repository_id: Id, listing: &Listing) -> Vec<Read> {
    let live: Vec<_> = listing.live().collect();
    let threads = live.len().min(SIDE_BY_SIDE);
    let queue = Mutex::new(live.into_iter());
    let done = Mutex::new(Vec::new());
    let worker = || {
        loop {
            let Some((claim_id, versions)) = lock(&queue).next() else {
                break;
            };
            let read = read_any_version(storage, repository_id, claim_id, versions);
            lock(&done).push((claim_id, read));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // This thread reads as well: all is done even if the system has no thread to give.
            if std::thread::Builder::new()
                .spawn_scoped(scope, worker)
                .is_err()
            {
                break;
            }
        }
        worker();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Whichever was read first: what is said of them is the same each time.
    done.sort_unstable_by_key(|(claim_id, _)| *claim_id);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::digest::Sha1;
    use crate::repository::claims::{ClaimBuilder, publish_claim, release_claim, supply_claim};
    use crate::repository::storage::memory::MemoryStorage;
    use crate::repository::token::{SegmentId, Token};

    const REPOSITORY: Id = Id([9; 16]);

    fn id(number: u8) -> ClaimId {
        ClaimId(Id([number; 16]))
    }

    fn number(ordinal: u32) -> ContentNumber {
        ContentNumber {
            segment: SegmentId(u64::from(ordinal % 2)),
            ordinal,
        }
    }

    fn claim(number: u8, predecessor: u8, ordinals: &[u32]) -> Claim {
        let mut builder = ClaimBuilder::new();
        for ordinal in ordinals {
            builder.add(&Token {
                sha1: Sha1([0; 20]),
                number: self::number(*ordinal),
            });
        }
        let predecessor = (predecessor != 0).then_some(id(predecessor));
        builder.build(id(number), predecessor, "holder", 0)
    }

    fn publish(storage: &MemoryStorage, claim: &Claim) {
        publish_claim(storage, REPOSITORY, claim).unwrap();
    }

    /// Three snapshots of a series and one of another.
    fn series() -> MemoryStorage {
        let storage = MemoryStorage::new();
        publish(&storage, &claim(1, 0, &[1, 2, 3]));
        publish(&storage, &claim(2, 1, &[2, 3, 3, 4]));
        publish(&storage, &claim(3, 2, &[3, 4, 5]));
        publish(&storage, &claim(4, 0, &[5, 6]));
        storage
    }

    fn load(storage: &MemoryStorage) -> std::result::Result<LiveClaims, LoadError> {
        LiveClaims::load_or_tell(storage, REPOSITORY)
    }

    fn lost(storage: &MemoryStorage) -> Vec<ClaimId> {
        match load(storage) {
            Ok(_) => Vec::new(),
            Err(LoadError::Incomplete(lost)) => lost.iter().map(|lost| lost.claim_id).collect(),
            Err(LoadError::Failed(error)) => panic!("{error}"),
        }
    }

    fn ordinals(contents: Contents) -> Vec<u32> {
        let mut ordinals: Vec<u32> = contents.into_values().flatten().collect();
        ordinals.sort_unstable();
        ordinals
    }

    #[test]
    fn references_are_those_of_all_live_claims() {
        let storage = series();
        let live = load(&storage).unwrap();
        assert_eq!(live.claims().count(), 4);
        assert_eq!(ordinals(live.used().clone()), [1, 2, 3, 4, 5, 6]);
        for (ordinal, references) in [(1, 1), (2, 2), (3, 4), (4, 2), (5, 2), (6, 1), (7, 0)] {
            assert_eq!(live.references(number(ordinal)), references, "{ordinal}");
            assert_eq!(live.contains(number(ordinal)), references > 0);
        }
        release_claim(&storage, id(1)).unwrap();
        let live = load(&storage).unwrap();
        assert_eq!(ordinals(live.used().clone()), [2, 3, 4, 5, 6]);
        assert!(live.get(id(1)).is_none());
    }

    #[test]
    fn what_deleting_would_free_is_known() {
        let live = load(&series()).unwrap();
        let held = |ids: &[u8]| {
            let ids = ids.iter().map(|number| id(*number)).collect();
            ordinals(live.held_only_by(&ids))
        };
        assert_eq!(held(&[1]), [1]);
        assert_eq!(held(&[2]), [0; 0]);
        assert_eq!(held(&[1, 2]), [1, 2]);
        assert_eq!(held(&[3, 4]), [5, 6]);
        assert_eq!(held(&[1, 2, 3, 4]), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_missing_predecessor_is_noticed_and_can_be_supplied_or_released() {
        for is_needed in [true, false] {
            let storage = series();
            storage.tamper(&format!("claims/{}.claim", id(2)), None);
            assert_eq!(lost(&storage), [id(2)]);
            if is_needed {
                supply_claim(&storage, REPOSITORY, &claim(2, 1, &[2, 3, 3, 4])).unwrap();
            } else {
                release_claim(&storage, id(2)).unwrap();
            }
            assert!(lost(&storage).is_empty());
        }
    }

    #[test]
    fn every_damaged_claim_is_named() {
        let storage = series();
        for number in [2, 4] {
            let name = format!("claims/{}.claim", id(number));
            let mut bytes = storage.bytes(&name).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            storage.tamper(&name, Some(bytes));
        }
        // What the damaged one followed is not known; nobody else misses it.
        assert_eq!(lost(&storage), [id(2), id(4)]);
        let error = load(&storage).unwrap_err().into_error();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.to_string().contains(&id(2).to_string()), "{error}");
        assert!(error.advice().unwrap().contains("prune"));
        supply_claim(&storage, REPOSITORY, &claim(4, 0, &[5, 6])).unwrap();
        assert_eq!(lost(&storage), [id(2)]);
    }

    #[test]
    fn a_swapped_claim_is_damage() {
        let storage = series();
        let other = storage.bytes(&format!("claims/{}.claim", id(1))).unwrap();
        storage.tamper(&format!("claims/{}.claim", id(2)), Some(other));
        assert_eq!(lost(&storage), [id(2)]);
    }

    #[test]
    fn a_tombstone_stays_while_a_live_claim_names_it() {
        let storage = series();
        for number in [1, 2] {
            release_claim(&storage, id(number)).unwrap();
        }
        let live = load(&storage).unwrap();
        assert_eq!(live.obsolete_tombstones(), BTreeSet::from([id(1)]));
        assert_eq!(live.delete_unneeded(&storage).unwrap(), 1);
        assert!(load(&storage).unwrap().obsolete_tombstones().is_empty());
        release_claim(&storage, id(3)).unwrap();
        let live = load(&storage).unwrap();
        assert_eq!(live.obsolete_tombstones(), BTreeSet::from([id(2), id(3)]));
    }

    #[test]
    fn the_last_trace_of_claims_is_kept() {
        let storage = series();
        assert!(!load(&MemoryStorage::new()).unwrap().has_any_trace());
        for number in 1..=4 {
            release_claim(&storage, id(number)).unwrap();
        }
        load(&storage).unwrap().delete_unneeded(&storage).unwrap();
        let live = load(&storage).unwrap();
        assert!(live.has_any_trace());
        assert_eq!(storage.names().len(), 1);
        assert_eq!(live.delete_unneeded(&storage).unwrap(), 0);
    }

    #[test]
    fn what_an_interrupted_release_left_is_cleaned_up() {
        let storage = series();
        let name = format!("claims/{}.claim", id(1));
        let bytes = storage.bytes(&name);
        release_claim(&storage, id(1)).unwrap();
        storage.tamper(&name, bytes);
        let live = load(&storage).unwrap();
        assert_eq!(live.claims().count(), 3);
        live.delete_unneeded(&storage).unwrap();
        assert_eq!(storage.bytes(&name), None);
        assert!(lost(&storage).is_empty());
    }

    #[test]
    fn the_version_that_reads_well_is_the_one_that_is_kept() {
        for damaged in ["", "-2"] {
            let storage = series();
            let name = |version: &str| format!("claims/{}{version}.claim", id(1));
            storage.tamper(&name("-2"), storage.bytes(&name("")));
            storage.tamper(&name(damaged), Some(b"rot".to_vec()));
            let live = load(&storage).unwrap();
            assert_eq!(live.references(number(1)), 1);
            assert_eq!(live.delete_unneeded(&storage).unwrap(), 1);
            assert_eq!(storage.bytes(&name(damaged)), None);
            assert_eq!(load(&storage).unwrap().references(number(1)), 1);
        }
    }
}
