//! Every token of a snapshot, for claims: which contents does it hold?

use super::columns::{Columns, flags};
use super::read::Snapshot;
use super::values::{Runs, Values, damaged};
use crate::error::Result;
use crate::format::digest::Sha1;
use crate::format::encoding::decode;
use crate::format::sealed::Page;
use crate::repository::token::{ContentNumber, SegmentId, Token};

/// The tokens of a snapshot, page by page, decoding nothing else. See [`Snapshot::tokens`]. Ends after
/// an error.
pub struct Tokens<'a> {
    snapshot: &'a Snapshot,
    next_page: u32,
    tokens: std::vec::IntoIter<Token>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Tokens<'a> {
        Tokens {
            snapshot,
            next_page: 0,
            tokens: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Token>;

    fn next(&mut self) -> Option<Result<Token>> {
        loop {
            if let Some(token) = self.tokens.next() {
                return Some(Ok(token));
            }
            let pages = self.snapshot.page_count();
            if self.next_page >= pages {
                return None;
            }
            match self.snapshot.page_tokens(self.next_page) {
                Ok(tokens) => {
                    self.next_page += 1;
                    self.tokens = tokens.into_iter();
                }
                Err(error) => {
                    self.next_page = pages;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// The tokens of a page alone, in the order of its entries.
pub(super) fn page_tokens(page: &Page, segments: &[SegmentId]) -> Result<Vec<Token>> {
    let columns: Columns = decode(&page.raw)?;
    let mut decoder = TokenDecoder::new(&columns, &page.plain, segments)?;
    let contents = columns.flags.0.iter().map(|bits| bits & flags::KIND);
    let mut tokens = Vec::with_capacity(columns.segment.0.len());
    for _ in contents.filter(|kind| *kind == flags::FILE) {
        tokens.push(decoder.next()?);
    }
    decoder.finish()?;
    Ok(tokens)
}

/// Decodes the tokens of a page.
pub(super) struct TokenDecoder<'a> {
    sha1s: Runs<'a>,
    segment: Values<'a, u16>,
    ordinals: Values<'a, i64>,
    /// The page's segments, and the ordinal of the last content in each.
    segments: Vec<(SegmentId, u32)>,
}

impl<'a> TokenDecoder<'a> {
    pub fn new(
        columns: &'a Columns,
        plain: &'a [u8],
        all: &[SegmentId],
    ) -> Result<TokenDecoder<'a>> {
        let mut segments = Vec::with_capacity(columns.segments.0.len());
        for place in &columns.segments.0 {
            let segment = all
                .get(*place as usize)
                .ok_or_else(|| damaged("there is no such segment"))?;
            segments.push((*segment, 0));
        }
        Ok(TokenDecoder {
            sha1s: Runs(plain),
            segment: Values::of(&columns.segment.0),
            ordinals: Values::of(&columns.ordinals.0),
            segments,
        })
    }

    pub fn next(&mut self) -> Result<Token> {
        let mut sha1 = [0; 20];
        sha1.copy_from_slice(self.sha1s.next(20)?);
        let (segment, previous) = self
            .segments
            .get_mut(usize::from(self.segment.next()?))
            .ok_or_else(|| damaged("there is no such segment"))?;
        let ordinal = i64::from(*previous)
            .checked_add(self.ordinals.next()?)
            .and_then(|ordinal| u32::try_from(ordinal).ok())
            .ok_or_else(|| damaged("the number of a content is out of range"))?;
        *previous = ordinal;
        Ok(Token {
            sha1: Sha1(sha1),
            number: ContentNumber {
                segment: *segment,
                ordinal,
            },
        })
    }

    pub fn finish(&self) -> Result<()> {
        self.sha1s.finish()?;
        self.segment.finish()?;
        self.ordinals.finish()
    }
}
