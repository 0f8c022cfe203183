//! What a file is, by its name: a word and an icon for each kind.

use lucide_icons::Icon;

use super::rows::{Row, RowKind};

/// Endings of names by what they mean, in lower case.
const KINDS: [(&str, Icon, &[&str]); 8] = [
    (
        "Picture",
        Icon::FileImage,
        &[
            "png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "tif", "tiff", "heic", "raw", "xcf",
        ],
    ),
    (
        "Sound",
        Icon::Music,
        &["mp3", "flac", "ogg", "opus", "wav", "m4a", "aac"],
    ),
    (
        "Video",
        Icon::Film,
        &["mp4", "mkv", "webm", "avi", "mov", "mpg", "mpeg"],
    ),
    (
        "Archive",
        Icon::FileArchive,
        &[
            "zip", "gz", "xz", "zst", "bz2", "tar", "tgz", "7z", "rar", "deb", "rpm", "jar",
        ],
    ),
    (
        "Document",
        Icon::FileText,
        &[
            "pdf", "odt", "doc", "docx", "ods", "xls", "xlsx", "odp", "ppt", "pptx", "rtf", "epub",
        ],
    ),
    (
        "Text",
        Icon::FileText,
        &["txt", "md", "log", "csv", "rst", "org", "tex"],
    ),
    (
        "Program text",
        Icon::FileCode,
        &[
            "rs", "c", "h", "cpp", "hpp", "py", "js", "ts", "sh", "java", "go", "pl", "rb", "html",
            "css", "xml", "json", "toml", "yaml", "yml", "ini", "conf", "cfg",
        ],
    ),
    ("Library", Icon::Package, &["so", "a", "o", "dll", "exe"]),
];

/// What it is, in a word or two.
pub fn word(row: &Row<'_>) -> &'static str {
    word_and_icon(row.kind, row.name).0
}

/// Its icon.
pub fn icon(kind: RowKind, name: &[u8]) -> Icon {
    word_and_icon(kind, name).1
}

fn word_and_icon(kind: RowKind, name: &[u8]) -> (&'static str, Icon) {
    match kind {
        RowKind::Folder => ("Folder", Icon::Folder),
        RowKind::Link => ("Link", Icon::Link2),
        RowKind::Special => ("Device or pipe", Icon::Plug),
        RowKind::File => of_ending(name).unwrap_or(("File", Icon::File)),
    }
}

fn of_ending(name: &[u8]) -> Option<(&'static str, Icon)> {
    let dot = name.iter().rposition(|byte| *byte == b'.')?;
    // A name that begins with its only dot has no ending.
    let ending = name.get(dot + 1..).filter(|_| dot > 0)?;
    let is_it = |known: &&str| known.as_bytes().eq_ignore_ascii_case(ending);
    let found = KINDS.iter().find(|kind| kind.2.iter().any(is_it))?;
    Some((found.0, found.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_the_ending_of_their_names() {
        for (name, expected) in [
            ("a.PNG", "Picture"),
            ("notes.tar.gz", "Archive"),
            (".profile", "File"),
            ("Makefile", "File"),
            ("a.", "File"),
        ] {
            let found = word_and_icon(RowKind::File, name.as_bytes()).0;
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(word_and_icon(RowKind::Folder, b"a.png").0, "Folder");
    }
}
