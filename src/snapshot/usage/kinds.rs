//! Kinds of files, told by the endings of their names. The one table of them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a file is, as far as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    Picture,
    Video,
    Sound,
    /// Made with a program for writing, tables, slides, or mail; to be read or printed.
    Document,
    Text,
    /// What programs are made from.
    Code,
    /// Several files packed into one, software packages included.
    Archive,
    DiskImage,
    Database,
    /// What runs, or is a part of what runs.
    Program,
    Other,
}

impl FileKind {
    pub const COUNT: usize = 11;

    pub const ALL: [FileKind; FileKind::COUNT] = [
        FileKind::Picture,
        FileKind::Video,
        FileKind::Sound,
        FileKind::Document,
        FileKind::Text,
        FileKind::Code,
        FileKind::Archive,
        FileKind::DiskImage,
        FileKind::Database,
        FileKind::Program,
        FileKind::Other,
    ];

    /// The kind of the file of this name, whatever the case of its ending. Numbers at the end (`libc.so.6`,
    /// `app.log.2`) and the tilde of a backup copy are passed over.
    pub fn of(name: &[u8]) -> FileKind {
        let mut name = name.strip_suffix(b"~").unwrap_or(name);
        while let Some((before, ending)) = split_ending(name) {
            if !ending.iter().all(u8::is_ascii_digit) {
                return FileKind::of_ending(ending);
            }
            name = before;
        }
        let is_it = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
        let mut kinds = WHOLE_NAMES.iter();
        let found = kinds.find(|(_, names)| names.iter().any(is_it));
        found.map_or(FileKind::Other, |(kind, _)| *kind)
    }

    fn of_ending(ending: &[u8]) -> FileKind {
        let mut lower = [0; MAX_ENDING_LEN];
        let Some(lower) = lower.get_mut(..ending.len()) else {
            return FileKind::Other;
        };
        lower.copy_from_slice(ending);
        lower.make_ascii_lowercase();
        let known = BY_ENDING.get(&*lower);
        known.copied().unwrap_or(FileKind::Other)
    }

    /// Its place in [`FileKind::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The word for it, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Picture => "picture",
            FileKind::Video => "video",
            FileKind::Sound => "sound",
            FileKind::Document => "document",
            FileKind::Text => "text",
            FileKind::Code => "code",
            FileKind::Archive => "archive",
            FileKind::DiskImage => "disk image",
            FileKind::Database => "database",
            FileKind::Program => "program",
            FileKind::Other => "other",
        }
    }

    /// The word for several of them, in lower case.
    pub fn plural(self) -> &'static str {
        match self {
            FileKind::Picture => "pictures",
            FileKind::Video => "videos",
            FileKind::Sound => "sound",
            FileKind::Document => "documents",
            FileKind::Text => "text",
            FileKind::Code => "code",
            FileKind::Archive => "archives",
            FileKind::DiskImage => "disk images",
            FileKind::Database => "databases",
            FileKind::Program => "programs",
            FileKind::Other => "other files",
        }
    }
}

/// What stands before the last dot of a name, and the ending behind it. A name that begins with its only dot
/// has no ending.
fn split_ending(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = name.iter().rposition(|byte| *byte == b'.')?;
    let ending = name.get(dot + 1..)?;
    (dot > 0 && !ending.is_empty()).then(|| (name.get(..dot).unwrap_or_default(), ending))
}

type Words = (FileKind, &'static [&'static str]);

/// The longest ending in the table, in bytes.
const MAX_ENDING_LEN: usize = 8;

/// The table, for looking up a million names.
static BY_ENDING: LazyLock<HashMap<&[u8], FileKind>> = LazyLock::new(|| {
    let of_kind = |(kind, endings): &Words| {
        let kind = *kind;
        endings.iter().map(move |ending| (ending.as_bytes(), kind))
    };
    ENDINGS.iter().flat_map(of_kind).collect()
});

/// Names without an ending that say what they are.
const WHOLE_NAMES: [Words; 3] = [
    (
        FileKind::Text,
        &[
            "README",
            "LICENSE",
            "COPYING",
            "AUTHORS",
            "CHANGELOG",
            "NEWS",
            "TODO",
        ],
    ),
    (
        FileKind::Code,
        &[
            "Makefile",
            "Dockerfile",
            "Kconfig",
            "Rakefile",
            "Jenkinsfile",
        ],
    ),
    (FileKind::Document, &["INBOX", "Sent", "Drafts", "mbox"]),
];

