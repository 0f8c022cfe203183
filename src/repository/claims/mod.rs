//! Claims: which contents the repository has issued to whom. They are its reference counts.
//!
//! A counter that is rewritten in place is damaged by a crash and by two writers. Instead every holder
//! (a snapshot) has one claim, an immutable file that names the contents issued to it; the references to a
//! content are the times that live claims name it, and nothing has to be kept in step.
//!
//! **Nothing that is claimed is ever deleted.** Counting too much keeps some space too long; counting too
//! little loses data. So:
//! - A claim is published after all contents that it names are durable, and before what it is for.
//! - To release a claim, an empty *tombstone* is published, then the claim is deleted. Whatever a crash leaves
//!   of that, the tombstone alone decides: with it the claim is released, without it the claim lives.
//!   Only on a full disk the claim goes first, because the tombstone needs space; a crash in between looks like
//!   a lost claim, and that is the safe side.
//! - A claim that is live and cannot be read stops prune ([`LoadError::Incomplete`]). So does one that is lost
//!   without a tombstone, which is noticed because each claim names its *predecessor*: the claim of the
//!   snapshot before it in the same series. Therefore a tombstone stays as long as a live claim names it.
//! - A lost claim is supplied again by who has the tokens, under the next version of its name, so
//!   that nothing is overwritten. Any version that reads well will do: they say the same.
//!
//! The predecessor has to be chosen while the shared lock of the backup is held. Prune, which deletes
//! tombstones, cannot run then, so a predecessor that is released meanwhile leaves its tombstone.
//!
//! - [`claim`]: what a claim says, and its bytes
//! - [`store`]: publishing, reading, releasing
//! - [`counts`]: the references of all contents, counted
//! - [`live`]: all live claims together, and what is asked of them

pub mod claim;
pub mod counts;
pub mod live;
pub mod store;

use std::collections::BTreeMap;
use std::fmt;

use roaring::RoaringBitmap;

use crate::format::id::Id;
use crate::repository::token::SegmentId;

pub use claim::{Claim, ClaimBuilder, SegmentClaim};
pub use live::{LiveClaims, LoadError, Loss, LostClaim};
pub use store::{
    claim_of_file, list_claims, publish_claim, read_claim, release_claim, supply_claim,
};

/// The random id of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimId(pub Id);

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Ordinals of contents, by their segments.
pub type Contents = BTreeMap<SegmentId, RoaringBitmap>;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// Its contents are kept for it.
    Live,
    /// There is neither a claim nor a tombstone of that id.
    Missing,
    /// It is there and cannot be read.
    Damaged,
    /// It was given back.
    Released,
}
