//! What snapshots take, from what their repositories hold for whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::data::{Costs, RowCosts};
use crate::error::Result;
use crate::format::id::Id;
use crate::progress::Monitor;
use crate::repository::claims::ClaimId;
use crate::repository::holdings::Holdings;

/// What is known of a repository: who holds what there, or why that is not known.
pub type Known = std::result::Result<Arc<Holdings>, String>;

/// A claim, and the length of its snapshot's file.
pub type Claim = (Id, u64);

/// What these claims take, by repository.
pub fn costs(
    known: &BTreeMap<Id, Known>,
    claims: &BTreeMap<Id, Vec<Claim>>,
    monitor: &Monitor,
) -> Result<Costs> {
    let mut costs = Costs::default();
    for (repository, claims) in claims {
        match known.get(repository) {
            Some(Ok(holdings)) => add(holdings, claims, &mut costs, monitor)?,
            Some(Err(why)) => costs.missing.push(why.clone()),
            None => {}
        }
    }
    Ok(costs)
}

fn add(holdings: &Holdings, claims: &[Claim], costs: &mut Costs, monitor: &Monitor) -> Result<()> {
    let growth: HashMap<ClaimId, u64> = holdings
        .growth()
        .into_iter()
        .map(|point| (point.claim_id, point.new_stored_bytes))
        .collect();
    let mut all = BTreeSet::new();
    for (claim, file_bytes) in claims {
        monitor.check_cancelled()?;
        // One that is not live holds nothing: what it takes is not known.
        let Some(new_bytes) = growth.get(&ClaimId(*claim)) else {
            continue;
        };
        all.insert(ClaimId(*claim));
        let alone = BTreeSet::from([ClaimId(*claim)]);
        let its = holdings.costs(&alone);
        let row = RowCosts {
            stored_bytes: its.stored_bytes,
            alone_bytes: its.alone_stored_bytes,
            new_bytes: *new_bytes,
            freed_bytes: freed(holdings, &alone, *file_bytes),
        };
        costs.each.insert(*claim, row);
    }
    let file_bytes = claims.iter().map(|(_, file_bytes)| file_bytes).sum();
    costs.together.stored_bytes += holdings.costs(&all).stored_bytes;
    costs.together.freed_bytes += freed(holdings, &all, file_bytes);
    Ok(())
}

/// What deleting these gives back, their files included. Gathering short packs may take a few bytes instead: then it
/// is nothing.
fn freed(holdings: &Holdings, claims: &BTreeSet<ClaimId>, file_bytes: u64) -> u64 {
    let freed = holdings.what_if(claims).freed_bytes();
    u64::try_from(freed.saturating_add_unsigned(file_bytes)).unwrap_or(0)
}
