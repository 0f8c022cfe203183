//! What to type in a terminal for what Browse shows.

use super::basket::Basket;
use crate::gui::shell::{line, quoted, quoted_path};
use crate::jobs::source::SeriesSource;
use crate::snapshot::archive::name::SnapshotName;

/// More than this many picked paths make no line that anybody would type.
const MOST_PATHS: usize = 50;

/// Which snapshots, as options.
pub fn source(source: &SeriesSource) -> String {
    match source {
        SeriesSource::Archive(name) => format!("-A {}", quoted(name.to_string().as_bytes())),
        SeriesSource::Exigency { path, repository } => {
            let mut options = format!("--exigency {}", quoted_path(path));
            if let Some(repository) = repository {
                options.push_str(&format!(" --repository {}", quoted_path(repository)));
            }
            options
        }
    }
}

pub fn list(of: &SeriesSource, name: SnapshotName, folder: &[u8]) -> String {
    format!(
        "gibus ls {} --snapshot {} {}",
        source(of),
        name.stem(),
        quoted(folder)
    )
}

pub fn find(of: &SeriesSource, name: Option<SnapshotName>, text: &str) -> String {
    let scope = match name {
        None => "--all".to_owned(),
        Some(name) => format!("--snapshot {}", name.stem()),
    };
    // The window looks for a part of the name unless it is a glob; the command has to be told so.
    let contains = match text.contains(['*', '?']) {
        true => "",
        false => " --contains",
    };
    let text = quoted(text.as_bytes());
    format!("gibus find {} {scope}{contains} {text}", source(of))
}

/// `new`: `None` for the disk.
pub fn diff(
    of: &SeriesSource,
    old: SnapshotName,
    new: Option<SnapshotName>,
    folder: &[u8],
) -> String {
    let to = match new {
        Some(new) => format!("--to-snapshot {}", new.stem()),
        None => "--with-disk".to_owned(),
    };
    format!(
        "gibus diff {} --snapshot {} {to} {}",
        source(of),
        old.stem(),
        quoted(folder)
    )
}

pub fn versions(of: &SeriesSource, path: &[u8]) -> String {
    format!("gibus versions {} {}", source(of), quoted(path))
}

/// Extracting and restoring what is picked, a line for each snapshot.
pub fn get_back(of: &SeriesSource, basket: &Basket) -> Vec<String> {
    if basket.len() > MOST_PATHS {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for part in basket.parts() {
        let what = format!(
            "{} --snapshot {} {}",
            source(of),
            part.name.stem(),
            line(part.picks.keys().map(|path| &path[..]))
        );
        lines.push(format!("gibus extract {what} --into FOLDER"));
        lines.push(format!("gibus restore {what}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::places::ArchiveName;

    #[test]
    fn lines_name_archive_snapshot_and_path() {
        let home = SeriesSource::Archive(ArchiveName::new("home").unwrap());
        let name: SnapshotName = "2026-11-23-01-02-03".parse().unwrap();
        assert_eq!(
            list(&home, name, b"/a b"),
            "gibus ls -A home --snapshot 2026-11-23-01-02-03 '/a b'"
        );
        assert_eq!(
            find(&home, None, "letter"),
            "gibus find -A home --all --contains letter"
        );
        assert_eq!(
            find(&home, Some(name), "*.odt"),
            "gibus find -A home --snapshot 2026-11-23-01-02-03 '*.odt'"
        );
        assert_eq!(
            diff(&home, name, None, b"/"),
            "gibus diff -A home --snapshot 2026-11-23-01-02-03 --with-disk /"
        );
    }
}
