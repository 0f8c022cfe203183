//! Small text files that are checked like all others: TOML that ends with a line holding its BLAKE3.
//!
//! `repository.toml` and `archive.toml` are text, so that a person with nothing but a pager can see what
//! is here. They are written by Gibus only, never by hand, so their last line is
//! `# blake3: <64 hex digits>` over every byte before that line.

use super::digest::Blake3;
use crate::error::{Error, Result};

const MARK: &str = "# blake3: ";

/// `text` with its check line.
pub fn seal_text(text: &str) -> String {
    let mut sealed = text.to_owned();
    if !sealed.is_empty() && !sealed.ends_with('\n') {
        sealed.push('\n');
    }
    let digest = Blake3::of(sealed.as_bytes());
    sealed.push_str(MARK);
    sealed.push_str(&digest.to_string());
    sealed.push('\n');
    sealed
}

/// The text that was sealed.
///
/// Errors: [`crate::error::ErrorKind::Damaged`] where a byte differs from what was written.
pub fn open_text(bytes: &[u8]) -> Result<String> {
    let damaged = |why: &str| Error::damaged("read", why);
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
    let body_len = text
        .len()
        .checked_sub(MARK.len() + 65)
        .filter(|at| text.is_char_boundary(*at))
        .ok_or_else(|| damaged("it is cut short"))?;
    let (body, last) = text.split_at(body_len);
    let digest = last
        .strip_prefix(MARK)
        .and_then(|rest| rest.strip_suffix('\n'))
        .ok_or_else(|| damaged("its last line, which holds the checksum, is missing"))?;
    if Blake3::of(body.as_bytes()).to_string() != digest {
        return Err(damaged("its checksum does not match"));
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_is_found() {
        let sealed = seal_text("a = 1\nb = \"ü\"\n");
        assert_eq!(open_text(sealed.as_bytes()).unwrap(), "a = 1\nb = \"ü\"\n");
        for position in 0..sealed.len() {
            let mut bad = sealed.clone().into_bytes();
            bad[position] ^= 1;
            assert!(open_text(&bad).is_err(), "byte {position}");
            assert!(open_text(&sealed.as_bytes()[..position]).is_err());
        }
    }
}
