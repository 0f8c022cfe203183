//! Every token of a snapshot, for claims: which contents does it hold?

use super::read::Snapshot;
use crate::error::Result;
use crate::repository::token::Token;

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
