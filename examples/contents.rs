//! The content repository without snapshots: stores every file of a folder, reads one back, counts,
//! releases and prunes.
//!
//! ```text
//! cargo run --release --example contents -- /usr/share/doc
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use gibus::error::Result;
use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::claims::ClaimBuilder;
use gibus::repository::prune::PruneDepth;
use gibus::repository::settings::Settings;

fn main() -> Result<()> {
    let source = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("src"), PathBuf::from);
    let folder = std::env::temp_dir().join(format!("gibus-example-{}", std::process::id()));
    let repository = Repository::create(&folder.join("repository"), &Settings::default())?;
    let monitor = Arc::new(Monitor::new());

    // Files that can be read, in the order in which they are found.
    let files: Vec<PathBuf> = walkdir::WalkDir::new(&source)
        .sort_by_file_name()
        .into_iter()
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();

    // 1. Store contents: a session, a worker for each thread, and a claim that names every token.
    let begun = Instant::now();
    let session = repository.begin_store("an example", &monitor)?;
    let claim_id = session.claim_id();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let tokens = std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(files.len().div_ceil(threads).max(1))
            .map(|part| {
                let mut worker = session.worker();
                scope.spawn(move || -> Result<Vec<_>> {
                    let mut tokens = Vec::with_capacity(part.len());
                    for file in part {
                        tokens.push(worker.store_contents(file)?);
                    }
                    worker.finish()?;
                    Ok(tokens)
                })
            })
            .collect();
        let mut tokens = Vec::new();
        for worker in workers {
            // A worker that panicked has printed why; there is nothing to add.
            tokens.extend(worker.join().unwrap_or_else(|_| std::process::exit(1))?);
        }
        Ok(tokens)
    })?;
    let mut claim = ClaimBuilder::new();
    for token in &tokens {
        claim.add(token);
    }
    let report = session.commit(claim, "an example", None)?;
    println!(
        "stored {} files: {} new contents of {} bytes in {} bytes, {:.2} s",
        tokens.len(),
        report.new_contents,
        report.new_content_bytes,
        report.stored_bytes,
        begun.elapsed().as_secs_f64(),
    );

    if let Some(token) = tokens.first() {
        // 2. Copy a content to a path; 4. or open it; 5. what it costs.
        repository.copy_contents_to(token, &folder.join("copy"))?;
        let reader = repository.open_contents_read_only(token)?;
        let stats = repository.content_storage_stats(token)?;
        println!(
            "the first one has {} bytes, takes {}, and has {} references",
            reader.len(),
            stats.stored_bytes,
            stats.references,
        );
    }

    // 3. Release, and reclaim the space.
    repository.release_contents(claim_id)?;
    let pruned = repository.prune(PruneDepth::Blocks, &monitor)?;
    println!(
        "pruned {} contents: {} bytes are left of {}",
        pruned.deleted_contents, pruned.stored_bytes_after, pruned.stored_bytes_before,
    );
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
