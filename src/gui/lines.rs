//! The command lines that do the same as the window, where several screens and dialogs show them. What one screen
//! alone does stands with it.

use std::collections::BTreeSet;
use std::path::Path;

use super::overview::Overview;
use super::shell::{self, Line};
use crate::format::compression::Codec;
use crate::fs::path_bytes;
use crate::jobs::get_back::{Picked, Prepared, Request, Target};
use crate::jobs::source::SeriesSource;
use crate::jobs::{ChosenSnapshots, Work};
use crate::repository::prune::PruneDepth;
use crate::repository::settings::{Layout, Settings};
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::places::{ArchiveName, RepositoryName};
use crate::snapshot::restore::ExtractItem;

/// What to type for a job.
pub fn of_work(work: &Work, overview: &Overview) -> Vec<String> {
    match work {
        Work::BackUp { archive } => vec![back_up([archive])],
        Work::GetBack(prepared) => of_prepared(prepared),
        Work::DeleteSnapshots {
            chosen,
            prune: depth,
        } => {
            let mut lines = delete_chosen(chosen);
            if let Some(depth) = depth {
                let archives = chosen.iter().map(|of| overview.archive(&of.archive));
                let entries = archives.filter_map(|archive| archive?.entry.as_ref().ok());
                let repositories: BTreeSet<_> = entries.map(|entry| &entry.repository).collect();
                lines.extend(
                    repositories
                        .into_iter()
                        .map(|name| prune(name, *depth).end()),
                );
            }
            lines
        }
        Work::DeleteArchive { archive, .. } => vec![delete_archive(archive, "--with-snapshots")],
        Work::Check {
            repository,
            read_data,
        } => {
            let line = on_repository("check", repository);
            vec![line.switch("--read-data", *read_data).end()]
        }
        Work::Prune { repository, depth } => vec![prune(repository, *depth).end()],
        Work::Convert {
            repository,
            settings,
        } => vec![convert_repository(repository, settings)],
        Work::Repair { repository } => vec![on_repository("repair", repository).end()],
        Work::DeleteRepository { repository, .. } => {
            let line = on_repository("delete", repository);
            vec![line.word("--with-contents").end()]
        }
    }
}

/// Backs archives up.
pub fn back_up<'a>(archives: impl IntoIterator<Item = &'a ArchiveName>) -> String {
    let line = Line::new("gibus backup");
    let archives = archives.into_iter();
    let line = archives.fold(line, |line, archive| line.option("-A", archive.as_str()));
    line.end()
}

/// Sets up what a home folder is backed up with, by the usual names; in a repository that is there, if one is.
pub fn first_archive(home: Option<&Path>, repository: Option<&RepositoryName>) -> Vec<String> {
    let mut lines = Vec::new();
    if repository.is_none() {
        lines.push("gibus repo create main".to_owned());
    }
    let repository = repository.map_or("main", RepositoryName::as_str);
    let home = home.map_or(&b"/home"[..], path_bytes);
    let create = Line::new("gibus archive create home").option("--repo", repository);
    lines.push(create.option("--include", home).end());
    lines.push("gibus backup -A home".to_owned());
    lines
}

/// Makes a repository, in the usual place unless one is given.
pub fn create_repository(
    name: &RepositoryName,
    location: Option<&Path>,
    settings: &Settings,
) -> String {
    let mut line = on_repository("create", name);
    if let Some(location) = location {
        line = line.option("--location", path_bytes(location));
    }
    if settings.layout != Layout::Packed {
        line = line.option("--layout", settings.layout.name());
    }
    // As the command line has it: a loose repository is for those who want to read it with zcat.
    let usual_codec = match settings.layout {
        Layout::Packed => Codec::Zstd,
        Layout::Loose => Codec::Gzip,
    };
    if settings.codec != usual_codec {
        line = line.option("--codec", settings.codec.name());
    }
    if settings.level != settings.codec.default_level() {
        line = line.option("--level", settings.level.to_string());
    }
    line.end()
}

/// Takes a repository in that is there already.
pub fn adopt_repository(place: &Path, name: &RepositoryName) -> String {
    let line = Line::new("gibus repo adopt").word(path_bytes(place));
    line.option("--name", name.as_str()).end()
}

/// Converts a repository to these settings, whatever it has now.
pub fn convert_repository(name: &RepositoryName, settings: &Settings) -> String {
    let mut line = on_repository("convert", name)
        .option("--layout", settings.layout.name())
        .option("--codec", settings.codec.name());
    if settings.codec != Codec::None {
        line = line.option("--level", settings.level.to_string());
    }
    line.end()
}

/// The beginning of a line on a repository: `verb` is that of `gibus repo`.
pub fn on_repository(verb: &str, name: &RepositoryName) -> Line {
    Line::new(&format!("gibus repo {verb}")).word(name.as_str())
}

/// Deletes an archive; the option says what becomes of its snapshots.
pub fn delete_archive(archive: &ArchiveName, option: &str) -> String {
    let line = Line::new("gibus archive delete").word(archive.as_str());
    line.word(option).end()
}

/// Deletes snapshots, each by itself. With `is_all` none is left, which has to be said.
pub fn delete_snapshots(
    archive: &ArchiveName,
    snapshots: &[SnapshotName],
    is_all: bool,
) -> Vec<String> {
    let line = |name: &SnapshotName| {
        Line::new("gibus delete")
            .option("--archive", archive.as_str())
            .option("--snapshot", name.stem())
            .switch("--allow-last", is_all)
            .end()
    };
    snapshots.iter().map(line).collect()
}

/// Deletes snapshots of several archives.
pub fn delete_chosen(chosen: &[ChosenSnapshots]) -> Vec<String> {
    let lines = chosen
        .iter()
        .map(|of| delete_snapshots(&of.archive, &of.snapshots, of.allow_last));
    lines.flatten().collect()
}

