//! Work on packs in rounds, so that memory stays bounded whatever the repository's size.

use std::collections::{HashMap, HashSet};

use super::index::Index;
use super::table::{Piece, Place};
use crate::error::Result;
use crate::format::id::Id;

/// Pieces dealt with in one round.
const PIECES_A_ROUND: u64 = 500_000;

/// Divides packs, in their order, into rounds of about half a million pieces.
pub(super) fn rounds(index: &Index, packs: &[Id]) -> Result<Vec<Vec<Id>>> {
    let wanted: HashSet<Id> = packs.iter().copied().collect();
    let mut pieces: HashMap<Id, u64> = HashMap::new();
    if !wanted.is_empty() {
        each_piece(index, |piece| {
            if wanted.contains(&piece.block.pack) {
                *pieces.entry(piece.block.pack).or_default() += 1;
            }
        })?;
    }
    let mut rounds = Vec::new();
    let mut round = Vec::new();
    let mut sum = 0;
    for pack in packs {
        sum += pieces.get(pack).copied().unwrap_or(0);
        round.push(*pack);
        if sum >= PIECES_A_ROUND {
            rounds.push(std::mem::take(&mut round));
            sum = 0;
        }
    }
    if !round.is_empty() {
        rounds.push(round);
    }
    Ok(rounds)
}

fn each_piece(index: &Index, mut each: impl FnMut(&Piece)) -> Result<()> {
    index.each_content(|row| {
        if let Place::Piece(piece) | Place::Chunked(piece) = row.place {
            each(&piece);
        }
        Ok(())
    })?;
    index.each_chunk(|row| {
        each(&row.piece);
        Ok(())
    })
}
