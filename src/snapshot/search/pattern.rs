//! What is searched for.

use crate::error::{Error, Result};
use crate::fs::escaped;
use crate::snapshot::globs::{GlobKind, Globs};
use crate::snapshot::tree::Entry;

/// A text or a glob, and how it is matched.
#[derive(Clone, Debug)]
pub struct SearchPattern(How);

#[derive(Clone, Debug)]
enum How {
    /// Anywhere in the name.
    InName(Folded),
    /// Anywhere in the path, if not only in that of the folder; what follows the last slash has to be in
    /// the name.
    InPath { path: Folded, name: Folded },
    /// On the name.
    NameGlob(Globs),
    /// On the path; and on the name what follows the last slash, where that can be told apart.
    PathGlob { path: Globs, name: Option<Globs> },
}

impl SearchPattern {
    /// What a person types: a text is searched for anywhere in the name, whatever the case; with a `*` or a
    /// `?` it is a glob, as for [`SearchPattern::glob`]. A text with a slash is searched for in the path, up
    /// to somewhere in the name.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] for nothing at all, or what is no glob.
    pub fn new(text: &str) -> Result<SearchPattern> {
        match text.contains(['*', '?']) {
            true => SearchPattern::glob(text),
            false => SearchPattern::containing(text),
        }
    }

    /// This text anywhere in the name (or the path, if it has a slash), whatever the case, and whatever
    /// characters it has.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] for an empty text.
    pub fn containing(text: &str) -> Result<SearchPattern> {
        if text.is_empty() {
            let error = Error::invalid("search for nothing", "every name has that in it");
            return Err(error.advise("give a part of the name"));
        }
        Ok(SearchPattern(match text.rsplit_once('/') {
            Some((_, name)) => How::InPath {
                path: Folded::new(text),
                name: Folded::new(name),
            },
            None => How::InName(Folded::new(text)),
        }))
    }

    /// A glob, or a whole name: matched on the end of the path, or on all of it if it begins with a slash;
    /// upper and lower case are different.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] for what is none.
    pub fn glob(text: &str) -> Result<SearchPattern> {
        let globs = |text: &str| Globs::new(GlobKind::Files, &[text.to_owned()]);
        let path = globs(text).map_err(|error| {
            let attempted = format!("search for '{}'", escaped(text.as_bytes()));
            let refused = Error::invalid(attempted, error.why());
            match error.advice() {
                Some(advice) => refused.advise(advice),
                None => refused,
            }
        })?;
        // In these a slash may be something else than the end of a name.
        let is_plain = !text.contains(['{', '}', '[', ']', '\\']);
        Ok(SearchPattern(match text.rsplit_once('/') {
            // A `**` matches any number of names.
            Some((_, name)) if is_plain && name != "**" => How::PathGlob {
                path,
                name: globs(name).ok(),
            },
            Some(_) => How::PathGlob { path, name: None },
            None => How::NameGlob(path),
        }))
    }

    /// Whether names can rule out an entry.
    pub(super) fn is_about_names(&self) -> bool {
        !matches!(self.0, How::PathGlob { name: None, .. })
    }

    /// Whether an entry of this name matches, as far as the name tells. `buffer` is used again and again.
    pub(super) fn matches_name(&self, name: &[u8], buffer: &mut Vec<u8>) -> bool {
        match &self.0 {
            How::InName(folded) | How::InPath { name: folded, .. } => folded.is_in(name),
            How::NameGlob(globs)
            | How::PathGlob {
                name: Some(globs), ..
            } => {
                buffer.clear();
                buffer.push(b'/');
                buffer.extend_from_slice(name);
                globs.is_match(buffer)
            }
            How::PathGlob { name: None, .. } => true,
        }
    }

    pub(super) fn matches(&self, path: &[u8], entry: &Entry, buffer: &mut Vec<u8>) -> bool {
        match &self.0 {
            How::InName(_) | How::NameGlob(_) => self.matches_name(entry.name.as_bytes(), buffer),
            How::PathGlob { path: globs, .. } => globs.is_match(path),
            How::InPath { path: folded, .. } => {
                let folder_len = path.len().saturating_sub(entry.name.as_bytes().len());
                folded.is_beyond(path, folder_len)
            }
        }
    }
}

/// A text without the difference of upper and lower case.
#[derive(Clone, Debug)]
struct Folded(String);

impl Folded {
    fn new(text: &str) -> Folded {
        Folded(fold(text))
    }

    /// Whether the text is in these bytes: by characters if they are UTF-8, else only ASCII letters have
    /// two cases.
    fn is_in(&self, bytes: &[u8]) -> bool {
        match bytes.is_ascii() {
            true => self.ends_at(bytes).is_some(),
            false => match std::str::from_utf8(bytes) {
                Ok(text) => fold(text).contains(&self.0),
                Err(_) => self.ends_at(bytes).is_some(),
            },
        }
    }

