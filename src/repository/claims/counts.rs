//! The references of all contents, counted over many claims.
//!
//! Hundreds of snapshots name mostly the same contents. Asking each claim about each content would take
//! as many steps as there are contents times claims; a number for each content would take memory for
//! millions of them. Here the counts of a segment are written in binary, one compressed bitmap for each
//! binary digit (a "bit-sliced index"): a claim is added to all counts at once as a bitmap, by the same
//! carrying that adds one to a binary number, and some hundred claims make nine bitmaps.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::Claim;
use crate::repository::token::{ContentNumber, SegmentId};

/// How often each content is named by some claims.
#[derive(Clone, Debug, Default)]
pub struct ReferenceCounts {
    segments: BTreeMap<SegmentId, Digits>,
}

/// The ordinals in whose counts this binary digit is one; the lowest digit first.
#[derive(Clone, Debug, Default)]
struct Digits(Vec<RoaringBitmap>);

impl ReferenceCounts {
    pub fn of<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> ReferenceCounts {
        let mut counts = ReferenceCounts::default();
        for claim in claims {
            for (segment_id, segment) in claim.segments() {
                let digits = counts.segments.entry(*segment_id).or_default();
                digits.add(segment.ordinals().clone(), 0);
                let mut extra: Vec<RoaringBitmap> = Vec::new();
                for (ordinal, times) in segment.extra() {
                    let len = (u32::BITS - times.leading_zeros()) as usize;
                    if extra.len() < len {
                        extra.resize_with(len, RoaringBitmap::new);
                    }
                    for (digit, ordinals) in extra.iter_mut().enumerate() {
                        if times >> digit & 1 == 1 {
                            ordinals.insert(ordinal);
                        }
                    }
                }
                for (digit, ordinals) in extra.into_iter().enumerate() {
                    digits.add(ordinals, digit);
                }
            }
        }
        counts
    }

    pub fn references(&self, number: ContentNumber) -> u64 {
        let Some(Digits(digits)) = self.segments.get(&number.segment) else {
            return 0;
        };
        let ones = digits.iter().enumerate();
        let ones = ones.filter(|(_, ordinals)| ordinals.contains(number.ordinal));
        ones.map(|(digit, _)| 1_u64.checked_shl(digit as u32).unwrap_or(u64::MAX))
            .fold(0, u64::saturating_add)
    }
}

impl Digits {
    /// Adds 2 to the power of `digit` to the counts of these ordinals.
    fn add(&mut self, ordinals: RoaringBitmap, digit: usize) {
        let mut carried = ordinals;
        let mut digit = digit;
        while !carried.is_empty() {
            if self.0.len() <= digit {
                self.0.resize_with(digit + 1, RoaringBitmap::new);
            }
            let Some(ones) = self.0.get_mut(digit) else {
                break;
            };
            let carry = &*ones & &carried;
            *ones ^= carried;
            carried = carry;
            digit += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::digest::Sha1;
    use crate::format::id::Id;
    use crate::repository::claims::{ClaimBuilder, ClaimId};
    use crate::repository::token::Token;

    #[test]
    fn the_counts_are_the_sums_over_the_claims() {
        let mut claims = Vec::new();
        for claim in 0..40_u32 {
            let mut builder = ClaimBuilder::new();
            for ordinal in (0..100).filter(|ordinal| (ordinal * 7 + claim) % 3 != 0) {
                for _ in 0..=(ordinal * claim) % 11 {
                    builder.add(&Token {
                        sha1: Sha1([0; 20]),
                        number: ContentNumber {
                            segment: SegmentId(u64::from(ordinal % 2)),
                            ordinal,
                        },
                    });
                }
            }
            claims.push(builder.build(ClaimId(Id([claim as u8; 16])), None, "", 0));
        }
        let counts = ReferenceCounts::of(&claims);
        for ordinal in 0..101 {
            for segment in (0..3).map(SegmentId) {
                let number = ContentNumber { segment, ordinal };
                let expected: u64 = claims.iter().map(|claim| claim.references(number)).sum();
                assert_eq!(counts.references(number), expected, "{number:?}");
            }
        }
    }
}
