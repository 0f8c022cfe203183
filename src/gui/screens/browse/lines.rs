//! What to type in a terminal for what Browse shows.

use super::basket::Basket;
use crate::fs::path_bytes;
use crate::jobs::source::SeriesSource;
use crate::snapshot::archive::name::SnapshotName;

/// More than this many picked paths make no line that anybody would type.
const MOST_PATHS: usize = 50;

/// Which snapshots, as options.
pub fn source(source: &SeriesSource) -> String {
    match source {
        SeriesSource::Archive(name) => format!("-A {}", quoted(name.to_string().as_bytes())),
        SeriesSource::Exigency { path, repository } => {
            let mut options = format!("--exigency {}", quoted(path_bytes(path)));
            if let Some(repository) = repository {
                options.push_str(&format!(" --repository {}", quoted(path_bytes(repository))));
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
        let paths: Vec<String> = part.picks.keys().map(|path| quoted(path)).collect();
        let what = format!(
            "{} --snapshot {} {}",
            source(of),
            part.name.stem(),
            paths.join(" ")
        );
        lines.push(format!("gibus extract {what} --into FOLDER"));
        lines.push(format!("gibus restore {what}"));
    }
    lines
}

/// A word as a shell takes it, whatever bytes it is made of.
pub fn quoted(word: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(byte);
    match std::str::from_utf8(word) {
        Ok(text) if !word.is_empty() && word.iter().all(is_plain) => text.to_owned(),
        Ok(text)
            if !text
                .chars()
                .any(|c| c.is_control() || crate::fs::is_deceptive(c)) =>
        {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            // Bash, ksh, zsh and POSIX since 2024 know this form.
            let mut quoted = String::from("$'");
            for byte in word {
                match byte {
                    b'\'' | b'\\' => {
                        quoted.push('\\');
                        quoted.push(char::from(*byte));
                    }
                    b' '..=b'~' => quoted.push(char::from(*byte)),
                    // Three digits: no digit that follows can be taken for a part of it.
                    other => quoted.push_str(&format!("\\{other:03o}")),
                }
            }
            quoted.push('\'');
            quoted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::places::ArchiveName;

    #[test]
    fn a_shell_gives_back_what_was_quoted() {
        let names: [&[u8]; 6] = [
            b"/plain/path-1.txt",
            b"with 'quotes' and $HOME `x`",
            b"",
            b"new\nline\t7",
            b"\xff\xfe\\x'1",
            "naïve".as_bytes(),
        ];
        for name in names {
            let shell = std::process::Command::new("bash")
                .arg("-c")
                .arg(format!("printf %s {}", quoted(name)))
                .output()
                .unwrap();
            assert_eq!(shell.stdout, name, "{}", quoted(name));
        }
    }

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
