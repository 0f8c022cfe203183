//! Saying which snapshot of an archive is meant.

use super::name::SnapshotName;
use crate::error::{Error, ErrorKind, Result};

/// Which snapshot is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// 0 is the newest, 1 the one before it …; -1 is the oldest, -2 the one after it ….
    Back(i64),
    Named(SnapshotName),
}

impl Default for Select {
    fn default() -> Select {
        Select::Back(0)
    }
}

impl Select {
    /// Finds it among `names`, oldest first.
    ///
    /// Errors: [`ErrorKind::NotFound`], saying how many there are.
    pub fn find(&self, names: &[SnapshotName]) -> Result<SnapshotName> {
        let not_found =
            |why: String| Error::new(ErrorKind::NotFound, self.attempted()).because(why);
        let count = names.len();
        if count == 0 {
            return Err(not_found("there is none yet".into()).advise("make one: `gibus backup`"));
        }
        match *self {
            Select::Named(name) => match names.binary_search(&name) {
                Ok(_) => Ok(name),
                Err(_) => Err(not_found(format!(
                    "it is not one of the {} there",
                    counted(count)
                ))),
            },
            Select::Back(back) => {
                let from_end = |n: u64| usize::try_from(n).ok()?.checked_add(1);
                let index = match u64::try_from(back) {
                    Ok(back) => from_end(back).and_then(|n| count.checked_sub(n)),
                    // -1 is index 0.
                    Err(_) => usize::try_from(back.unsigned_abs() - 1).ok(),
                };
                let found = index.and_then(|index| names.get(index));
                found.copied().ok_or_else(|| {
                    not_found(format!(
                        "there {} {}",
                        if count == 1 { "is only" } else { "are only" },
                        counted(count)
                    ))
                    .advise(format!(
                        "0 to {} count back from the newest, -1 to -{count} on from the oldest",
                        count - 1
                    ))
                })
            }
        }
    }
}

impl Select {
    /// In words that fit after "could not".
    fn attempted(&self) -> String {
        match self {
            Select::Back(0) => "find the newest snapshot".to_owned(),
            Select::Back(-1) => "find the oldest snapshot".to_owned(),
            Select::Back(back @ 1..) => format!("find the snapshot {back} before the newest"),
            Select::Back(back) => {
                let after = back.unsigned_abs() - 1;
                format!("find the snapshot {after} after the oldest")
            }
            Select::Named(name) => format!("find the snapshot {}", name.stem()),
        }
    }
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 snapshot".to_owned(),
        _ => format!("{count} snapshots"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<SnapshotName> {
        let mut names: Vec<SnapshotName> = vec!["2026-01-01-00-00-00".parse().unwrap()];
        while names.len() < count {
            names.push(names[names.len() - 1].next().unwrap());
        }
        names
    }

    #[test]
    fn snapshots_are_counted_back_from_the_newest_and_on_from_the_oldest() {
        let names = names(3);
        for (back, index) in [(0, 2), (1, 1), (2, 0), (-1, 0), (-2, 1), (-3, 2)] {
            assert_eq!(
                Select::Back(back).find(&names).unwrap(),
                names[index],
                "{back}"
            );
        }
        assert_eq!(Select::Named(names[1]).find(&names).unwrap(), names[1]);
        assert_eq!(Select::default().find(&names).unwrap(), names[2]);
    }

    #[test]
    fn what_is_not_there_is_not_found_and_the_message_says_how_many_are() {
        let three = names(3);
        for back in [3, 4, -4, i64::MAX, i64::MIN] {
            let error = Select::Back(back).find(&three).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(error.to_string().contains("only 3 snapshots"), "{error}");
        }
        let error = Select::Back(1).find(&names(1)).unwrap_err();
        assert!(
            error.to_string().contains("there is only 1 snapshot"),
            "{error}"
        );
        let missing = three[2].next().unwrap();
        let error = Select::Named(missing).find(&three).unwrap_err();
        assert!(error.to_string().contains("2026-01-01-00-00-03"), "{error}");
        for (back, which) in [
            (0, "the newest snapshot"),
            (2, "the snapshot 2 before the newest"),
            (-1, "the oldest snapshot"),
            (-3, "the snapshot 2 after the oldest"),
        ] {
            let error = Select::Back(back).find(&[]).unwrap_err().to_string();
            assert!(
                error.contains(which) && error.contains("none yet"),
                "{error}"
            );
        }
    }
}
