//! Asks repositories what snapshots hold and cost.

use std::collections::{BTreeMap, BTreeSet};

use super::data::Costs;
use crate::catalog::Catalog;
use crate::error::{ErrorKind, Result};
use crate::format::id::Id;
use crate::gui::words::sentence;
use crate::progress::Monitor;
use crate::repository::claims::ClaimId;

/// What these claims cost, by repository. One that cannot be read is told of, and the others are not kept back.
pub fn costs(
    catalog: &Catalog,
    claims: &BTreeMap<Id, Vec<Id>>,
    monitor: &Monitor,
) -> Result<Costs> {
    let mut costs = Costs::default();
    for (repository, claims) in claims {
        if let Err(error) = add(catalog, *repository, claims, &mut costs, monitor) {
            if error.kind() == ErrorKind::Cancelled {
                return Err(error);
            }
            costs.missing.push(sentence(&error));
        }
    }
    Ok(costs)
}

fn add(
    catalog: &Catalog,
    repository: Id,
    claims: &[Id],
    costs: &mut Costs,
    monitor: &Monitor,
) -> Result<()> {
    let repository = catalog.repository_with_id(repository)?.repository;
    let all: BTreeSet<ClaimId> = claims.iter().map(|claim| ClaimId(*claim)).collect();
    let each: Vec<BTreeSet<ClaimId>> = all.iter().map(|claim| BTreeSet::from([*claim])).collect();
    let of_each = repository.claim_costs(&each, monitor)?;
    for (claim, its) in all.iter().zip(of_each) {
        costs.each.insert(claim.0, its);
    }
    for its in repository.claim_costs(&[all], monitor)? {
        costs.together.add(&its);
    }
    Ok(())
}
