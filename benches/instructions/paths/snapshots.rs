//! One snapshot of 20,000 files, and the index of its repository.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use gibus::error::Result;
use gibus::format::digest::ContentDigest;
use gibus::format::id::Id;
use gibus::progress::Monitor;
use gibus::repository::claims::ClaimId;
use gibus::repository::index::Index;
use gibus::repository::token::Token;
use gibus::snapshot::file::Snapshot;
use gibus::snapshot::usage::survey;

use crate::count::measured;
use crate::made::{Random, repository_in, repository_of, tiny_contents, write_snapshot};

const FILES: u32 = 20_000;

fn path_in(place: &Path) -> PathBuf {
    place.join("a.snapshot")
}

pub fn prepare(place: &Path) -> Result<()> {
    let (_, claim_id, tokens) = repository_of(place, tiny_contents(FILES))?;
    write_snapshot(&path_in(place), claim_id, &tokens)
}

fn tokens(place: &Path) -> Result<Vec<Token>> {
    Snapshot::open(&path_in(place))?.tokens().collect()
}

pub fn look_up_known(place: &Path) -> Result<()> {
    let mut tokens = tokens(place)?;
    Random(8).shuffle(&mut tokens);
    let repository = repository_in(place)?;
    let index = Index::open(&**repository.storage(), repository.id())?;
    measured(|| {
        for token in &tokens {
            black_box(index.locate(token)?);
        }
        Ok(())
    })
}

pub fn look_up_unknown(place: &Path) -> Result<()> {
    let unknown = tiny_contents(2 * FILES).skip(FILES as usize);
    let digests: Vec<ContentDigest> = unknown.map(|bytes| ContentDigest::of(&bytes)).collect();
    let repository = repository_in(place)?;
    let index = Index::open(&**repository.storage(), repository.id())?;
    measured(|| {
        for digest in &digests {
            assert!(index.find_content(digest)?.is_none());
        }
        Ok(())
    })
}

pub fn open_one_folder(place: &Path) -> Result<()> {
    let path = path_in(place);
    let files = measured(|| {
        let snapshot = Snapshot::open(&path)?;
        let folder = snapshot.directory(b"/folder-0005/folder-0050")?;
        snapshot.list(&folder.expect("it was made"))
    })?;
    assert_eq!(files.len(), 20);
    Ok(())
}

pub fn walk(place: &Path) -> Result<()> {
    let snapshot = Snapshot::open(&path_in(place))?;
    let entries = measured(|| {
        let mut walk = snapshot.walk(b"/", snapshot.root());
        let mut entries = 0;
        while let Some(step) = walk.advance()? {
            black_box(step.path);
            entries += 1;
        }
        Ok(entries)
    })?;
    assert!(entries > FILES);
    Ok(())
}

pub fn write(place: &Path) -> Result<()> {
    let tokens = tokens(place)?;
    let path = place.join("another.snapshot");
    measured(|| write_snapshot(&path, ClaimId(Id([4; 16])), &tokens))
}

pub fn survey_all(place: &Path) -> Result<()> {
    let snapshot = Snapshot::open(&path_in(place))?;
    let monitor = Monitor::new();
    let holdings = repository_in(place)?.holdings(&monitor)?;
    let within = holdings.within(ClaimId(snapshot.header().claim_id))?;
    let usage = measured(|| survey(&snapshot, within, &monitor))?;
    assert_eq!(usage.folders[0].sums.files, u64::from(FILES));
    Ok(())
}
