//! Questions about a repository of many snapshots: who holds what, what a deletion would free. Prints figures,
//! asserts nothing about them.
//!
//! ```sh
//! cargo bench --bench holdings [-- --snapshots 200 --contents 1000000 --new 10000] [--in DIR]
//! ```
//!
//! The repository is made by the engine: so many claims of so many contents of a few bytes, from each to the next so
//! many of them others. Everything is written to a new folder in DIR, or where temporary files go, and removed.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gibus::progress::Monitor;
use gibus::repository::Repository;
use gibus::repository::claims::{ClaimBuilder, ClaimId};
use gibus::repository::settings::Settings;
use gibus::repository::token::Token;

struct Options {
    snapshots: usize,
    contents: usize,
    new: usize,
    place: Option<String>,
    /// The repository is there already: the process that asks is another than the one that filled it, so that
    /// its memory is that of the answers.
    asks: Option<String>,
}

fn main() {
    let options = options();
    if let Some(place) = &options.asks {
        ask_all(Path::new(place));
        return;
    }
    let folder = match &options.place {
        Some(place) => tempfile::tempdir_in(place),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder to write to");
    let monitor = Arc::new(Monitor::new());
    let place = folder.path().join("repository");
    let repository = Repository::create(&place, &Settings::default()).expect("a repository");
    fill(&repository, &options, &monitor);
    println!(
        "{} snapshots of {} contents, {} others in each",
        options.snapshots, options.contents, options.new
    );
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program);
    let status = child.arg("--asks").arg(&place).status();
    assert!(status.expect("another process").success());
}

fn ask_all(place: &Path) {
    let repository = Repository::open(place).expect("the repository");
    let memory = status("VmRSS:");
    let begun = Instant::now();
    let holdings = repository.holdings(&Monitor::new()).expect("holdings");
    println!(
        "known after {:.2} s, with {} MB more in memory, {} MB at most",
        begun.elapsed().as_secs_f64(),
        (status("VmRSS:").saturating_sub(memory)) / 1_000_000,
        status("VmHWM:") / 1_000_000
    );
    let claims: Vec<ClaimId> = holdings
        .claims()
        .iter()
        .map(|claim| claim.claim_id)
        .collect();

    // Every second one, the oldest half, single ones, and choices that look random.
    let mut choices: Vec<BTreeSet<ClaimId>> = vec![
        claims.iter().step_by(2).copied().collect(),
        claims.iter().take(claims.len() / 2).copied().collect(),
    ];
    let mut state = 1_u64;
    for _ in 0..200 {
        state = state.wrapping_mul(6_364_136_223_846_793_005) | 1;
        let is_chosen =
            |(position, _): &(usize, &ClaimId)| state.rotate_left(*position as u32) & 2 == 0;
        let chosen = claims.iter().enumerate().filter(is_chosen);
        choices.push(chosen.map(|(_, claim)| *claim).collect());
    }
    choices.extend(claims.iter().map(|claim| BTreeSet::from([*claim])));
    report("what a deletion would free", &choices, |choice| {
        holdings.what_if(choice).freed_contents
    });
    report("what some snapshots hold", &choices, |choice| {
        holdings.costs(choice).contents
    });
    let begun = Instant::now();
    let points = holdings.growth();
    let last = points.last().map_or(0, |point| point.total_stored_bytes);
    println!(
        "growth of all of them        {:6.2} ms ({last} bytes stored)",
        begun.elapsed().as_secs_f64() * 1000.0
    );
}

fn report(what: &str, choices: &[BTreeSet<ClaimId>], ask: impl Fn(&BTreeSet<ClaimId>) -> u64) {
    let mut times: Vec<Duration> = Vec::new();
    let mut sum = 0;
    for choice in choices {
        let begun = Instant::now();
        sum += ask(choice);
        times.push(begun.elapsed());
    }
    times.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{what:<28} {:6.2} ms median, {:.2} ms longest, of {} choices ({sum})",
        milliseconds(times[times.len() / 2]),
        milliseconds(times[times.len() - 1]),
        times.len()
    );
}

fn fill(repository: &Repository, options: &Options, monitor: &Arc<Monitor>) {
    let mut tokens: VecDeque<Token> = VecDeque::new();
    let mut number = 0_u64;
    for _ in 0..options.snapshots {
        let session = repository
            .begin_store("a benchmark", monitor)
            .expect("a session");
        let mut worker = session.worker();
        let kept = options.contents
            - if tokens.is_empty() {
                options.contents
            } else {
                options.new
            };
        while tokens.len() > kept {
            // Some old and some new ones go.
            if number.is_multiple_of(3) {
                tokens.pop_back();
            } else {
                tokens.pop_front();
            }
            number += 1;
        }
        while tokens.len() < options.contents {
            number += 1;
            let stored = worker.store_bytes(&number.to_le_bytes()).expect("stored");
            tokens.push_back(stored.token);
        }
        worker.finish().expect("finished");
        let mut claim = ClaimBuilder::new();
        for token in &tokens {
            claim.add(token);
        }
        session.commit(claim, "a benchmark", None).expect("a claim");
    }
}

/// What the system says of this process, in bytes: `VmRSS:` what is in memory, `VmHWM:` the most that ever was.
fn status(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn options() -> Options {
    let mut options = Options {
        snapshots: 200,
        contents: 1_000_000,
        new: 10_000,
        place: None,
        asks: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| usage(&argument));
        let number = |text: String| text.parse().unwrap_or_else(|_| usage(&text));
        match argument.as_str() {
            "--snapshots" => options.snapshots = number(value()),
            "--contents" => options.contents = number(value()),
            "--new" => options.new = number(value()),
            "--in" => options.place = Some(value()),
            "--asks" => options.asks = Some(value()),
            // What cargo adds.
            "--bench" => {}
            _ => usage(&argument),
        }
    }
    options
}

fn usage(argument: &str) -> ! {
    eprintln!("'{argument}' is not understood; the head of benches/holdings.rs says how to use it");
    std::process::exit(2)
}
