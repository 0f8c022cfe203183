//! What one claim says, and its bytes.
//!
//! Contents have numbers: a segment and an ordinal in it ([`crate::repository::token`]). A claim is, for
//! each segment, a compressed bitmap of ordinals, and how often a content is named beyond the first
//! time where that happens. `docs/format.md` describes the bytes.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::ClaimId;
use crate::error::{Error, Result};
use crate::format::compression::Codec;
use crate::format::encoding::{Bytes, decode, encode};
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Identity, Sealed, SealedWriter};
use crate::fs::ReadAt;
use crate::repository::token::{ContentNumber, SegmentId, Token};

/// The contents issued to one holder.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub claim_id: ClaimId,
    /// The claim of the snapshot before in the same series; what is missing is noticed by it.
    pub predecessor: Option<ClaimId>,
    /// For whom this is, in words for people; not interpreted.
    pub holder: String,
    /// When it was made, in seconds since 1970 (UTC).
    pub created_at: i64,
    segments: BTreeMap<SegmentId, SegmentClaim>,
}

/// What a claim says of one segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentClaim {
    ordinals: RoaringBitmap,
    /// Ordinals that are named more than once …
    repeated: RoaringBitmap,
    /// … and how often beyond the first time, in the order of the ordinals.
    extra: Vec<u32>,
}

impl SegmentClaim {
    /// The contents that are named.
    pub fn ordinals(&self) -> &RoaringBitmap {
        &self.ordinals
    }

    /// Those of them that are named more than once.
    pub fn repeated(&self) -> &RoaringBitmap {
        &self.repeated
    }

    /// How often a content is named.
    pub fn references(&self, ordinal: u32) -> u64 {
        if !self.ordinals.contains(ordinal) {
            return 0;
        }
        if !self.repeated.contains(ordinal) {
            return 1;
        }
        let rank = self.repeated.rank(ordinal).saturating_sub(1);
        let extra = usize::try_from(rank)
            .ok()
            .and_then(|rank| self.extra.get(rank));
        1 + u64::from(extra.copied().unwrap_or(0))
    }

    /// Ordinals that are named more than once, with how often beyond the first time.
    pub fn extra(&self) -> impl Iterator<Item = (u32, u32)> {
        self.repeated.iter().zip(self.extra.iter().copied())
    }

    /// How often contents of the segment are named in all.
    pub fn total_references(&self) -> u64 {
        let extra = self.extra.iter().map(|extra| u64::from(*extra));
        extra.fold(self.ordinals.len(), u64::saturating_add)
    }
}

impl Claim {
    /// The segments it names contents of, and which.
    pub fn segments(&self) -> &BTreeMap<SegmentId, SegmentClaim> {
        &self.segments
    }

    /// How often a content is named.
    pub fn references(&self, number: ContentNumber) -> u64 {
        self.segments
            .get(&number.segment)
            .map_or(0, |segment| segment.references(number.ordinal))
    }

    /// How many different contents it names.
    pub fn contents(&self) -> u64 {
        let segments = self.segments.values();
        segments.map(|segment| segment.ordinals.len()).sum()
    }

    /// How often contents are named in all.
    pub fn total_references(&self) -> u64 {
        let segments = self.segments.values();
        segments.fold(0, |sum, segment| {
            sum.saturating_add(segment.total_references())
        })
    }

    /// The bytes of its file.
    pub fn to_bytes(&self, repository_id: Id) -> Result<Vec<u8>> {
        let identity = Identity {
            kind: FileKind::Claim,
            own_id: self.claim_id.0,
            owner_id: repository_id,
        };
        let mut segments = Vec::with_capacity(self.segments.len());
        for (segment_id, segment) in &self.segments {
            segments.push(StoredSegment {
                segment_id: *segment_id,
                ordinals: bitmap_bytes(&segment.ordinals)?,
                repeated: bitmap_bytes(&segment.repeated)?,
                extra: segment.extra.clone(),
            });
        }
        let meta = encode(&StoredClaim {
            predecessor: self.predecessor.map(|claim_id| claim_id.0),
            holder: self.holder.clone(),
            created_at: self.created_at,
            segments,
        })?;
        let (bytes, _) = SealedWriter::new(Vec::new(), identity)?.finish(&meta, Codec::Zstd)?;
        Ok(bytes)
    }

