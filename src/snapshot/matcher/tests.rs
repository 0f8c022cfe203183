//! The matcher against real trees, walked as the backup walks them.

use super::*;
use crate::snapshot::capture::{open_folder, open_root};
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Paths below a temporary folder that a backup would store, and why the others are left out.
struct Tree {
    _folder: tempfile::TempDir,
    base: PathBuf,
    specification: Specification,
    own: Vec<PathBuf>,
}

impl Tree {
    /// Names that end in `/` are directories; directories above are made.
    fn new(paths: &[&str]) -> Tree {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        for path in paths {
            let full = base.join(path);
            if path.ends_with('/') {
                fs::create_dir_all(full).unwrap();
            } else {
                fs::create_dir_all(full.parent().unwrap()).unwrap();
                fs::write(full, "x").unwrap();
            }
        }
        Tree {
            specification: Specification::of(vec![base.clone()]),
            own: vec![],
            base,
            _folder: folder,
        }
    }

    fn include(&mut self, paths: &[&str]) {
        self.specification.includes = paths.iter().map(|p| self.base.join(p)).collect();
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.base.join(path), text).unwrap();
    }

    fn walk(&self) -> (Vec<String>, Vec<(String, Reason)>) {
        let matcher = Matcher::new(&self.specification, &self.own).unwrap();
        let mut walk = Walk {
            matcher: &matcher,
            base: &self.base,
            stored: vec![],
            left_out: vec![],
        };
        let root = open_root().unwrap();
        let stat = Stat::of(&root).unwrap();
        let mut read = |_: &CStr, _| Ok(None);
        let context = matcher.top(&stat, &mut read, &Monitor::new());
        walk.directory(Path::new("/"), &context);
        walk.stored.sort();
        walk.left_out.sort_by(|a, b| a.0.cmp(&b.0));
        (walk.stored, walk.left_out)
    }

    fn stored(&self) -> Vec<String> {
        self.walk().0
    }
}

struct Walk<'a> {
    matcher: &'a Matcher,
    base: &'a Path,
    stored: Vec<String>,
    left_out: Vec<(String, Reason)>,
}

impl Walk<'_> {
    fn directory(&mut self, path: &Path, context: &DirectoryContext) {
        let names: Vec<Vec<u8>> = match context.names_to_visit(self.matcher) {
            Some(names) => names.map(<[u8]>::to_vec).collect(),
            None => fs::read_dir(path)
                .unwrap()
                .map(|e| path_bytes(Path::new(&e.unwrap().file_name())).to_vec())
                .collect(),
        };
        for name in names {
            self.entry(&path.join(crate::fs::bytes_path(&name)), context);
        }
    }

    fn entry(&mut self, path: &Path, context: &DirectoryContext) {
        let c_path = CString::new(path_bytes(path)).unwrap();
        let stat = Stat::at(CWD, &c_path).unwrap();
        let candidate = Candidate {
            path: path_bytes(path),
            name: path_bytes(Path::new(path.file_name().unwrap())),
            stat: &stat,
        };
        let decision = self.matcher.decide(context, &candidate);
        let shown = path
            .strip_prefix(self.base)
            .map(|p| p.to_str().unwrap().to_owned());
        if let Ok(shown) = shown {
            match &decision {
                Decision::Include => self.stored.push(shown),
                Decision::PassThrough(reason) => {
                    self.stored.push(shown.clone());
                    self.left_out.push((shown, reason.clone()));
                }
                Decision::Hollow(reason) | Decision::Exclude(reason) => {
                    self.left_out.push((shown, reason.clone()));
                }
            }
        }
        if stat.is_directory() && decision.enters() {
            let folder = open_folder(CWD, &c_path).unwrap();
            let mut read = |name: &CStr, limit| read_start(&folder, name, limit);
            let monitor = Monitor::new();
            let context = self
                .matcher
                .enter(context, &candidate, &decision, &mut read, &monitor);
            assert_eq!(monitor.problems().notices, 0);
            self.directory(path, &context);
        }
    }
}

#[test]
fn without_rules_everything_below_the_includes_is_stored_and_nothing_else() {
    let mut tree = Tree::new(&["a/1", "a/d/2", "b/3", "c", "ab"]);
    tree.include(&["a", "c"]);
    let (stored, left_out) = tree.walk();
    assert_eq!(stored, ["", "a", "a/1", "a/d", "a/d/2", "c"]);
    // The folders above are passed through, for the include's sake.
    assert_eq!(left_out, [(String::new(), Reason::NotIncluded)]);
}