/// Endings in lower case, each once.
const ENDINGS: [Words; 10] = [
    (
        FileKind::Picture,
        &[
            "png", "jpg", "jpeg", "jpe", "gif", "webp", "bmp", "svg", "svgz", "tif", "tiff",
            "heic", "heif", "avif", "jxl", "raw", "arw", "cr2", "cr3", "dng", "nef", "orf", "raf",
            "rw2", "xcf", "psd", "kra", "ico", "ppm", "pgm", "pbm", "xpm", "tga", "exr", "hdr",
            "ai", "eps",
        ],
    ),
    (
        FileKind::Video,
        &[
            "mp4", "mkv", "webm", "avi", "mov", "mpg", "mpeg", "m4v", "m2ts", "mts", "vob", "wmv",
            "flv", "ogv", "3gp", "mxf",
        ],
    ),
    (
        FileKind::Sound,
        &[
            "mp3", "flac", "ogg", "oga", "opus", "wav", "m4a", "m4b", "aac", "wma", "aif", "aiff",
            "mid", "midi", "ape", "mka", "sf2",
        ],
    ),
    (
        FileKind::Document,
        &[
            "pdf", "odt", "doc", "docx", "ods", "xls", "xlsx", "odp", "odg", "ppt", "pptx", "rtf",
            "epub", "mobi", "azw3", "djvu", "ps", "pages", "numbers", "key", "eml", "mbox", "msg",
            "pst", "vcf", "ics",
        ],
    ),
    (
        FileKind::Text,
        &[
            "txt", "md", "markdown", "log", "csv", "tsv", "rst", "org", "tex", "bib", "srt", "vtt",
            "adoc", "diff", "patch", "po", "nfo",
        ],
    ),
    (
        FileKind::Code,
        &[
            "rs", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "py", "ipynb", "js", "mjs", "cjs",
            "jsx", "ts", "tsx", "vue", "sh", "bash", "zsh", "fish", "java", "kt", "scala", "go",
            "pl", "pm", "rb", "php", "lua", "swift", "m", "cs", "fs", "hs", "ml", "el", "lisp",
            "clj", "r", "jl", "sql", "s", "asm", "html", "htm", "xhtml", "css", "scss", "less",
            "xml", "xsl", "json", "jsonl", "toml", "yaml", "yml", "ini", "conf", "cfg", "cmake",
            "mk", "gradle", "proto", "dts", "dtsi", "map", "lock", "desktop", "service", "tf",
        ],
    ),
    (
        FileKind::Archive,
        &[
            "zip", "gz", "xz", "zst", "bz2", "lz4", "lzma", "tar", "tgz", "txz", "tbz2", "7z",
            "rar", "cab", "cpio", "deb", "rpm", "apk", "jar", "war", "whl", "crate", "gem", "snap",
            "flatpak", "pack", "bundle",
        ],
    ),
    (
        FileKind::DiskImage,
        &[
            "iso", "img", "qcow", "qcow2", "vdi", "vmdk", "vhd", "vhdx", "dmg", "ova", "squashfs",
            "wim",
        ],
    ),
    (
        FileKind::Database,
        &[
            "db", "db3", "sqlite", "sqlite3", "mdb", "accdb", "dbf", "ibd", "frm", "myd", "myi",
            "ldb", "sst", "kdbx", "parquet", "rdb", "h5", "hdf5",
        ],
    ),
    (
        FileKind::Program,
        &[
            "exe", "dll", "msi", "so", "a", "o", "ko", "la", "lib", "obj", "dylib", "appimage",
            "bin", "elf", "class", "pyc", "pyo", "wasm", "rlib", "rmeta", "node", "bat", "com",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_ending_of_the_name_tells_the_kind() {
        for (name, expected) in [
            ("a.PNG", FileKind::Picture),
            ("film.Mkv", FileKind::Video),
            ("song.opus", FileKind::Sound),
            ("letter.odt", FileKind::Document),
            ("notes.txt", FileKind::Text),
            ("main.rs", FileKind::Code),
            ("all.tar.gz", FileKind::Archive),
            ("win.qcow2", FileKind::DiskImage),
            ("places.sqlite", FileKind::Database),
            ("setup.exe", FileKind::Program),
            ("unheard.of", FileKind::Other),
        ] {
            assert_eq!(FileKind::of(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn numbers_and_tildes_at_the_end_say_nothing() {
        for (name, expected) in [
            ("libc.so.6", FileKind::Program),
            ("libz.so.1.2.13", FileKind::Program),
            ("app.log.2", FileKind::Text),
            ("letter.odt~", FileKind::Document),
            ("Makefile", FileKind::Code),
            ("makefile.1", FileKind::Code),
            ("report.2024", FileKind::Other),
        ] {
            assert_eq!(FileKind::of(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn a_name_without_an_ending_is_of_no_kind() {
        for name in [
            &b".png"[..],
            b"png",
            b"a.",
            b".",
            b"~",
            b"",
            b"1",
            b".1",
            b"a.\xff",
        ] {
            assert_eq!(FileKind::of(name), FileKind::Other, "{name:?}");
        }
        assert_eq!(FileKind::of(b".config.toml"), FileKind::Code);
    }

    #[test]
    fn each_ending_is_in_the_table_once_and_in_lower_case() {
        let mut seen = HashSet::new();
        for (kind, endings) in ENDINGS {
            for ending in endings {
                assert!(seen.insert(*ending), "{ending}");
                assert_eq!(*ending, ending.to_ascii_lowercase());
                assert_eq!(FileKind::of_ending(ending.as_bytes()), kind);
            }
        }
    }

    #[test]
    fn the_list_of_kinds_is_in_the_order_of_their_places() {
        for (place, kind) in FileKind::ALL.iter().enumerate() {
            assert_eq!(kind.index(), place);
        }
        let names: HashSet<_> = FileKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), FileKind::COUNT);
    }
}