    /// Reads the file of the claim `claim_id`.
    ///
    /// Errors: [`crate::error::ErrorKind::Damaged`] for everything that [`Claim::to_bytes`] does not write,
    /// a claim of another id or another repository included.
    pub fn read(file: Arc<dyn ReadAt>, repository_id: Id, claim_id: ClaimId) -> Result<Claim> {
        let sealed = Sealed::open(file, FileKind::Claim)?;
        if sealed.identity().own_id != claim_id.0 {
            return Err(wrong("it is another claim than its name says"));
        }
        if sealed.identity().owner_id != repository_id {
            return Err(wrong("it belongs to another repository"));
        }
        let stored: StoredClaim = decode(sealed.meta())?;
        if stored.predecessor == Some(claim_id.0) {
            return Err(wrong("it is its own predecessor"));
        }
        let mut segments = BTreeMap::new();
        for stored in stored.segments {
            let is_last = segments
                .last_key_value()
                .is_none_or(|(last, _)| *last < stored.segment_id);
            let ordinals = bitmap(&stored.ordinals)?;
            let repeated = bitmap(&stored.repeated)?;
            let agrees = is_last
                && !ordinals.is_empty()
                && repeated.is_subset(&ordinals)
                && repeated.len() == stored.extra.len() as u64
                && !stored.extra.contains(&0);
            if !agrees {
                return Err(wrong("it contradicts itself"));
            }
            let segment = SegmentClaim {
                ordinals,
                repeated,
                extra: stored.extra,
            };
            segments.insert(stored.segment_id, segment);
        }
        Ok(Claim {
            claim_id,
            predecessor: stored.predecessor.map(ClaimId),
            holder: stored.holder,
            created_at: stored.created_at,
            segments,
        })
    }
}

/// Gathers what a claim names, once for each reference.
#[derive(Clone, Debug, Default)]
pub struct ClaimBuilder {
    segments: BTreeMap<SegmentId, Counted>,
}

#[derive(Clone, Debug, Default)]
struct Counted {
    ordinals: RoaringBitmap,
    extra: BTreeMap<u32, u32>,
}

impl ClaimBuilder {
    pub fn new() -> ClaimBuilder {
        ClaimBuilder::default()
    }

    /// Adds one reference.
    pub fn add(&mut self, token: &Token) {
        let ContentNumber { segment, ordinal } = token.number;
        let counted = self.segments.entry(segment).or_default();
        if !counted.ordinals.insert(ordinal) {
            let extra = counted.extra.entry(ordinal).or_default();
            *extra = extra.saturating_add(1);
        }
    }

    /// The claim. `created_at` is in seconds since 1970 (UTC).
    pub fn build(
        self,
        claim_id: ClaimId,
        predecessor: Option<ClaimId>,
        holder: &str,
        created_at: i64,
    ) -> Claim {
        let segments = self.segments.into_iter().map(|(segment_id, counted)| {
            let segment = SegmentClaim {
                ordinals: compact(counted.ordinals),
                // The keys of a map are in order, which is what a bitmap is quickest made from.
                repeated: compact(counted.extra.keys().copied().collect()),
                extra: counted.extra.into_values().collect(),
            };
            (segment_id, segment)
        });
        Claim {
            claim_id,
            predecessor: predecessor.filter(|predecessor| *predecessor != claim_id),
            holder: holder.to_owned(),
            created_at,
            segments: segments.collect(),
        }
    }
}

/// The meta of the sealed file; it has no pages.
#[derive(Serialize, Deserialize)]
struct StoredClaim {
    predecessor: Option<Id>,
    holder: String,
    created_at: i64,
    /// In ascending order of their ids.
    segments: Vec<StoredSegment>,
}

#[derive(Serialize, Deserialize)]
struct StoredSegment {
    segment_id: SegmentId,
    ordinals: Bytes,
    repeated: Bytes,
    extra: Vec<u32>,
}

/// Runs of ordinals, the usual case, take a few bytes.
fn compact(mut bitmap: RoaringBitmap) -> RoaringBitmap {
    bitmap.optimize();
    bitmap
}

/// In the portable format of Roaring bitmaps.
fn bitmap_bytes(bitmap: &RoaringBitmap) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    bitmap
        .serialize_into(&mut bytes)
        .map_err(|e| Error::io("encode the claim", &e))?;
    Ok(Bytes(bytes))
}

fn bitmap(bytes: &Bytes) -> Result<RoaringBitmap> {
    let mut reader = Cursor::new(bytes.0.as_slice());
    let bitmap = RoaringBitmap::deserialize_from(&mut reader)
        .map_err(|e| wrong(&format!("one of its bitmaps is none: {e}")))?;
    if reader.position() != bytes.0.len() as u64 {
        return Err(wrong("there are bytes behind one of its bitmaps"));
    }
    Ok(bitmap)
}

