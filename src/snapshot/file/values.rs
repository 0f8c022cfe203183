//! Cursors in the columns of a page, and what is said when a column is not what it should be.

use crate::error::{Error, Result};

/// Bytes that cannot be what Gibus has written.
pub(super) fn damaged(why: &str) -> Error {
    Error::damaged("read the snapshot", why)
}

/// Takes values from a column, one by one.
pub(super) struct Values<'a, T>(std::slice::Iter<'a, T>);

impl<'a, T: Copy> Values<'a, T> {
    pub fn of(column: &'a [T]) -> Values<'a, T> {
        Values(column.iter())
    }

    pub fn next(&mut self) -> Result<T> {
        self.0
            .next()
            .copied()
            .ok_or_else(|| damaged("a column ends too early"))
    }

    /// How many values are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    pub fn finish(&self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            _ => Err(damaged("a column is too long")),
        }
    }
}

/// Takes runs of bytes from a column.
pub(super) struct Runs<'a>(pub &'a [u8]);

impl<'a> Runs<'a> {
    pub fn next(&mut self, len: usize) -> Result<&'a [u8]> {
        let (run, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| damaged("a column ends too early"))?;
        self.0 = rest;
        Ok(run)
    }

    /// A run up to a NUL byte, which is passed.
    pub fn next_terminated(&mut self) -> Result<&'a [u8]> {
        let len = self.0.iter().position(|byte| *byte == 0);
        let run = self.next(len.ok_or_else(|| damaged("a column ends too early"))?)?;
        self.next(1)?;
        Ok(run)
    }

    pub fn finish(&self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            _ => Err(damaged("a column is too long")),
        }
    }
}
