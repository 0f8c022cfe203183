//! What the screen says of rules, and of why something is or is not backed up; for people who know neither globs
//! nor the names of fields.

use std::path::Path;

use super::data::Rule;
use crate::fs::{bytes_path, escaped, escaped_path, path_bytes};
use crate::gui::words::date_time;
use crate::human::size;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::explain::{Explanation, Verdict};
use crate::snapshot::matcher::Reason;
use crate::snapshot::preview::ViewedEntry;
use crate::snapshot::specification::Specification;

/// The newest saved version of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    pub snapshot: SnapshotName,
    pub is_directory: bool,
    pub bytes: u64,
}

/// The name of a rule with a switch, and what it means.
pub fn switch(rule: &Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::Folders(_) | Rule::Files(_) => ("", ""),
        Rule::LargerThan => (
            "Leave out large files",
            "Files that are larger than this, such as films and disk images",
        ),
        Rule::Caches => (
            "Leave out caches",
            "Folders that programs have marked as caches (with a CACHEDIR.TAG): they make them again",
        ),
        Rule::NoDump => (
            "Leave out what is marked 'no dump'",
            "Files and folders that somebody has marked so with the command chattr +d",
        ),
        Rule::OtherFileSystems => (
            "Leave out other disks and shares",
            "What is mounted below the folders above: USB sticks, network shares, other disks",
        ),
        Rule::IgnoreFiles => (
            "Leave out what .gitignore files name",
            "For programmers: what git leaves out, and what a .gibusignore file names",
        ),
        Rule::BrokenLinks => (
            "Keep links that lead nowhere",
            "Symbolic links to something that is not there are left out otherwise",
        ),
    }
}

/// Why something is left out: a clause that begins a line.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::NotIncluded => "Not among what is to be backed up".to_owned(),
        Reason::OwnStorage => "It holds these backups themselves".to_owned(),
        Reason::DirectoryGlob { glob, .. } => {
            format!(
                "Left out by the rule for folders {}",
                escaped(glob.as_bytes())
            )
        }
        Reason::FileGlob { glob, .. } => {
            format!(
                "Left out by the rule for files {}",
                escaped(glob.as_bytes())
            )
        }
        Reason::TooLarge { limit } => format!("Left out: larger than {}", size(*limit)),
        Reason::CacheDirectory => "Left out: in a cache".to_owned(),
        Reason::NoDump => "Left out: marked 'no dump'".to_owned(),
        Reason::OtherFileSystem => "Left out: on another disk or share".to_owned(),
        Reason::IgnoreFile {
            file,
            line_number,
            line,
        } => format!(
            "Left out by '{}', line {line_number} of {}",
            escaped(line.as_bytes()),
            escaped_path(file)
        ),
        Reason::BrokenLink => "Left out: a link that leads nowhere".to_owned(),
    }
}

/// What becomes of something in the tree of the disk.
pub fn verdict(entry: &ViewedEntry) -> String {
    match &entry.verdict {
        Verdict::Included { .. } => "Backed up".to_owned(),
        Verdict::DirectoryOnly(_) if entry.leads_to_include => {
            "Something in it is backed up".to_owned()
        }
        Verdict::DirectoryOnly(why) => format!("Only the folder itself. {}", reason(why)),
        Verdict::Excluded(why) => reason(why),
        Verdict::BehindLink { .. } => "Behind a link".to_owned(),
    }
}

/// Whether it is backed up, and why, in a sentence each.
pub fn answer(
    explanation: &Explanation,
    path: &Path,
    specification: &Specification,
) -> (bool, String, String) {
    let shown = escaped_path(path);
    let (is_included, why) = because(explanation, path, specification);
    let sentence = match (is_included, explanation.exists) {
        (true, true) => format!("{shown} is backed up."),
        (true, false) => format!("{shown} is not there now. It would be backed up."),
        (false, true) => format!("{shown} is not backed up."),
        (false, false) => format!("{shown} is not there now. It would not be backed up."),
    };
    (is_included, sentence, why)
}

