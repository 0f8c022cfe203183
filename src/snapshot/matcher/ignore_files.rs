//! Ignore files: `.gibusignore` and `.gitignore`, as git reads the latter.
//!
//! Each directory may have both; what they say holds in it and below it. The innermost directory's files
//! are asked first, in one directory `.gibusignore` before `.gitignore`, and within a file the last line
//! that matches counts. What is below an ignored directory is never looked at, so no line there brings
//! anything back. Whether the directory is a git repository does not matter.

use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::ReadStart;
use super::reason::Reason;
use crate::fs::{bytes_path, path_bytes};
use crate::progress::Monitor;

/// In the order in which they are asked.
const NAMES: [&CStr; 2] = [c".gibusignore", c".gitignore"];
/// An ignore file that is longer is no ignore file.
const MAX_LEN: usize = 1 << 20;

/// The ignore files of one directory, and through it those of the directories above.
#[derive(Debug)]
pub struct Scope {
    outer: Option<Arc<Scope>>,
    files: Vec<IgnoreFile>,
}

#[derive(Debug)]
struct IgnoreFile {
    path: Arc<Path>,
    patterns: Gitignore,
    /// The lines that are patterns, with their numbers from 1: the matcher gives back only the text.
    lines: Vec<(u32, Arc<str>)>,
}

/// The scope within `directory`: `outer` itself where it has no ignore files. A file that cannot be read,
/// or a line that is no pattern, is reported and left aside: more is kept then, not less.
pub fn enter(
    outer: Option<&Arc<Scope>>,
    directory: &[u8],
    read: ReadStart<'_>,
    monitor: &Monitor,
) -> Option<Arc<Scope>> {
    let mut files = Vec::new();
    for name in NAMES {
        let path = bytes_path(directory).join(bytes_path(name.to_bytes()));
        let problem = |why: String| monitor.notice(path_bytes(&path), "use the ignore file", why);
        match read(name, MAX_LEN + 1) {
            Ok(None) => {}
            Ok(Some(bytes)) if bytes.len() > MAX_LEN => {
                problem(format!("it is longer than {MAX_LEN} bytes"));
            }
            Ok(Some(bytes)) => {
                let file = IgnoreFile::parse(directory, &path, &bytes, &problem);
                files.extend(file.filter(|file| !file.lines.is_empty()));
            }
            Err(error) => problem(error.to_string()),
        }
    }
    if files.is_empty() {
        return outer.cloned();
    }
    Some(Arc::new(Scope {
        outer: outer.cloned(),
        files,
    }))
}

