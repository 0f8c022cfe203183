//! Checks of attributes, for what is written and for what is read.

use std::sync::Arc;

use super::MAX_EXTENDED_LEN;
use super::columns::{Columns, MAX_ROWS};
use super::values::{Runs, Values, damaged};
use crate::error::Result;
use crate::snapshot::tree::{ExtendedAttribute, Timestamp};

/// An entry has at most this many extended attributes (Linux lists at most 64 KiB of names).
const MAX_SET_ROWS: usize = MAX_ROWS / 2;

pub(super) fn timestamp(seconds: i64, nanoseconds: u32) -> Result<Timestamp> {
    if nanoseconds >= 1_000_000_000 {
        return Err(damaged("the nanoseconds of a time are out of range"));
    }
    Ok(Timestamp {
        seconds,
        nanoseconds,
    })
}

/// The sets of extended attributes that the entries of a page have.
pub(super) fn decode_sets(columns: &Columns) -> Result<Vec<Arc<[ExtendedAttribute]>>> {
    let mut name_lens = Values::of(&columns.attribute_name_lens.0);
    let mut value_lens = Values::of(&columns.attribute_value_lens.0);
    let mut bytes = Runs(&columns.attributes.0);
    let mut sets = Vec::with_capacity(columns.set_lens.0.len());
    for &len in &columns.set_lens.0 {
        let mut set = Vec::new();
        for _ in 0..len {
            set.push(ExtendedAttribute {
                name: bytes.next(name_lens.next()? as usize)?.to_vec(),
                value: bytes.next(value_lens.next()? as usize)?.to_vec(),
            });
        }
        if set.is_empty() {
            return Err(damaged("a set of extended attributes is empty"));
        }
        check_set(&set).map_err(damaged)?;
        sets.push(set.into());
    }
    name_lens.finish()?;
    value_lens.finish()?;
    bytes.finish()?;
    Ok(sets)
}

/// What is wrong with an entry's extended attributes, if anything is.
pub(super) fn check_set(set: &[ExtendedAttribute]) -> std::result::Result<(), &'static str> {
    let mut len = 0_usize;
    for attribute in set {
        if attribute.name.is_empty() || attribute.name.contains(&0) {
            return Err("the name of an extended attribute is none");
        }
        len = len.saturating_add(attribute.name.len() + attribute.value.len());
    }
    if set.len() > MAX_SET_ROWS || len > MAX_EXTENDED_LEN {
        return Err("its extended attributes are too long");
    }
    if !set.is_sorted_by(|a, b| a.name < b.name) {
        return Err("its extended attributes are not in order, or not unique");
    }
    Ok(())
}
