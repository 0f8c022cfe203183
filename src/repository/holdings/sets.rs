//! Sets of claims, each kept once and known by a number.
//!
//! Most contents are held by few different sets of claims: by all snapshots, by those since some day, by
//! those until another. So a question about every content is put to every set instead, of which there are
//! hundreds or thousands where there are millions of contents.

use std::collections::HashMap;

/// The number of a set. 0 is the empty one.
pub type SetId = u32;

const WORD: usize = u64::BITS as usize;

/// All sets that occur, as bitmaps over the positions of the claims.
#[derive(Debug)]
pub struct ClaimSets {
    /// Words of a bitmap.
    words: usize,
    /// The bitmaps, one behind the other.
    bits: Vec<u64>,
    /// To find a set again; filled when a union is first asked for.
    known: HashMap<Box<[u64]>, SetId>,
    unions: HashMap<(SetId, SetId), SetId>,
}

impl ClaimSets {
    /// For so many claims. Knows the empty set only.
    pub fn new(claims: usize) -> ClaimSets {
        let words = claims.div_ceil(WORD).max(1);
        ClaimSets {
            words,
            bits: vec![0; words],
            known: HashMap::new(),
            unions: HashMap::new(),
        }
    }

    /// How many sets there are, the empty one included.
    pub fn len(&self) -> usize {
        self.bits.len() / self.words
    }

    fn bitmap(&self, set: SetId) -> &[u64] {
        let start = set as usize * self.words;
        self.bits.get(start..start + self.words).unwrap_or(&[])
    }

    fn push(&mut self, bitmap: &[u64]) -> SetId {
        let set = self.len() as SetId;
        self.bits.extend_from_slice(bitmap);
        set
    }

    /// A new set: `set` and the claim at `position`, which is not in any set yet. The caller asks for each
    /// but once.
    pub fn extended(&mut self, set: SetId, position: usize) -> SetId {
        let mut bitmap = self.bitmap(set).to_vec();
        if let Some(word) = bitmap.get_mut(position / WORD) {
            *word |= 1 << (position % WORD);
        }
        self.push(&bitmap)
    }

    /// The set of the claims that are in `a` or `b`.
    pub fn union(&mut self, a: SetId, b: SetId) -> SetId {
        if a == b || b == 0 {
            return a;
        }
        if a == 0 {
            return b;
        }
        let pair = (a.min(b), a.max(b));
        if let Some(set) = self.unions.get(&pair) {
            return *set;
        }
        if self.known.is_empty() {
            self.known = (0..self.len() as SetId)
                .map(|set| (self.bitmap(set).into(), set))
                .collect();
        }
        let bitmap: Box<[u64]> = self
            .bitmap(a)
            .iter()
            .zip(self.bitmap(b))
            .map(|(a, b)| a | b)
            .collect();
        let set = match self.known.get(&bitmap) {
            Some(set) => *set,
            None => {
                let set = self.push(&bitmap);
                self.known.insert(bitmap, set);
                set
            }
        };
        self.unions.insert(pair, set);
        set
    }

    /// Forgets what only making more of them needs.
    pub fn close(&mut self) {
        self.known = HashMap::new();
        self.unions = HashMap::new();
        self.bits.shrink_to_fit();
    }

    /// The positions of the claims in a set, in their order.
    pub fn positions(&self, set: SetId) -> impl Iterator<Item = usize> + '_ {
        let words = self.bitmap(set).iter().enumerate();
        words.flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.checked_sub(1)?;
                Some(at * WORD + bit)
            })
        })
    }

    /// The position of the first claim in a set.
    pub fn first(&self, set: SetId) -> Option<usize> {
        self.positions(set).next()
    }

    /// The claims at these positions, as a set to compare others with.
    pub fn mask(&self, positions: impl IntoIterator<Item = usize>) -> Mask {
        let mut words = vec![0_u64; self.words];
        for position in positions {
            if let Some(word) = words.get_mut(position / WORD) {
                *word |= 1 << (position % WORD);
            }
        }
        Mask(words)
    }

    /// How many claims are in a set, and how many of them in the mask as well.
    pub fn overlap(&self, set: SetId, mask: &Mask) -> Overlap {
        let mut overlap = Overlap::default();
        for (word, mask) in self.bitmap(set).iter().zip(&mask.0) {
            overlap.all += u64::from(word.count_ones());
            overlap.inside += u64::from((word & mask).count_ones());
        }
        overlap
    }
}

/// Some claims, see [`ClaimSets::mask`].
pub struct Mask(Vec<u64>);

/// How many claims of a set there are, and how many of them in a mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    pub all: u64,
    pub inside: u64,
}

impl Overlap {
    /// Some claim of the set is in the mask.
    pub fn is_some(self) -> bool {
        self.inside > 0
    }

    /// All claims of the set, of which there are some, are in the mask.
    pub fn is_all(self) -> bool {
        self.inside > 0 && self.inside == self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unions_are_found_again_and_questions_are_answered() {
        let mut sets = ClaimSets::new(130);
        let a = sets.extended(0, 3);
        let ab = sets.extended(a, 129);
        let b = sets.union(0, ab);
        assert_eq!(b, ab);
        let c = sets.extended(0, 64);
        let all = sets.union(ab, c);
        assert_eq!(sets.union(c, ab), all);
        assert_eq!(sets.union(a, ab), ab);
        assert_eq!(sets.positions(all).collect::<Vec<_>>(), [3, 64, 129]);
        assert_eq!((sets.first(all), sets.first(0)), (Some(3), None));
        let mask = sets.mask([3, 129]);
        let overlaps = [0, a, ab, c, all].map(|set| {
            let overlap = sets.overlap(set, &mask);
            (overlap.all, overlap.inside)
        });
        assert_eq!(overlaps, [(0, 0), (1, 1), (2, 2), (1, 0), (3, 2)]);
        assert!(sets.overlap(ab, &mask).is_all());
        assert!(!sets.overlap(all, &mask).is_all() && sets.overlap(all, &mask).is_some());
        assert!(!sets.overlap(0, &mask).is_all() && !sets.overlap(0, &mask).is_some());
    }
}
