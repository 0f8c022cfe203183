//! The globs of exclude rules: what they mean, and which are refused.
//!
//! A glob that starts with `/` is matched on the whole absolute path; any other on the end of the path,
//! from the beginning of a name: `*.o` on the name, `target/debug` on the last two names. `*`, `?` and
//! `[…]` never match a `/`; `**` between slashes matches any number of folders, none included. That is how
//! restic, rsync and .gitignore read them. The original program's `*` crossed slashes, and a rule written
//! without thinking of that left out more than was meant: here a doubt is decided for keeping the file.
//! `docs/excludes.md` has it with examples.
//!
//! What could never match, or not what it seems to say, is refused when the specification is made rather
//! than found out when the backup is needed.

use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};
use crate::fs::escaped;

/// Which rule of a specification a glob belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobKind {
    Directories,
    Files,
}

impl GlobKind {
    /// The name of the field in the specification.
    pub fn field(self) -> &'static str {
        match self {
            GlobKind::Directories => "exclude_dirs",
            GlobKind::Files => "exclude_files",
        }
    }
}

/// A list of globs, matched all at once.
#[derive(Clone, Debug)]
pub struct Globs {
    set: GlobSet,
    texts: Vec<Arc<str>>,
}

impl Globs {
    /// Errors: [`crate::error::ErrorKind::Invalid`], naming the field and the glob.
    pub fn new(kind: GlobKind, globs: &[String]) -> Result<Globs> {
        let mut builder = GlobSetBuilder::new();
        for glob in globs {
            let refuse = |why: String, advice: &str| {
                let error = Error::invalid(
                    format!("use '{}' in {}", escaped(glob.as_bytes()), kind.field()),
                    why,
                );
                if advice.is_empty() {
                    error
                } else {
                    error.advise(advice)
                }
            };
            let pattern =
                pattern(kind, glob).map_err(|(why, advice)| refuse(why.into(), advice))?;
            let compiled = GlobBuilder::new(&pattern)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|e| refuse(e.kind().to_string(), GLOB_ADVICE))?;
            builder.add(compiled);
        }
        let set = builder.build().map_err(|e| {
            // Each compiled alone; together they can be too many for the regex engine.
            Error::invalid(
                format!("use the globs in {}", kind.field()),
                e.kind().to_string(),
            )
        })?;
        Ok(Globs {
            set,
            texts: globs.iter().map(|glob| Arc::from(glob.as_str())).collect(),
        })
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Whether any glob matches this absolute path.
    pub fn is_match(&self, path: &[u8]) -> bool {
        self.set
            .is_match_candidate(&globset::Candidate::from_bytes(path))
    }

    /// The first glob in the list that matches this absolute path: its place, from 0, and its text.
    pub fn first_match(&self, path: &[u8]) -> Option<(usize, Arc<str>)> {
        if self.texts.is_empty() {
            return None;
        }
        let candidate = globset::Candidate::from_bytes(path);
        // Nearly nothing matches, and only this question is cheap: it makes no list.
        if !self.set.is_match_candidate(&candidate) {
            return None;
        }
        let index = self.set.matches_candidate(&candidate).into_iter().min()?;
        Some((index, self.texts.get(index)?.clone()))
    }
}

/// The glob that matches this absolute path and no other. `None` for a path that is no text: globs are.
pub fn glob_of(path: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(path).ok()?;
    let mut glob = String::with_capacity(path.len());
    for c in path.chars() {
        if "\\*?[]{}".contains(c) {
            glob.push('\\');
        }
        glob.push(c);
    }
    Some(glob)
}

const GLOB_ADVICE: &str = "put a backslash before a character that is meant as it is";

/// The pattern for a whole absolute path, or why the glob is refused and what to do instead.
fn pattern(
    kind: GlobKind,
    glob: &str,
) -> std::result::Result<String, (&'static str, &'static str)> {
    let body = match kind {
        // `node_modules/` is how .gitignore and rsync say "directory"; here the list says it.
        GlobKind::Directories => glob.strip_suffix('/').unwrap_or(glob),
        GlobKind::Files => glob,
    };
    if body.is_empty() {
        return Err(("it is empty", "leave the line out"));
    }
    if body.contains('\0') {
        return Err(("it contains a NUL byte, which no path has", ""));
    }
    if body.ends_with('/') {
        return Err((
            "a path never ends with a slash",
            match kind {
                GlobKind::Files => "exclude_dirs is for directories",
                GlobKind::Directories => "remove the slashes at its end",
            },
        ));
    }
    if body.contains("//") {
        return Err(("a path never has two slashes together", "write one"));
    }
    if body.split('/').any(|part| part == "." || part == "..") {
        return Err((
            "a path never has '.' or '..' as a name",
            "write the path without it",
        ));
    }
    if body == "~" || body.starts_with("~/") {
        return Err((
            "'~' stands for nothing here",
            "write the home directory in full, or '[~]' for a name that is a tilde",
        ));
    }
    let body = without_slashes_in_classes(body)?;
    Ok(if body.starts_with('/') {
        body
    } else {
        format!("**/{body}")
    })
}