fn because(
    explanation: &Explanation,
    path: &Path,
    specification: &Specification,
) -> (bool, String) {
    match &explanation.verdict {
        Verdict::Included { include } => {
            let include = specification.includes.get(*include);
            let include = include.map(|include| escaped_path(include).to_string());
            let include = include.unwrap_or_default();
            (true, format!("It belongs to {include}."))
        }
        Verdict::DirectoryOnly(why) => (
            false,
            format!(
                "Only the folder itself is, not all that is in it. {}.",
                reason(why)
            ),
        ),
        Verdict::Excluded(why) => match explanation.steps.last() {
            Some(step) if step.path != path && *why != Reason::NotIncluded => {
                let folder = escaped_path(&step.path);
                let why = reason(why);
                (
                    false,
                    format!("The folder {folder} that it is in is not. {why}."),
                )
            }
            _ => (false, format!("{}.", reason(why))),
        },
        Verdict::BehindLink { link, target } => {
            // A target that is relative starts from the link's folder.
            let folder = link.parent().unwrap_or(link);
            let target = crate::snapshot::specification::absolute_path(folder, target);
            (
                false,
                format!(
                    "{} is a link to {}, and is backed up as a link. Ask for the path there.",
                    escaped_path(link),
                    escaped_path(&target)
                ),
            )
        }
    }
}

/// The newest saved version.
pub fn last_saved(saved: Option<&Saved>) -> String {
    match saved {
        None => "No version of it was ever saved in this archive.".to_owned(),
        Some(saved) => {
            let when = date_time(saved.snapshot.time());
            match saved.is_directory {
                true => format!("Last saved as a folder: {when}."),
                false => format!("Last saved version: {when}, {}.", size(saved.bytes)),
            }
        }
    }
}

/// The folder that a path lies in, and its name.
pub fn name_of(path: &[u8]) -> String {
    let name = bytes_path(path).file_name();
    match name {
        Some(name) => escaped(path_bytes(Path::new(name))).to_string(),
        None => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::explain::Step;
    use crate::snapshot::matcher::Decision;

    fn explained(verdict: Verdict, step: &str, exists: bool) -> Explanation {
        let decision = match &verdict {
            Verdict::Excluded(reason) => Decision::Exclude(reason.clone()),
            _ => Decision::Include,
        };
        Explanation {
            verdict,
            steps: vec![Step {
                path: step.into(),
                decision,
                is_root: false,
            }],
            exists,
        }
    }

    fn words(verdict: Verdict, step: &str, exists: bool) -> String {
        let specification = Specification::of(vec!["/home/me".into()]);
        let explanation = explained(verdict, step, exists);
        let (_, sentence, why) = answer(&explanation, Path::new("/home/me/a/b"), &specification);
        format!("{sentence} {why}")
    }

    #[test]
    fn the_answer_says_what_and_why() {
        let glob = Reason::DirectoryGlob {
            index: 0,
            glob: "a".into(),
        };
        assert_eq!(
            words(Verdict::Included { include: 0 }, "/home/me/a/b", true),
            "/home/me/a/b is backed up. It belongs to /home/me."
        );
        assert_eq!(
            words(Verdict::Excluded(glob), "/home/me/a", true),
            "/home/me/a/b is not backed up. The folder /home/me/a that it is in is not. \
             Left out by the rule for folders a."
        );
        assert_eq!(
            words(
                Verdict::Excluded(Reason::TooLarge { limit: 1 << 20 }),
                "/home/me/a/b",
                false
            ),
            "/home/me/a/b is not there now. It would not be backed up. Left out: larger than 1.0 MiB."
        );
        assert_eq!(
            words(
                Verdict::BehindLink {
                    link: "/home/me/a".into(),
                    target: "../x".into()
                },
                "/home/me/a",
                true
            ),
            "/home/me/a/b is not backed up. /home/me/a is a link to /home/x, and is backed up as a \
             link. Ask for the path there."
        );
    }
}