/// Prunes a repository.
pub fn prune(repository: &RepositoryName, depth: PruneDepth) -> Line {
    let line = on_repository("prune", repository);
    match depth {
        PruneDepth::Blocks => line,
        PruneDepth::Pieces | PruneDepth::Everything => line.word("--repack"),
    }
}

/// Finds out what deleting snapshots of several archives would free.
pub fn what_if_deleted(chosen: &[ChosenSnapshots]) -> String {
    let snapshots = chosen.iter().flat_map(|of| {
        let stems = of.snapshots.iter().map(|name| name.stem());
        stems.map(|stem| format!("{}:{stem}", of.archive))
    });
    let line = Line::new("gibus what-if delete");
    snapshots.fold(line, |line, word| line.word(word)).end()
}

fn of_prepared(prepared: &Prepared) -> Vec<String> {
    let parts = prepared.items.iter();
    parts
        .flat_map(|(name, items)| get_back(&prepared.request, *name, items))
        .collect()
}
/// Gets back what is picked from one snapshot; `items` are what an extraction takes, under which names.
pub fn get_back(request: &Request, name: SnapshotName, items: &[ExtractItem]) -> Vec<String> {
    /// A longer line is of no use to anybody.
    const MOST_PATHS: usize = 40;
    let verb = match request.target {
        Target::Folder(_) => "extract",
        Target::Origin => "restore",
    };
    let mut begin = format!("gibus {verb} {}", source_options(&request.source));
    begin.push_str(&format!(" --snapshot {}", name.stem()));
    if request.overwrite {
        begin.push_str(" --overwrite");
    }
    if let Target::Folder(folder) = &request.target {
        begin.push_str(&format!(" --into {}", shell::quoted_path(folder)));
    }
    let with = |paths: &[&[u8]]| {
        let more = if paths.len() > MOST_PATHS { " …" } else { "" };
        let paths = shell::line(paths.iter().take(MOST_PATHS).copied());
        format!("{begin} {paths}{more}")
    };
    let picks = request.picks.iter().find(|picks| picks.name == name);
    match (&request.target, picks.map(|picks| &picks.what)) {
        (Target::Origin, Some(Picked::Paths(paths))) => {
            let paths: Vec<&[u8]> = paths.iter().map(Vec::as_slice).collect();
            vec![with(&paths)]
        }
        (Target::Origin, _) => vec![format!("{begin} --all")],
        (Target::Folder(_), _) => {
            let items = items.iter();
            let kept: Vec<&[u8]> = items
                .clone()
                .filter(|item| item.new_name.is_none())
                .map(|item| item.path.as_slice())
                .collect();
            let mut lines = Vec::new();
            if !kept.is_empty() {
                lines.push(with(&kept));
            }
            for item in items.take(MOST_PATHS) {
                if let Some(name) = &item.new_name {
                    let name = shell::quoted(name.as_bytes());
                    lines.push(format!("{begin} --as {name} {}", shell::quoted(&item.path)));
                }
            }
            lines
        }
    }
}

fn source_options(source: &SeriesSource) -> String {
    match source {
        SeriesSource::Archive(name) => format!("-A {name}"),
        SeriesSource::Exigency { path, repository } => {
            let mut options = format!("--exigency {}", shell::quoted_path(path));
            if let Some(repository) = repository {
                let repository = shell::quoted(path_bytes(repository));
                options.push_str(&format!(" --repository {repository}"));
            }
            options
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main() -> RepositoryName {
        RepositoryName::new("main").unwrap()
    }

    #[test]
    fn making_a_repository_says_only_what_is_not_usual() {
        let create = |layout, codec, level| {
            let settings = Settings::new(layout, codec, level).unwrap();
            create_repository(&main(), Some(Path::new("/mnt/my disk")), &settings)
        };
        let usual = "gibus repo create main --location '/mnt/my disk'";
        assert_eq!(create(Layout::Packed, Codec::Zstd, None), usual);
        assert_eq!(
            create(Layout::Loose, Codec::Gzip, Some(9)),
            format!("{usual} --layout loose --level 9")
        );
        assert_eq!(
            create(Layout::Packed, Codec::None, None),
            format!("{usual} --codec none")
        );
    }

    #[test]
    fn every_job_has_its_line() {
        let home = ArchiveName::new("home").unwrap();
        let day: SnapshotName = "2026-11-24-10-00-00".parse().unwrap();
        let settings = Settings::new(Layout::Packed, Codec::None, None).unwrap();
        let repository = main();
        for (work, line) in [
            (
                Work::BackUp {
                    archive: home.clone(),
                },
                "gibus backup -A home",
            ),
            (
                Work::DeleteSnapshots {
                    chosen: vec![ChosenSnapshots {
                        archive: home.clone(),
                        snapshots: vec![day],
                        allow_last: true,
                    }],
                    prune: None,
                },
                "gibus delete --archive home --snapshot 2026-11-24-10-00-00 --allow-last",
            ),
            (
                Work::DeleteArchive {
                    archive: home,
                    snapshots: 1,
                },
                "gibus archive delete home --with-snapshots",
            ),
            (
                Work::Check {
                    repository: repository.clone(),
                    read_data: true,
                },
                "gibus repo check main --read-data",
            ),
            (
                Work::Convert {
                    repository: repository.clone(),
                    settings,
                },
                "gibus repo convert main --layout packed --codec none",
            ),
            (
                Work::DeleteRepository {
                    repository,
                    snapshots: 0,
                },
                "gibus repo delete main --with-contents",
            ),
        ] {
            assert_eq!(of_work(&work, &Overview::default()), [line]);
        }
    }
}
