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

/// What these claims take, by repository.
pub fn costs(
    known: &BTreeMap<Id, Known>,
    claims: &BTreeMap<Id, Vec<Id>>,
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

fn add(holdings: &Holdings, claims: &[Id], costs: &mut Costs, monitor: &Monitor) -> Result<()> {
    let growth: HashMap<ClaimId, u64> = holdings
        .growth()
        .into_iter()
        .map(|point| (point.claim_id, point.new_stored_bytes))
        .collect();
    let all: BTreeSet<ClaimId> = claims.iter().map(|claim| ClaimId(*claim)).collect();
    for claim in &all {
        monitor.check_cancelled()?;
        // One that is not live holds nothing: what it takes is not known.
        let Some(new_bytes) = growth.get(claim) else {
            continue;
        };
        let its = holdings.costs(&BTreeSet::from([*claim]));
        let row = RowCosts {
            stored_bytes: its.stored_bytes,
            alone_bytes: its.alone_stored_bytes,
            new_bytes: *new_bytes,
        };
        costs.each.insert(claim.0, row);
    }
    let together = holdings.costs(&all);
    costs.together.stored_bytes += together.stored_bytes;
    costs.together.alone_bytes += together.alone_stored_bytes;
    Ok(())
}
