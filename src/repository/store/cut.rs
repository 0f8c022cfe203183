//! Where the chunks of a long content end.
//!
//! FastCDC says so, from the bytes alone; but a long run of zeros is chunks of its own. A file that is read with its holes left
//! out, and the same file without holes, then differ in chunks of zeros only: whoever copies or edits a sparse
//! disk image makes one of the other.

use fastcdc::v2020::FastCDC;

/// So many zeros, or that many left out, are a run of their own, in bytes.
pub const ZERO_RUN: usize = 64 << 10;
/// A run that long has at least one block of this length all to itself, wherever it begins.
const BLOCK: usize = ZERO_RUN / 4;
const ZEROS: [u8; 4096] = [0; 4096];

/// Cuts one content.
pub struct Cutter<'a> {
    lengths: (usize, usize, usize),
    /// Offsets in the content at which a run of zeros was left out, in order, those before `at` removed.
    gaps: &'a [u64],
    /// How far it has been cut.
    at: u64,
    /// Whether a run of zeros was cut because of its length, and may go on.
    is_in_zeros: bool,
}

impl<'a> Cutter<'a> {
    /// `lengths` are minimum, average and maximum of chunks that are not zeros.
    pub fn new(lengths: (usize, usize, usize), gaps: &'a [u64]) -> Cutter<'a> {
        Cutter {
            lengths,
            gaps,
            at: 0,
            is_in_zeros: false,
        }
    }

    /// With so many bytes ahead the next chunk's end is certain.
    pub fn lookahead(&self) -> usize {
        self.lengths.2 + ZERO_RUN
    }

    /// The ends of the chunks of `bytes`, which follow what was cut before, as far as they are certain. Each is found
    /// when it is asked for, so that the chunk is in the cache for what is done with it next.
    pub fn cut<'c>(
        &'c mut self,
        bytes: &'c [u8],
        is_at_end: bool,
    ) -> impl Iterator<Item = usize> + use<'c, 'a> {
        let (min, average, max) = self.lengths;
        let chunker = FastCDC::new(bytes, min, average, max);
        let mut start = 0;
        std::iter::from_fn(move || {
            let left = bytes.len() - start;
            if left == 0 || !(is_at_end || left >= self.lookahead()) {
                return None;
            }
            let end = self.end_of_zeros(bytes, start).unwrap_or_else(|| {
                let (_, end) = chunker.cut(start, left);
                self.start_of_zeros(bytes, start, end).unwrap_or(end)
            });
            self.at += (end - start) as u64;
            start = end;
            Some(end)
        })
    }

    /// Where the zeros end that begin at `start`, if they are a run of their own.
    fn end_of_zeros(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let max = self.lengths.2;
        let zeros = leading_zeros(&bytes[start..bytes.len().min(start + max)]);
        let passed = self
            .gaps
            .partition_point(|gap| *gap <= self.at + zeros as u64);
        let is_run = self.is_in_zeros || zeros >= ZERO_RUN || passed > 0;
        self.gaps = &self.gaps[passed..];
        self.is_in_zeros = is_run && zeros == max;
        (is_run && zeros > 0).then_some(start + zeros)
    }

    /// Where a run of zeros begins between `start` and `end`.
    fn start_of_zeros(&self, bytes: &[u8], start: usize, end: usize) -> Option<usize> {
        let before = |at: usize| start + len_without_zeros(&bytes[start..at]);
        let gap = self.gaps.first().and_then(|gap| {
            let at = start + usize::try_from(gap - self.at).ok()?;
            // As far as zeros before it reach back.
            (at <= bytes.len()).then(|| before(at))
        });
        let reach = bytes.len().min(end + ZERO_RUN);
        let mut found = None;
        let mut block = start;
        while block + BLOCK <= reach {
            let zeros = leading_zeros(&bytes[block..reach]);
            if zeros >= BLOCK {
                let run = before(block);
                if block + zeros - run >= ZERO_RUN {
                    found = Some(run);
                    break;
                }
            }
            // What is known to be too short need not be looked at again.
            block += BLOCK.max(zeros);
        }
        let first = gap.into_iter().chain(found).min();
        first.filter(|at| *at > start && *at < end)
    }
}

fn leading_zeros(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks(ZEROS.len());
    let whole = blocks.take_while(|block| **block == ZEROS[..block.len()]);
    let zeros = whole.map(<[u8]>::len).sum();
    let rest = bytes[zeros..].iter().take_while(|byte| **byte == 0);
    zeros + rest.count()
}