/// Makes sure that no class, `[…]`, matches a slash: the library lets `[!a]` do that. A class goes by bytes, so a
/// letter of several bytes in one, which would silently match its halves, is refused.
fn without_slashes_in_classes(
    glob: &str,
) -> std::result::Result<String, (&'static str, &'static str)> {
    let mut pattern = String::with_capacity(glob.len() + 2);
    let mut rest = glob;
    while let Some(c) = rest.chars().next() {
        let (first, after) = rest.split_at(c.len_utf8());
        pattern.push_str(first);
        rest = after;
        if c == '\\' {
            let len = rest.chars().next().map_or(0, char::len_utf8);
            let (escaped, after) = rest.split_at(len);
            pattern.push_str(escaped);
            rest = after;
        }
        if c != '[' {
            continue;
        }
        let is_negated = rest.starts_with(['!', '^']);
        let (mark, body) = rest.split_at(usize::from(is_negated));
        // A `]` in the first place stands for itself.
        let from = usize::from(body.starts_with(']'));
        let Some(len) = body.get(from..).and_then(|body| body.find(']')) else {
            break; // Never closed: refused when it is compiled.
        };
        let (class, after) = body.split_at(from + len);
        if !class.is_ascii() {
            return Err((
                "only ASCII characters can stand between square brackets",
                "write {é,è} in place of [éè]",
            ));
        }
        if class.contains('/') {
            return Err((
                "a slash between square brackets matches nothing",
                "write the two cases as two globs",
            ));
        }
        pattern.push_str(mark);
        pattern.push_str(&class_with_slash(class, is_negated));
        rest = after;
    }
    pattern.push_str(rest);
    Ok(pattern)
}