    /// Whether the text is in the path, and does not end before the name, which begins at `name_at`.
    fn is_beyond(&self, path: &[u8], name_at: usize) -> bool {
        match std::str::from_utf8(path) {
            Ok(text) => {
                let text = fold(text);
                let name_at = text.rfind('/').map_or(0, |slash| slash + 1);
                let at = text.rfind(&self.0);
                at.is_some_and(|at| at + self.0.len() > name_at)
            }
            Err(_) => self.ends_at(path).is_some_and(|end| end > name_at),
        }
    }

    /// Where the last occurrence ends.
    fn ends_at(&self, bytes: &[u8]) -> Option<usize> {
        let wanted = self.0.as_bytes();
        if wanted.is_empty() {
            return Some(bytes.len());
        }
        let mut places = bytes.windows(wanted.len());
        let at = places.rposition(|place| place.eq_ignore_ascii_case(wanted))?;
        Some(at + wanted.len())
    }
}

/// Character by character: what a whole word would make of a final sigma must not hide it.
fn fold(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in_name(pattern: &str, name: impl AsRef<[u8]>) -> bool {
        let pattern = SearchPattern::new(pattern).unwrap();
        pattern.matches_name(name.as_ref(), &mut Vec::new())
    }

    #[test]
    fn a_text_is_found_anywhere_in_a_name_whatever_the_case() {
        for (pattern, name) in [
            ("letter", "My Letter.odt"),
            ("LETTER", "letter"),
            ("été", "L'ÉTÉ 2026"),
            ("Straße", "hauptSTRAßE"),
            ("οδοσ", "ΟΔΟΣ"),
            ("οδος", "ΟΔΟΣ 1"),
            ("[1]", "a[1].txt"),
            ("é", "É"),
        ] {
            assert!(is_in_name(pattern, name), "{pattern} in {name}");
        }
        assert!(!is_in_name("letter", "lette"));
        assert!(!is_in_name("ete", "été"));
        assert!(!is_in_name("letters", "letter"));
    }

    #[test]
    fn in_a_name_that_is_no_text_ascii_letters_have_two_cases() {
        assert!(is_in_name("caf", b"CAF\xe9"));
        assert!(is_in_name("é", b"\xff\xc3\xa9"));
        assert!(!is_in_name("é", b"\xff\xc3\x89"));
    }

    #[test]
    fn with_a_star_or_a_question_mark_it_is_a_glob() {
        assert!(is_in_name("*.odt", "a.odt"));
        assert!(!is_in_name("*.odt", "a.ODT"));
        assert!(!is_in_name("a?", "xa1"));
        assert!(SearchPattern::new("a*//b").is_err());
        let error = SearchPattern::new("").unwrap_err();
        assert!(error.to_string().contains("nothing"), "{error}");
    }

    #[test]
    fn a_glob_without_wildcards_is_a_whole_name() {
        let pattern = SearchPattern::glob("a.txt").unwrap();
        assert!(pattern.matches_name(b"a.txt", &mut Vec::new()));
        assert!(!pattern.matches_name(b"xa.txt", &mut Vec::new()));
    }

    #[test]
    fn a_text_with_a_slash_has_to_reach_into_the_name() {
        let pattern = SearchPattern::new("docs/Let").unwrap();
        let matches = |path: &[u8]| {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap();
            let name = std::str::from_utf8(name).unwrap_or("x");
            let entry =
                crate::snapshot::restore::tests::entry(name, crate::snapshot::tree::Kind::Fifo);
            pattern.matches(path, &entry, &mut Vec::new())
        };
        assert!(matches(b"/home/Docs/letter.odt"));
        assert!(!matches(b"/home/docs/letters/a"));
        assert!(!matches(b"/home/docs/x"));
        assert!(matches(b"/\xff/docs/letter"));
    }

    #[test]
    fn what_follows_the_last_slash_of_a_glob_is_looked_for_in_names_first() {
        let by_name = |glob: &str, name: &str| {
            let pattern = SearchPattern::glob(glob).unwrap();
            pattern
                .is_about_names()
                .then(|| pattern.matches_name(name.as_bytes(), &mut Vec::new()))
        };
        assert_eq!(by_name("docs/*.odt", "a.odt"), Some(true));
        assert_eq!(by_name("docs/*.odt", "a.txt"), Some(false));
        assert_eq!(by_name("/home/**/a", "b"), Some(false));
        assert_eq!(by_name("/home/**", "b"), None);
        assert_eq!(by_name("{docs/a,b}", "b"), None);
    }
}
