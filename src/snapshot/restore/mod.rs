//! Getting files back: extracting them to any place, and restoring them to where they came from.
//!
//! First a plan is made that can be looked at ([`plan_extract`], [`plan_restore`]), then it is carried
//! out ([`carry_out`]).
//!
//! - `plan` what will become of what; `planner` makes it; `compare` tells what is there already;
//!   `space` whether there is room
//! - `execute` carries out the steps; `window` fetches contents and makes hard links; `write` puts files
//!   in their places; `apply` sets owners, modes, times
//! - `target`, `folders` the folders written to, by handle: why nothing outside of the target is ever
//!   changed
//! - `shortfall`, `report` what could not be had, and what was done

mod apply;
mod compare;
mod content;
mod execute;
mod folders;
mod plan;
mod planner;
mod report;
mod shortfall;
mod sink;
mod source;
mod space;
mod subject;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod window;
mod write;

pub(in crate::snapshot) use compare::has_content;
pub use execute::carry_out;
pub use plan::{Count, ExtractItem, Obstacle, Plan, PlanTotals, Policy, Step, What};
pub use planner::{Wish, plan_extract, plan_restore, plan_restore_under};
pub use report::RestoreReport;
pub use shortfall::Shortfall;
pub use source::Contents;
pub use space::Space;