fn wrong(why: &str) -> Error {
    Error::damaged("read the claim", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::format::digest::Sha1;

    const REPOSITORY: Id = Id([9; 16]);

    fn claim_id(number: u8) -> ClaimId {
        ClaimId(Id([number; 16]))
    }

    fn number(segment: u64, ordinal: u32) -> ContentNumber {
        let segment = SegmentId(segment);
        ContentNumber { segment, ordinal }
    }

    fn token(segment: u64, ordinal: u32) -> Token {
        Token {
            sha1: Sha1([0; 20]),
            number: number(segment, ordinal),
        }
    }

    fn sample() -> Claim {
        let mut builder = ClaimBuilder::new();
        for ordinal in 0..70_000 {
            builder.add(&token(7, ordinal));
        }
        for (segment, ordinal) in [(7, 3), (7, 3), (7, 69_999), (2, u32::MAX)] {
            builder.add(&token(segment, ordinal));
        }
        builder.build(claim_id(1), Some(claim_id(2)), "laptop/me/home", -5)
    }

    fn read(bytes: Vec<u8>) -> Result<Claim> {
        Claim::read(Arc::new(bytes), REPOSITORY, claim_id(1))
    }

    #[test]
    fn references_are_counted() {
        let claim = sample();
        for (segment, ordinal, references) in [
            (7, 0, 1),
            (7, 3, 3),
            (7, 69_999, 2),
            (7, 70_000, 0),
            (2, u32::MAX, 1),
            (2, 0, 0),
            (1, 0, 0),
        ] {
            assert_eq!(claim.references(number(segment, ordinal)), references);
        }
        assert_eq!(claim.contents(), 70_001);
        assert_eq!(claim.total_references(), 70_004);
    }

    #[test]
    fn a_claim_is_read_back_and_is_small() {
        let bytes = sample().to_bytes(REPOSITORY).unwrap();
        assert!(bytes.len() < 400, "{} bytes", bytes.len());
        assert_eq!(read(bytes).unwrap(), sample());
        let empty = ClaimBuilder::new().build(claim_id(1), None, "", 0);
        assert_eq!(read(empty.to_bytes(REPOSITORY).unwrap()).unwrap(), empty);
    }

    #[test]
    fn a_claim_of_another_id_or_repository_is_refused() {
        let bytes = sample().to_bytes(REPOSITORY).unwrap();
        for (repository_id, claim_id) in [(Id([8; 16]), claim_id(1)), (REPOSITORY, claim_id(3))] {
            let error = Claim::read(Arc::new(bytes.clone()), repository_id, claim_id).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged);
        }
    }

    #[test]
    fn hostile_structures_in_a_sound_file_are_refused() {
        let seal = |stored: &StoredClaim| {
            let identity = Identity {
                kind: FileKind::Claim,
                own_id: claim_id(1).0,
                owner_id: REPOSITORY,
            };
            let writer = SealedWriter::new(Vec::new(), identity).unwrap();
            writer
                .finish(&encode(stored).unwrap(), Codec::None)
                .unwrap()
                .0
        };
        let bitmap = |ordinals: &[u32]| bitmap_bytes(&ordinals.iter().copied().collect()).unwrap();
        let segment = |id, ordinals: Bytes, repeated: Bytes, extra: &[u32]| StoredSegment {
            segment_id: SegmentId(id),
            ordinals,
            repeated,
            extra: extra.to_vec(),
        };
        let with = |segments| StoredClaim {
            predecessor: None,
            holder: String::new(),
            created_at: 0,
            segments,
        };
        let (some, none) = (bitmap(&[1, 2]), bitmap(&[]));
        let good = || segment(5, some.clone(), bitmap(&[2]), &[4]);
        assert!(read(seal(&with(vec![good()]))).is_ok());

        let mut long = some.clone();
        long.0.push(0);
        // A header that announces 65,536 containers, and one that announces four thousand million.
        let bomb = Bytes(vec![0x3b, 0x30, 0xff, 0xff, 0xff]);
        let bigger_bomb = Bytes(vec![0x3a, 0x30, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        let hostile = [
            vec![good(), good()],
            vec![segment(6, some.clone(), none.clone(), &[]), good()],
            vec![segment(5, none.clone(), none.clone(), &[])],
            vec![segment(5, some.clone(), bitmap(&[3]), &[1])],
            vec![segment(5, some.clone(), bitmap(&[2]), &[])],
            vec![segment(5, some.clone(), bitmap(&[2]), &[0])],
            vec![segment(5, long, none.clone(), &[])],
            vec![segment(5, bomb, none.clone(), &[])],
            vec![segment(5, bigger_bomb, none.clone(), &[])],
            vec![segment(5, Bytes(vec![]), none, &[])],
        ];
        for (at, segments) in hostile.into_iter().enumerate() {
            let error = read(seal(&with(segments))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged, "sample {at}");
        }
        let mut own = with(vec![]);
        own.predecessor = Some(claim_id(1).0);
        assert!(read(seal(&own)).is_err());
    }
}