impl IgnoreFile {
    fn parse(
        directory: &[u8],
        path: &Path,
        bytes: &[u8],
        problem: &dyn Fn(String),
    ) -> Option<IgnoreFile> {
        let mut builder = GitignoreBuilder::new(bytes_path(directory));
        let mut lines: Vec<(u32, Arc<str>)> = Vec::new();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (line, number) in bytes.split(|b| *b == b'\n').zip(1u32..) {
            let Ok(line) = std::str::from_utf8(line) else {
                problem(format!("line {number} is not UTF-8"));
                continue;
            };
            let line = line.strip_suffix('\r').unwrap_or(line);
            match builder.add_line(None, line) {
                Ok(_) => lines.push((number, Arc::from(trimmed(line)))),
                Err(error) => problem(format!("line {number}: {error}")),
            }
        }
        lines.retain(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        match builder.build() {
            Ok(patterns) => Some(IgnoreFile {
                path: path.into(),
                patterns,
                lines,
            }),
            Err(error) => {
                problem(error.to_string());
                None
            }
        }
    }
}

/// A line without the blanks at its end, as git takes it.
fn trimmed(line: &str) -> &str {
    if line.ends_with("\\ ") {
        line
    } else {
        line.trim_end()
    }
}

impl Scope {
    /// The line that leaves out `path`, if the ignore files come to that.
    pub fn refuse(&self, path: &[u8], is_directory: bool) -> Option<Reason> {
        let mut scope = self;
        loop {
            for file in &scope.files {
                match file.patterns.matched(bytes_path(path), is_directory) {
                    Match::None => {}
                    Match::Whitelist(_) => return None,
                    Match::Ignore(glob) => {
                        // The last of equal lines is the one that counts.
                        let found = file.lines.iter().rev().find(|l| *l.1 == *glob.original());
                        let (line_number, line) = match found {
                            Some((number, line)) => (*number, line.clone()),
                            None => (0, Arc::from(glob.original())),
                        };
                        return Some(Reason::IgnoreFile {
                            file: file.path.clone(),
                            line_number,
                            line,
                        });
                    }
                }
            }
            scope = scope.outer.as_deref()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(outer: Option<&Arc<Scope>>, directory: &str, git: &str, own: &str) -> Arc<Scope> {
        let monitor = Monitor::new();
        let mut read = |name: &CStr, _| {
            let text = if name == c".gitignore" { git } else { own };
            Ok((!text.is_empty()).then(|| text.as_bytes().to_vec()))
        };
        let scope = enter(outer, directory.as_bytes(), &mut read, &monitor).unwrap();
        assert_eq!(monitor.problems().notices, 0);
        scope
    }

    fn is_ignored(scope: &Scope, path: &str) -> bool {
        let is_directory = path.ends_with('/');
        let path = path.trim_end_matches('/');
        scope.refuse(path.as_bytes(), is_directory).is_some()
    }

    #[test]
    fn patterns_mean_what_git_says() {
        let scope = scope(
            None,
            "/p",
            "# comment\n\n*.o\n/top\nbuild/\nsrc/*.log\n!keep.o\ndoc/**/x\n\\#odd\nblank \n",
            "",
        );
        for ignored in [
            "/p/a.o",
            "/p/s/a.o",
            "/p/top",
            "/p/build/",
            "/p/s/build/",
            "/p/src/a.log",
            "/p/doc/x",
            "/p/doc/a/b/x",
            "/p/#odd",
            "/p/blank",
        ] {
            assert!(is_ignored(&scope, ignored), "{ignored}");
        }
        for kept in [
            "/p/keep.o",
            "/p/s/top",
            "/p/build",
            "/p/s/src/a.log",
            "/p/src/s/a.log",
            "/p/comment",
        ] {
            assert!(!is_ignored(&scope, kept), "{kept}");
        }
    }

    #[test]
    fn the_inner_file_is_asked_before_the_outer_and_gibusignore_before_gitignore() {
        let outer = scope(None, "/p", "*.o\n*.log\n", "");
        let inner = scope(Some(&outer), "/p/in", "!*.o\n*.tmp\n", "!a.tmp\n");
        assert!(is_ignored(&outer, "/p/x.o"));
        assert!(!is_ignored(&inner, "/p/in/x.o"));
        assert!(is_ignored(&inner, "/p/in/x.log"));
        assert!(is_ignored(&inner, "/p/in/b.tmp"));
        assert!(!is_ignored(&inner, "/p/in/a.tmp"));
    }

    #[test]
    fn the_reason_names_file_and_line() {
        let scope = scope(None, "/p", "*.o\r\n\r\n*.log  \r\n", "");
        let reason = scope.refuse(b"/p/x.log", false).unwrap();
        assert_eq!(
            reason.to_string(),
            "'*.log' in line 3 of '/p/.gitignore' matches it (ignore_files)"
        );
    }

    #[test]
    fn a_line_that_is_no_pattern_is_reported_and_the_others_count() {
        let monitor = Monitor::new();
        let mut read = |name: &CStr, _| {
            Ok((name == c".gitignore").then(|| b"\xef\xbb\xbf*.o\n[z-a]\n\xff\n*.log\n".to_vec()))
        };
        let scope = enter(None, b"/p", &mut read, &monitor).unwrap();
        let problems = monitor.problems();
        assert_eq!(problems.notices, 2, "{problems:?}");
        assert!(problems.kept[0].why.contains("line 2"), "{problems:?}");
        assert!(is_ignored(&scope, "/p/x.o") && is_ignored(&scope, "/p/x.log"));
    }

    #[test]
    fn an_unreadable_ignore_file_is_reported_and_ignores_nothing() {
        let monitor = Monitor::new();
        let mut read = |_: &CStr, _| Err(std::io::ErrorKind::PermissionDenied.into());
        assert!(enter(None, b"/p", &mut read, &monitor).is_none());
        assert_eq!(monitor.problems().notices, 2);
    }
}