#[test]
fn globs_leave_out_directories_and_files_each_by_their_own_list() {
    let mut tree = Tree::new(&["x.o", "d.o/1", "cache/2", "s/cache/3", "s/cache.txt", "t/4"]);
    tree.specification.exclude_files = vec!["*.o".into(), "t".into()];
    tree.specification.exclude_dirs = vec![
        "zzz".into(),
        "cache".into(),
        format!("{}/t", tree.base.display()),
    ];
    let (stored, left_out) = tree.walk();
    assert_eq!(stored, ["", "d.o", "d.o/1", "s", "s/cache.txt"]);
    let reasons: Vec<_> = left_out
        .iter()
        .map(|(p, r)| (p.as_str(), r.to_string()))
        .collect();
    assert_eq!(reasons[0].0, "cache");
    assert_eq!(
        reasons[0].1,
        "the directory glob 'cache' matches it (number 2 in exclude_dirs)"
    );
    assert_eq!(reasons[1].0, "s/cache");
    assert!(reasons[2].0 == "t" && reasons[2].1.contains("number 3"));
    assert!(reasons[3].0 == "x.o" && reasons[3].1.contains("exclude_files"));
}

#[test]
fn a_link_to_a_directory_is_a_file_to_the_globs() {
    let mut tree = Tree::new(&["d/1"]);
    symlink("d", tree.base.join("link")).unwrap();
    tree.specification.exclude_dirs = vec!["link".into()];
    assert_eq!(tree.stored(), ["", "d", "d/1", "link"]);
    tree.specification.exclude_files = vec!["link".into()];
    assert_eq!(tree.stored(), ["", "d", "d/1"]);
}

#[test]
fn rules_do_not_count_for_an_include_or_the_directories_above_it() {
    let mut tree = Tree::new(&[
        "x/skip/keep/1",
        "x/skip/keep/skip/2",
        "x/skip/3",
        "x/f.o",
        "x/4",
    ]);
    tree.include(&["x/skip/keep", "x", "x/f.o"]);
    tree.specification.exclude_dirs = vec!["skip".into(), "keep".into(), "x".into()];
    tree.specification.exclude_files = vec!["*.o".into()];
    let (stored, left_out) = tree.walk();
    assert_eq!(
        stored,
        [
            "",
            "x",
            "x/4",
            "x/f.o",
            "x/skip",
            "x/skip/keep",
            "x/skip/keep/1"
        ]
    );
    let left_out: Vec<_> = left_out.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(left_out, ["", "x/skip", "x/skip/keep/skip"]);
}

#[test]
fn files_larger_than_the_limit_are_left_out_and_one_of_just_that_size_is_not() {
    let mut tree = Tree::new(&["d/"]);
    tree.write("four", "1234");
    tree.write("five", "12345");
    symlink("a long target of a link", tree.base.join("link")).unwrap();
    tree.specification.exclude_larger_than = Some(4);
    let (stored, left_out) = tree.walk();
    assert_eq!(stored, ["", "d", "four", "link"]);
    assert_eq!(left_out, [("five".into(), Reason::TooLarge { limit: 4 })]);
}

#[test]
fn of_a_tagged_cache_only_the_directory_and_its_tag_are_kept() {
    let mut tree = Tree::new(&[
        "real/1",
        "real/d/2",
        "fake/3",
        "deep/real/4",
        "dir/CACHEDIR.TAG/",
    ]);
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# more\n";
    tree.write("real/CACHEDIR.TAG", tag);
    tree.write("deep/real/CACHEDIR.TAG", tag);
    tree.write("fake/CACHEDIR.TAG", "Signature: 0");
    symlink("../real/CACHEDIR.TAG", tree.base.join("dir/tag")).unwrap();
    let everything = tree.stored().len();
    tree.specification.exclude_caches = true;
    let (stored, left_out) = tree.walk();
    assert_eq!(left_out.len(), 3);
    assert_eq!(left_out[0], ("deep/real/4".into(), Reason::CacheDirectory));
    // `real/d` and `real/1` and `deep/real/4`, and `real/d/2` which was below.
    assert_eq!(stored.len(), everything - 4);
    for kept in ["real", "real/CACHEDIR.TAG", "deep/real", "fake/3"] {
        assert!(stored.contains(&kept.to_owned()), "{kept}");
    }
    // An include in a cache, and a cache that is itself the include, are meant.
    tree.include(&["", "real/d"]);
    assert!(tree.stored().contains(&"real/d/2".into()));
    assert!(!tree.stored().contains(&"real/1".into()));
    tree.include(&["real"]);
    assert!(tree.stored().contains(&"real/1".into()));
}

#[test]
fn ignore_files_are_used_only_where_asked_for_and_from_the_include_on() {
    let mut tree = Tree::new(&["p/a.o", "p/b.c", "p/in/c.o", "p/in/d.log", "p/out/1"]);
    tree.write("p/.gitignore", "*.o\n/out/\n");
    tree.write("p/in/.gibusignore", "!*.o\n*.log\n");
    assert!(tree.stored().contains(&"p/a.o".into()));
    tree.specification.ignore_files = true;
    let expected = [
        "",
        "p",
        "p/.gitignore",
        "p/b.c",
        "p/in",
        "p/in/.gibusignore",
        "p/in/c.o",
    ];
    assert_eq!(tree.stored(), expected);
    // What is above an include has no say in it, nor has another include.
    tree.include(&["p", "p/in", "p/out"]);
    let stored = tree.stored();
    assert!(stored.contains(&"p/out/1".into()) && stored.contains(&"p/in/c.o".into()));
    assert!(!stored.contains(&"p/in/d.log".into()));
}

