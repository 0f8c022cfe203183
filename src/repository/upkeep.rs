//! What whoever holds claims needs to keep them in order: which there are, and supplying lost ones again.
//!
//! The repository does not know what its claims are for. So it cannot tell a claim that somebody
//! forgot from one that somebody needs, nor make a lost one anew: the holder can, who has the tokens.
//! [`Repository::prune`] refuses while a claim is lost; this is how that is put right.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Repository;
use super::claims::live::LoadError;
use super::claims::{
    ClaimBuilder, ClaimId, ClaimState, LiveClaims, list_claims, read_claim, supply_claim,
};
use crate::error::Result;

/// Every claim that the repository knows of, or should know of.
#[derive(Debug, Default)]
pub struct ClaimStates {
    pub states: BTreeMap<ClaimId, ClaimState>,
    /// For whom the live ones that can be read are, in the words of who published them.
    pub holders: BTreeMap<ClaimId, String>,
}

impl ClaimStates {
    /// [`ClaimState::Missing`] for a claim that the repository has never heard of.
    pub fn of(&self, claim: ClaimId) -> ClaimState {
        self.states
            .get(&claim)
            .copied()
            .unwrap_or(ClaimState::Missing)
    }

    /// Claims that are damaged, or missing though another claim names them as its predecessor.
    pub fn lost(&self) -> impl Iterator<Item = ClaimId> {
        let is_lost = |state| matches!(state, ClaimState::Damaged | ClaimState::Missing);
        let lost = self
            .states
            .iter()
            .filter(move |(_, state)| is_lost(**state));
        lost.map(|(claim, _)| *claim)
    }
}

impl Repository {
    /// Reads all claims.
    pub fn claim_states(&self) -> Result<ClaimStates> {
        let storage = &**self.storage();
        let mut all = ClaimStates {
            states: list_claims(storage)?.into_iter().collect(),
            holders: BTreeMap::new(),
        };
        match LiveClaims::load_or_tell(storage, self.id()) {
            Ok(live) => {
                for claim in live.claims() {
                    all.holders.insert(claim.claim_id, claim.holder.clone());
                }
            }
            Err(LoadError::Failed(error)) => return Err(error),
            Err(LoadError::Incomplete(lost)) => {
                for lost in lost {
                    let is_there = all.states.contains_key(&lost.claim_id);
                    let state = if is_there {
                        ClaimState::Damaged
                    } else {
                        ClaimState::Missing
                    };
                    all.states.insert(lost.claim_id, state);
                }
                self.read_holders(&mut all);
            }
        }
        Ok(all)
    }

    /// The slow way, one by one, where some cannot be read.
    fn read_holders(&self, all: &mut ClaimStates) {
        for (claim, state) in &mut all.states {
            if *state != ClaimState::Live {
                continue;
            }
            match read_claim(&**self.storage(), self.id(), *claim) {
                Ok(read) => {
                    all.holders.insert(*claim, read.holder);
                }
                Err(_) => *state = ClaimState::Damaged,
            }
        }
    }

    /// Publishes a claim again that is missing or damaged. `tokens` names each content once for every
    /// reference.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] when it was released: its contents may be gone.
    pub fn supply_claim(
        &self,
        claim: ClaimId,
        tokens: ClaimBuilder,
        holder: &str,
        predecessor: Option<ClaimId>,
    ) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        });
        let claim = tokens.build(claim, predecessor, holder, now);
        supply_claim(&**self.storage(), self.id(), &claim)
    }
}
