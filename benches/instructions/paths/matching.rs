//! Paths against the rules of what is left out.

use std::ffi::CStr;
use std::io;
use std::path::Path;

use gibus::error::{Context, Result};
use gibus::fs::path_bytes;
use gibus::progress::Monitor;
use gibus::snapshot::capture::Stat;
use gibus::snapshot::matcher::{Candidate, Decision, DirectoryContext, Matcher};
use gibus::snapshot::specification::Specification;
use rustix::fs::FileType;

use crate::count::measured;
use crate::made::Random;

const DIRECTORIES: &str = "target node_modules __pycache__ .cache .tox build-* **/tmp/cache";
const FILES: &str = "*.o *.pyc *.tmp *~ .DS_Store *.swp core.* *.iso *.part thumbs.db *.log.[0-9] \
                     **/generated/*.rs *.bak *.class .#* *.aux *.toc";
const IGNORED: &[u8] = b"# ignored\n*.out\n/dist\nsecret-*\n!secret-not\nlogs/*.txt\n";

/// 20,000 paths in 1000 folders below the include, each folder entered and its files decided on.
pub fn decide(place: &Path) -> Result<()> {
    let place = place.canonicalize().context("find", place)?;
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let specification = Specification {
        exclude_dirs: words(DIRECTORIES),
        exclude_files: words(FILES),
        exclude_larger_than: Some(1 << 30),
        ignore_files: true,
        ..Specification::of(vec![place.clone()])
    };
    let matcher = Matcher::new(&specification, &[])?;
    let folder = Stat::at(rustix::fs::CWD, c"/").context("ask for", "/")?;
    let file = Stat {
        file_type: FileType::RegularFile,
        size: 1000,
        ..folder
    };
    let monitor = Monitor::new();
    let top = matcher.top(&folder, &mut no_file, &monitor);
    let include = path_bytes(&place);
    let inside = enter_include(&matcher, top, include, &folder, &monitor);
    let folders = folders(include);
    let left_out = measured(|| {
        let mut left_out = 0;
        for (path, files) in &folders {
            let candidate = candidate(path, &folder);
            let decision = matcher.decide(&inside, &candidate);
            if !decision.enters() {
                left_out += 1;
                continue;
            }
            let context = matcher.enter(&inside, &candidate, &decision, &mut no_file, &monitor);
            let decide = |path: &Vec<u8>| matcher.decide(&context, &self::candidate(path, &file));
            left_out += files
                .iter()
                .filter(|path| decide(path) != Decision::Include)
                .count();
        }
        left_out
    });
    // Some rules apply, and most of the files are kept.
    assert!((500..10_000).contains(&left_out), "{left_out}");
    Ok(())
}

/// The context within the include, reached from `/`.
fn enter_include(
    matcher: &Matcher,
    top: DirectoryContext,
    include: &[u8],
    folder: &Stat,
    monitor: &Monitor,
) -> DirectoryContext {
    let ends = (1..=include.len()).filter(|end| matches!(include.get(*end), None | Some(b'/')));
    ends.fold(top, |context, end| {
        let candidate = candidate(&include[..end], folder);
        let decision = matcher.decide(&context, &candidate);
        let mut read = |name: &CStr, _| Ok((name == c".gitignore").then(|| IGNORED.to_vec()));
        matcher.enter(&context, &candidate, &decision, &mut read, monitor)
    })
}

fn no_file(_: &CStr, _: usize) -> io::Result<Option<Vec<u8>>> {
    Ok(None)
}

fn candidate<'a>(path: &'a [u8], stat: &'a Stat) -> Candidate<'a> {
    let name = path.rsplit(|byte| *byte == b'/').next();
    Candidate {
        path,
        name: name.unwrap_or(path),
        stat,
    }
}

fn folders(include: &[u8]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    const FOLDERS: [&str; 8] = [
        "src", "docs", "notes", "photos", "target", "build-1", "logs", "dist",
    ];
    const ENDINGS: [&str; 10] = [
        "rs", "txt", "jpg", "o", "odt", "tmp", "out", "pdf", "html", "png",
    ];
    let mut random = Random(13);
    let mut made = Vec::new();
    for number in 0..1000 {
        let folder = FOLDERS[random.below(FOLDERS.len())];
        let folder = [include, format!("/{folder}-{number}").as_bytes()].concat();
        let file = |_| {
            let ending = ENDINGS[random.below(ENDINGS.len())];
            let name = format!("/name-{:05}.{ending}", random.below(100_000));
            [folder.as_slice(), name.as_bytes()].concat()
        };
        let files = (0..20).map(file).collect();
        made.push((folder, files));
    }
    made
}