#[test]
fn the_archives_own_storage_is_never_stored_even_as_an_include() {
    let mut tree = Tree::new(&[
        "home/1",
        "home/gibus.d/repos/me/r/packs/2",
        "home/gibus.d/3",
    ]);
    let repository = tree.base.join("home/gibus.d/repos/me/r");
    symlink(&repository, tree.base.join("way")).unwrap();
    tree.own = vec![tree.base.join("way"), tree.base.join("not made yet")];
    let (stored, left_out) = tree.walk();
    assert!(stored.contains(&"home/gibus.d/3".into()));
    assert!(!stored.iter().any(|path| path.contains("me/r")));
    assert_eq!(
        left_out,
        [("home/gibus.d/repos/me/r".into(), Reason::OwnStorage)]
    );

    tree.include(&["home/gibus.d/repos/me/r/packs", "home/1"]);
    let matcher = Matcher::new(&tree.specification, &tree.own).unwrap();
    assert!(matcher.problems()[0].to_string().contains("me/r/packs"));
    assert_eq!(matcher.roots().len(), 1);
    assert_eq!(tree.stored(), ["", "home", "home/1"]);
}

#[test]
fn another_file_system_leaves_its_mount_point_as_an_empty_directory() {
    // /proc is mounted wherever this runs, and / is not on it.
    let mut tree = Tree::new(&["a"]);
    tree.specification.includes = vec!["/".into(), tree.base.clone()];
    tree.specification.one_file_system = true;
    let decide = |tree: &Tree, path: &CStr| {
        let matcher = Matcher::new(&tree.specification, &[]).unwrap();
        let root = Stat::at(CWD, c"/").unwrap();
        let context = matcher.top(&root, &mut |_, _| Ok(None), &Monitor::new());
        let name = &path.to_bytes()[1..];
        let stat = Stat::at(CWD, path).unwrap();
        let candidate = Candidate {
            path: path.to_bytes(),
            name,
            stat: &stat,
        };
        matcher.decide(&context, &candidate)
    };
    let hollow = Decision::Hollow(Reason::OtherFileSystem);
    assert_eq!(decide(&tree, c"/proc"), hollow);
    assert!(!hollow.enters());
    tree.specification.exclude_dirs = vec!["/proc".into()];
    assert!(matches!(decide(&tree, c"/proc"), Decision::Exclude(_)));
    tree.specification.exclude_dirs.clear();
    tree.specification.includes.push("/proc/sys".into());
    let passing = Decision::PassThrough(Reason::OtherFileSystem);
    assert_eq!(decide(&tree, c"/proc"), passing);
    tree.specification.one_file_system = false;
    assert_eq!(decide(&tree, c"/proc"), Decision::Include);
}

#[test]
fn nodump_is_left_out_where_asked_for() {
    let mut tree = Tree::new(&["a"]);
    let stat = |is_nodump| {
        let path = CString::new(path_bytes(&tree.base.join("a"))).unwrap();
        Stat {
            is_nodump,
            ..Stat::at(CWD, &path).unwrap()
        }
    };
    let marked = stat(true);
    let plain = stat(false);
    for (asked_for, stat, expected) in [
        (true, &marked, Some(Reason::NoDump)),
        (true, &plain, None),
        (false, &marked, None),
    ] {
        tree.specification.exclude_nodump = asked_for;
        let matcher = Matcher::new(&tree.specification, &[]).unwrap();
        let context = DirectoryContext {
            state: State::Covered,
            node: None,
            include: Some(0),
            device: stat.id.device,
            ignored: None,
        };
        let candidate = Candidate {
            path: b"/x/a",
            name: b"a",
            stat,
        };
        assert_eq!(
            matcher.decide(&context, &candidate).reason(),
            expected.as_ref()
        );
    }
}

#[test]
fn an_include_behind_a_link_is_found_under_its_real_path() {
    let mut tree = Tree::new(&["real/docs/1", "real/2"]);
    symlink("real", tree.base.join("link")).unwrap();
    tree.include(&["link/docs"]);
    assert_eq!(
        tree.stored(),
        ["", "link", "real", "real/docs", "real/docs/1"]
    );
}

#[test]
fn a_tag_is_read_through_no_link_and_no_fifo() {
    let tree = Tree::new(&["plain", "d/"]);
    symlink("plain", tree.base.join("link")).unwrap();
    let c_path = CString::new(path_bytes(&tree.base)).unwrap();
    let folder = open_folder(CWD, &c_path).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(&folder, c"fifo", rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert_eq!(read_start(&folder, c"plain", 10).unwrap().unwrap(), b"x");
    assert_eq!(read_start(&folder, c"plain", 0).unwrap().unwrap(), b"");
    for name in [c"link", c"d", c"fifo", c"missing"] {
        assert_eq!(read_start(&folder, name, 10).unwrap(), None, "{name:?}");
    }
}
