//! stub
use super::storage::Storage;
use super::token::Token;
use crate::error::Result;
use crate::format::id::Id;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimId(pub Id);
#[derive(Default)]
pub struct ClaimBuilder;
impl ClaimBuilder {
    pub fn new() -> Self {
        Self
    }
    pub fn add(&mut self, _t: &Token) {}
}
pub fn publish_claim(
    _s: &dyn Storage,
    _r: Id,
    _c: ClaimId,
    _b: ClaimBuilder,
    _h: &str,
    _p: Option<ClaimId>,
) -> Result<()> {
    Ok(())
}
pub fn release_claim(_s: &dyn Storage, _c: ClaimId) -> Result<()> {
    Ok(())
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    Live,
    Released,
}
pub struct LiveClaims;
use super::token::*;
use roaring::RoaringBitmap;
use std::collections::HashMap;
impl LiveClaims {
    pub fn load(_s: &dyn Storage, _r: Id) -> Result<LiveClaims> {
        Ok(LiveClaims)
    }
    pub fn contains(&self, _n: ContentNumber) -> bool {
        true
    }
    pub fn references(&self, _n: ContentNumber) -> u64 {
        1
    }
    pub fn all(&self) -> HashMap<SegmentId, RoaringBitmap> {
        HashMap::new()
    }
    pub fn obsolete_tombstones(&self) -> Vec<String> {
        vec![]
    }
}
pub fn list_claims(_s: &dyn Storage) -> Result<Vec<(ClaimId, ClaimState)>> {
    Ok(vec![])
}
pub fn read_claim(_s: &dyn Storage, _r: Id, _c: ClaimId) -> Result<()> {
    Ok(())
}