/// Puts a slash among the characters that a negated class does not match, where it becomes no end of a range.
fn class_with_slash(class: &str, is_negated: bool) -> String {
    let at = match class.as_bytes() {
        _ if !is_negated => return class.to_owned(),
        [b']' | b'-', b'-', ..] => class.len(),
        [b']' | b'-', ..] => 1,
        _ => 0,
    };
    let (before, after) = class.split_at(at);
    format!("{before}/{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(kind: GlobKind, glob: &str, path: &str) -> bool {
        Globs::new(kind, &[glob.to_owned()])
            .unwrap()
            .first_match(path.as_bytes())
            .is_some()
    }

    #[test]
    fn the_glob_of_a_path_matches_that_path_alone() {
        for path in ["/a/b", "/a/[b]*?{c,d}", "/a\\*", "/[!x]", "/a/{b"] {
            let glob = glob_of(path.as_bytes()).unwrap();
            for kind in [GlobKind::Files, GlobKind::Directories] {
                assert!(matches(kind, &glob, path), "{glob}");
                assert!(!matches(kind, &glob, "/a/c"), "{glob}");
                assert!(!matches(kind, &glob, "/x/a/b"), "{glob}");
            }
        }
        assert_eq!(glob_of(b"/caf\xe9"), None);
    }

    #[test]
    fn a_glob_matches_as_the_manual_says() {
        let cases = [
            // Without a slash: the name.
            ("*.o", "/a/b/x.o", true),
            ("*.o", "/x.o", true),
            ("*.o", "/a/.o", true),
            ("*.o", "/a/x.o/y", false),
            ("*.o", "/a/x.O", false),
            ("core", "/a/core", true),
            ("core", "/a/core.c", false),
            ("core", "/a/hardcore", false),
            ("file?", "/a/file1", true),
            ("file?", "/a/file", false),
            ("file[0-9]", "/a/file7", true),
            ("file[!0-9]", "/a/file7", false),
            ("file[!0-9]", "/a/filex", true),
            ("/a[!x]b", "/a/b", false),
            ("/a[^x]b", "/a-b", true),
            ("/a[!-x]b", "/a/b", false),
            ("/a[!-x]b", "/a-b", false),
            ("/a[!-x]b", "/a.b", true),
            ("/a[!]x]b", "/a/b", false),
            ("/a[!]x]b", "/a]b", false),
            ("/a[!]x]b", "/a.b", true),
            ("/a[!]-a]b", "/a/b", false),
            ("/a[!]-a]b", "/a_b", false),
            ("/a[!]-a]b", "/axb", true),
            ("/a[]x]b", "/a]b", true),
            ("\\[!x]", "/[!x]", true),
            ("*.{jpg,png}", "/a/x.png", true),
            ("*", "/a", true),
            ("*~", "/a/notes.txt~", true),
            (".*", "/a/.cache", true),
            (".*", "/a/cache", false),
            // With a slash but not at the start: the end of the path.
            ("target/debug", "/home/me/p/target/debug", true),
            ("target/debug", "/target/debug", true),
            ("target/debug", "/home/me/mytarget/debug", false),
            ("target/debug", "/home/me/target/debug/x", false),
            ("cache/*", "/home/me/cache/x", true),
            ("cache/*", "/home/me/cache/x/y", false),
            ("cache/**", "/home/me/cache/x/y", true),
            ("cache/**", "/home/me/cache", false),
            ("*/.mozilla/*/Cache", "/home/me/.mozilla/abc/Cache", true),
            // With a slash at the start: the whole path.
            ("/home/me/tmp", "/home/me/tmp", true),
            ("/home/me/tmp", "/x/home/me/tmp", false),
            ("/home/*/tmp", "/home/me/tmp", true),
            ("/home/*/tmp", "/home/me/x/tmp", false),
            ("/home/**/tmp", "/home/me/x/tmp", true),
            ("/home/**/tmp", "/home/tmp", true),
            ("/home/me/**", "/home/me/a/b", true),
            ("/home/me/**", "/home/me", false),
            ("**/tmp", "/a/tmp", true),
            ("/**/tmp", "/tmp", true),
            // A backslash takes a character as it is.
            ("\\*.o", "/a/*.o", true),
            ("\\*.o", "/a/x.o", false),
            ("{a}", "/x/a", true),
            ("\\{a\\}", "/x/{a}", true),
            ("a\nb", "/x/a\nb", true),
            ("a?b", "/x/a\nb", true),
        ];
        for (glob, path, expected) in cases {
            assert_eq!(
                matches(GlobKind::Files, glob, path),
                expected,
                "{glob} on {path}"
            );
        }
    }

    #[test]
    fn names_that_are_not_utf8_are_matched_by_their_bytes() {
        let globs = Globs::new(GlobKind::Files, &["*.o".into(), "caf?".into()]).unwrap();
        assert_eq!(globs.first_match(b"/a/\xff\xfe.o").unwrap().0, 0);
        assert_eq!(globs.first_match(b"/a/caf\xe9").unwrap().0, 1);
        assert!(globs.first_match(b"/a/\xff\xfe").is_none());
    }

    #[test]
    fn the_first_of_several_matching_globs_is_named() {
        let list = ["x".to_owned(), "b*".into(), "ba*".into()];
        let globs = Globs::new(GlobKind::Directories, &list).unwrap();
        let (index, text) = globs.first_match(b"/bar").unwrap();
        assert_eq!((index, &*text), (1, "b*"));
    }

    #[test]
    fn a_slash_at_the_end_is_fine_for_directories_only() {
        assert!(matches(
            GlobKind::Directories,
            "node_modules/",
            "/a/node_modules"
        ));
        let error = Globs::new(GlobKind::Files, &["x/".into()]).unwrap_err();
        assert!(error.to_string().contains("exclude_dirs"), "{error}");
    }

    #[test]
    fn a_glob_that_cannot_mean_what_it_says_is_refused() {
        for bad in [
            "", "/", "a//b", "./a", "../a", "a/../b", "~", "~/tmp", "a[", "{a", "a}", "[éè]",
            "[a/b]", "x\\", "[z-a]", "a\0",
        ] {
            let error = Globs::new(GlobKind::Directories, &[bad.to_owned()]).unwrap_err();
            assert!(error.to_string().contains("exclude_dirs"), "{bad}: {error}");
        }
        for good in [
            "[]x]", "[!]é]x", "é[a]", "\\[é]", "{é,è}", "a~", "~a", "[~]",
        ] {
            let checked = Globs::new(GlobKind::Files, &[good.to_owned()]);
            let expected = good != "[!]é]x";
            assert_eq!(checked.is_ok(), expected, "{good}");
        }
    }
}
