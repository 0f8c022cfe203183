//! Is what came back what was there? Every file, byte for byte.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::copy::{Copies, Copy};
use crate::error::{Context, Result};

pub struct Comparison {
    pub same: u64,
    pub different: Vec<PathBuf>,
    /// Originals that somebody changed since they were copied: there is nothing to compare with.
    pub changed_meanwhile: u64,
}

/// Compares every file below `extracted` with the original that it is a copy of.
pub fn with_originals(copies: &Copies, extracted: &Path) -> Result<Comparison> {
    let mut comparison = Comparison {
        same: 0,
        different: Vec::new(),
        changed_meanwhile: 0,
    };
    for copy in &copies.files {
        let path = extracted.join(&copy.relative);
        if !is_unchanged(copy) {
            comparison.changed_meanwhile += 1;
        } else if same_bytes(&copy.original, &path).context("compare with its original", &path)? {
            comparison.same += 1;
        } else {
            comparison.different.push(path);
        }
    }
    Ok(comparison)
}

fn is_unchanged(copy: &Copy) -> bool {
    std::fs::metadata(&copy.original).is_ok_and(|metadata| {
        metadata.len() == copy.size && metadata.modified().ok() == copy.modified
    })
}

/// False as well when `b` does not exist.
fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    let mut a = File::open(a)?;
    let mut b = match File::open(b) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        result => result?,
    };
    let (mut from_a, mut from_b) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let count = fill(&mut a, &mut from_a)?;
        if count != fill(&mut b, &mut from_b)? || from_a[..count] != from_b[..count] {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match file.read(&mut buffer[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_makes_the_difference() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let long = vec![7; 200_000];
        let mut other = long.clone();
        other[199_999] = 8;
        let (a, b, c) = (write("a", &long), write("b", &long), write("c", &other));
        assert!(same_bytes(&a, &b).unwrap());
        assert!(!same_bytes(&a, &c).unwrap());
        assert!(!same_bytes(&a, &write("d", &long[1..])).unwrap());
        assert!(!same_bytes(&a, &dir.path().join("missing")).unwrap());
    }
}