/// The length without the zeros at the end.
fn len_without_zeros(bytes: &[u8]) -> usize {
    let blocks = bytes.rchunks(ZEROS.len());
    let whole = blocks.take_while(|block| **block == ZEROS[..block.len()]);
    let zeros: usize = whole.map(<[u8]>::len).sum();
    let rest = &bytes[..bytes.len() - zeros];
    rest.iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::format::digest::Blake3;

    const LENGTHS: (usize, usize, usize) = (16 << 10, 64 << 10, 256 << 10);

    /// The chunks of a content that is read in pieces of this length.
    fn chunks<'b>(bytes: &'b [u8], gaps: &[u64], piece: usize) -> Vec<&'b [u8]> {
        let mut cutter = Cutter::new(LENGTHS, gaps);
        let (mut chunks, mut start, mut read) = (Vec::new(), 0, 0);
        while read < bytes.len() {
            read = bytes.len().min(read + piece);
            for end in cutter.cut(&bytes[start..read], read == bytes.len()) {
                chunks.push(start + end);
            }
            start = chunks.last().copied().unwrap_or(0);
        }
        let starts = std::iter::once(0).chain(chunks.iter().copied());
        starts
            .zip(&chunks)
            .map(|(start, end)| &bytes[start..*end])
            .collect()
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut noise = vec![0; len];
        getrandom::fill(&mut noise).unwrap();
        // No zeros where it matters.
        noise.iter_mut().for_each(|byte| *byte |= 1);
        noise
    }

    #[test]
    fn without_zeros_fastcdc_says_where_chunks_end() {
        let bytes = noise(3 << 20);
        let expected: Vec<usize> = FastCDC::new(&bytes, LENGTHS.0, LENGTHS.1, LENGTHS.2)
            .map(|chunk| chunk.length)
            .collect();
        for piece in [1 << 20, 320 << 10, 5 << 20] {
            let lens: Vec<usize> = chunks(&bytes, &[], piece).iter().map(|c| c.len()).collect();
            assert_eq!(lens, expected);
        }
    }

    #[test]
    fn a_file_with_holes_and_one_without_differ_in_zeros_only() {
        // Zeros of all lengths, those at block ends not left out with the hole; some runs too short to count.
        let runs = [
            0,
            70_000,
            1,
            64 << 10,
            2_000_000,
            65_535,
            300_001,
            (256 << 10) + 9000,
            5,
        ];
        let (mut dense, mut sparse, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
        for (number, zeros) in runs.into_iter().enumerate() {
            let data = noise(40_000 + 210_000 * number);
            dense.extend_from_slice(&data);
            sparse.extend_from_slice(&data);
            dense.resize(dense.len() + zeros, 0);
            let left_out = zeros >= 64 << 10;
            let kept = if left_out { number * 100 } else { zeros };
            sparse.resize(sparse.len() + kept / 2, 0);
            if left_out {
                gaps.push(sparse.len() as u64);
            }
            sparse.resize(sparse.len() + kept - kept / 2, 0);
        }
        for piece in [1 << 20, 3 << 20, 64 << 20] {
            let of_dense = chunks(&dense, &[], piece);
            let of_sparse = chunks(&sparse, &gaps, piece);
            assert_eq!(of_dense.concat(), dense);
            assert_eq!(of_sparse.concat(), sparse);
            let is_data = |chunk: &&&[u8]| chunk.iter().any(|byte| *byte != 0);
            let data = |chunks: &[&[u8]]| -> Vec<Blake3> {
                chunks
                    .iter()
                    .filter(is_data)
                    .map(|c| Blake3::of(c))
                    .collect()
            };
            assert_eq!(data(&of_dense), data(&of_sparse), "pieces of {piece}");
            let longest = of_dense.iter().map(|chunk| chunk.len()).max();
            assert!(longest <= Some(LENGTHS.2), "{longest:?}");
            // Whole ones are alike; of the five runs each has another rest.
            let different: HashSet<&&[u8]> = of_dense.iter().filter(|c| !is_data(c)).collect();
            assert_eq!(different.len(), 6);
        }
    }

    #[test]
    fn nothing_but_zeros_and_nothing_but_a_gap() {
        let zeros = vec![0; 1_000_000];
        let lens: Vec<usize> = chunks(&zeros, &[], 700_000)
            .iter()
            .map(|c| c.len())
            .collect();
        assert_eq!(lens, [262_144, 262_144, 262_144, 213_568]);
        let data = noise(20_000);
        assert_eq!(chunks(&data, &[0, 20_000], 1 << 20), [&data[..]]);
        assert_eq!(chunks(&[0; 3], &[0], 1 << 20), [&[0; 3]]);
        assert_eq!(chunks(&[0; 3], &[3], 1 << 20), [&[0; 3]]);
    }
}
