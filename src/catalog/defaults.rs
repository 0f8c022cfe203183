//! What somebody who begins is proposed to leave out of a backup: what programs make again by themselves.
//!
//! Only what can be had again without its owner noticing is here: caches, downloads, what compilers made of
//! what is kept. Whoever proposes it shows it, with what it saves, and each can be taken back.

use std::path::{Path, PathBuf};

use crate::fs::path_bytes;
use crate::snapshot::globs::glob_of;
use crate::snapshot::matcher::Reason;
use crate::snapshot::specification::Specification;

/// A kind of things that are left out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeftOut {
    /// Folders in which a program has put a `CACHEDIR.TAG`, by which they say themselves that they are caches.
    MarkedCaches,
    /// `~/.cache`: where the XDG base directory specification has programs keep what they can do without.
    CacheFolder,
    /// What browsers and the programs built like them keep of the network outside of `~/.cache`.
    BrowserCaches,
    /// What was deleted with the file manager and waits to be gone.
    Trash,
    /// What package managers have downloaded and would download again.
    PackageDownloads,
    /// Libraries that `npm` and its like put beside a program's sources: a lot of small files, listed in a file
    /// that is kept.
    NodeModules,
    /// What Python made of sources that are kept.
    CompiledPython,
}

/// A rule behind a kind.
enum Rule {
    /// Folders marked with a `CACHEDIR.TAG`.
    Marked,
    /// Folders of this name, or this end of a path, wherever they are.
    Anywhere(&'static str),
    /// A glob below the home folder.
    BelowHome(&'static str),
}

impl LeftOut {
    /// All of them, in the order in which they are shown.
    pub const ALL: [LeftOut; 7] = [
        LeftOut::CacheFolder,
        LeftOut::MarkedCaches,
        LeftOut::BrowserCaches,
        LeftOut::Trash,
        LeftOut::PackageDownloads,
        LeftOut::NodeModules,
        LeftOut::CompiledPython,
    ];

    fn rules(self) -> &'static [Rule] {
        match self {
            LeftOut::MarkedCaches => &[Rule::Marked],
            LeftOut::CacheFolder => &[Rule::BelowHome(".cache")],
            LeftOut::BrowserCaches => &[
                // Firefox and Thunderbird where they do not use ~/.cache.
                Rule::BelowHome(".mozilla/**/cache2"),
                Rule::BelowHome(".thunderbird/**/cache2"),
                // Chromium and everything that is built on it.
                Rule::BelowHome(".config/**/Cache"),
                Rule::BelowHome(".config/**/Code Cache"),
                Rule::BelowHome(".config/**/GPUCache"),
                Rule::BelowHome(".config/**/CacheStorage"),
                // In the sandboxes of Flatpak and Snap.
                Rule::BelowHome(".var/app/*/cache"),
                Rule::BelowHome("snap/*/*/.cache"),
            ],
            LeftOut::Trash => &[
                Rule::BelowHome(".local/share/Trash"),
                // On other disks the trash has the user's number in its name.
                Rule::Anywhere(".Trash-[0-9]*"),
            ],
            LeftOut::PackageDownloads => &[
                Rule::BelowHome(".cargo/registry"),
                Rule::BelowHome(".cargo/git"),
                Rule::BelowHome(".npm/_cacache"),
                Rule::BelowHome(".local/share/pnpm/store"),
                Rule::BelowHome(".gradle/caches"),
                Rule::BelowHome(".m2/repository"),
                Rule::BelowHome(".nuget/packages"),
                Rule::BelowHome("go/pkg/mod"),
            ],
            LeftOut::NodeModules => &[Rule::Anywhere("node_modules")],
            LeftOut::CompiledPython => &[Rule::Anywhere("__pycache__")],
        }
    }

    /// Its globs of directories; those below the home folder only where there is one that can be written as a
    /// glob.
    fn globs(self, home: Option<&Path>) -> Vec<String> {
        let home = home.and_then(|home| glob_of(path_bytes(home)));
        let of_rule = |rule: &Rule| match rule {
            Rule::Marked => None,
            Rule::Anywhere(glob) => Some((*glob).to_owned()),
            Rule::BelowHome(glob) => {
                Some(format!("{}/{glob}", home.as_ref()?.trim_end_matches('/')))
            }
        };
        self.rules().iter().filter_map(of_rule).collect()
    }

    /// Whether a specification has all rules of this kind that there can be.
    pub fn is_in(self, specification: &Specification, home: Option<&Path>) -> bool {
        let mut globs = self.globs(home).into_iter();
        (specification.exclude_caches || !self.is_marked())
            && globs.all(|glob| specification.exclude_dirs.contains(&glob))
    }

    /// Adds the rules of this kind that a specification does not have.
    pub fn add_to(self, specification: &mut Specification, home: Option<&Path>) {
        specification.exclude_caches |= self.is_marked();
        for glob in self.globs(home) {
            if !specification.exclude_dirs.contains(&glob) {
                specification.exclude_dirs.push(glob);
            }
        }
    }

    fn is_marked(self) -> bool {
        self.rules().iter().any(|rule| matches!(rule, Rule::Marked))
    }

    /// The kind that leaves something out for this reason, if it is one of them.
    pub fn behind(reason: &Reason, home: Option<&Path>) -> Option<LeftOut> {
        match reason {
            Reason::CacheDirectory => Some(LeftOut::MarkedCaches),
            Reason::DirectoryGlob { glob, .. } => LeftOut::ALL
                .into_iter()
                .find(|kind| kind.globs(home).iter().any(|its| **its == **glob)),
            _ => None,
        }
    }
}

/// A specification of these includes that leaves these kinds out.
pub fn specification(
    includes: Vec<PathBuf>,
    left_out: &[LeftOut],
    home: Option<&Path>,
) -> Specification {
    let mut specification = Specification::of(includes);
    for kind in left_out {
        kind.add_to(&mut specification, home);
    }
    specification
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::globs::{GlobKind, Globs};

    #[test]
    fn what_is_proposed_can_be_carried_out_in_any_home() {
        for home in [None, Some("/home/me"), Some("/home/[me]{*}"), Some("/")] {
            let home = home.map(Path::new);
            let all = specification(vec!["/home/me".into()], &LeftOut::ALL, home);
            all.validate().unwrap();
            assert!(all.exclude_caches);
        }
    }

    #[test]
    fn caches_are_left_out_and_what_only_looks_like_them_is_not() {
        let home = Some(Path::new("/home/me"));
        let all = specification(vec!["/home/me".into()], &LeftOut::ALL, home);
        let globs = Globs::new(GlobKind::Directories, &all.exclude_dirs).unwrap();
        for left_out in [
            "/home/me/.cache",
            "/home/me/.local/share/Trash",
            "/home/me/.config/chromium/Default/Code Cache",
            "/home/me/.config/Slack/Cache",
            "/home/me/.var/app/org.mozilla.firefox/cache",
            "/home/me/src/app/node_modules",
            "/home/me/src/app/__pycache__",
            "/home/me/.cargo/registry",
            "/home/me/disk/.Trash-1000",
        ] {
            assert!(globs.is_match(left_out.as_bytes()), "{left_out}");
        }
        for kept in [
            "/home/me/Documents",
            "/home/me/Cache",
            "/home/me/src/.cache",
            "/home/me/.cargo",
            "/home/me/.config",
            "/home/other/.cache",
        ] {
            assert!(!globs.is_match(kept.as_bytes()), "{kept}");
        }
    }

    #[test]
    fn a_kind_is_in_once_all_its_rules_are() {
        let home = Some(Path::new("/home/me"));
        for kind in LeftOut::ALL {
            let mut rules = Specification::of(vec!["/home/me".into()]);
            assert!(!kind.is_in(&rules, home), "{kind:?}");
            kind.add_to(&mut rules, home);
            assert!(kind.is_in(&rules, home), "{kind:?}");
            let once = rules.clone();
            kind.add_to(&mut rules, home);
            assert_eq!(rules, once, "{kind:?} was there already");
            rules.exclude_caches = false;
            rules.exclude_dirs.pop();
            assert!(!kind.is_in(&rules, home), "{kind:?}");
        }
    }

    #[test]
    fn a_reason_leads_back_to_its_kind() {
        let home = Some(Path::new("/home/me"));
        let reason = |glob: &str| Reason::DirectoryGlob {
            index: 3,
            glob: glob.into(),
        };
        let behind = |reason| LeftOut::behind(&reason, home);
        assert_eq!(
            behind(reason("/home/me/.cache")),
            Some(LeftOut::CacheFolder)
        );
        assert_eq!(behind(reason("node_modules")), Some(LeftOut::NodeModules));
        assert_eq!(behind(Reason::CacheDirectory), Some(LeftOut::MarkedCaches));
        assert_eq!(behind(reason("mine")), None);
        assert_eq!(behind(Reason::NoDump), None);
    }
}
