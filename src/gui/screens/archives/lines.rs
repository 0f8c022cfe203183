//! The command lines that do what the screen does, quoted for a shell.

use std::path::Path;

use crate::fs::path_bytes;
use crate::gui::shell::Line;
use crate::snapshot::byte_size::exact_size;
use crate::snapshot::specification::Specification;

/// Makes an archive.
pub fn create(
    name: &str,
    repository: &str,
    location: Option<&Path>,
    specification: &Specification,
) -> String {
    let mut line = Line::new("gibus archive create")
        .word(name)
        .option("--repo", repository);
    if let Some(location) = location {
        line = line.option("--location", path_bytes(location));
    }
    let nothing = Specification::of(Vec::new());
    changes(line, &nothing, specification).end()
}

/// Changes an archive from one specification and repository to others; `None` where they are the same.
pub fn edit(
    name: &str,
    from: (&Specification, &str),
    to: (&Specification, &str),
) -> Option<String> {
    if from == to {
        return None;
    }
    let mut line = Line::new("gibus archive edit").word(name);
    if from.1 != to.1 {
        line = line.option("--repo", to.1);
    }
    Some(changes(line, from.0, to.0).end())
}

fn changes(mut line: Line, from: &Specification, to: &Specification) -> Line {
    for path in added(&from.includes, &to.includes) {
        line = line.option("--include", path_bytes(path));
    }
    for path in added(&to.includes, &from.includes) {
        line = line.option("--remove-include", path_bytes(path));
    }
    for (option, from, to) in [
        ("--exclude-dir", &from.exclude_dirs, &to.exclude_dirs),
        ("--exclude-file", &from.exclude_files, &to.exclude_files),
        ("--remove-exclude-dir", &to.exclude_dirs, &from.exclude_dirs),
        (
            "--remove-exclude-file",
            &to.exclude_files,
            &from.exclude_files,
        ),
    ] {
        for glob in added(from, to) {
            line = line.option(option, glob);
        }
    }
    match (from.exclude_larger_than, to.exclude_larger_than) {
        (Some(_), None) => line = line.word("--no-exclude-larger-than"),
        (before, Some(limit)) if before != Some(limit) => {
            line = line.option("--exclude-larger-than", exact_size(limit));
        }
        _ => {}
    }
    for (option, was, is) in [
        ("exclude-caches", from.exclude_caches, to.exclude_caches),
        ("exclude-nodump", from.exclude_nodump, to.exclude_nodump),
        ("one-file-system", from.one_file_system, to.one_file_system),
        ("ignore-files", from.ignore_files, to.ignore_files),
        (
            "keep-broken-links",
            from.keep_broken_links,
            to.keep_broken_links,
        ),
        (
            "uncompressed",
            !from.compress_snapshots,
            !to.compress_snapshots,
        ),
    ] {
        line = match (was, is) {
            (false, true) => line.word(format!("--{option}")),
            (true, false) => line.word(format!("--no-{option}")),
            _ => line,
        };
    }
    line
}

fn added<'a, T: PartialEq>(from: &'a [T], to: &'a [T]) -> impl Iterator<Item = &'a T> {
    to.iter().filter(|item| !from.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_archive_is_one_line() {
        let mut rules = Specification::of(vec!["/home/me/my docs".into()]);
        rules.exclude_files = vec!["*.o".into(), "-x".into()];
        rules.exclude_larger_than = Some(100 << 20);
        rules.exclude_caches = true;
        rules.compress_snapshots = false;
        assert_eq!(
            create("home", "main", None, &rules),
            "gibus archive create home --repo main --include '/home/me/my docs' \
             --exclude-file '*.o' --exclude-file=-x --exclude-larger-than 100MiB \
             --exclude-caches --uncompressed"
        );
    }

    #[test]
    fn an_edit_says_the_differences_and_nothing_else() {
        let mut from = Specification::of(vec!["/a".into(), "/b".into()]);
        from.exclude_dirs = vec!["x".into()];
        from.one_file_system = true;
        from.exclude_larger_than = Some(5);
        assert_eq!(edit("home", (&from, "main"), (&from, "main")), None);
        let mut to = Specification::of(vec!["/b".into(), "/c".into()]);
        to.exclude_dirs = vec!["y".into()];
        assert_eq!(
            edit("home", (&from, "main"), (&to, "nas")).unwrap(),
            "gibus archive edit home --repo nas --include /c --remove-include /a --exclude-dir y \
             --remove-exclude-dir x --no-exclude-larger-than --no-one-file-system"
        );
    }
}
