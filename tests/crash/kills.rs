//! `kill -9` at random moments of everything that changes something.
//!
//! The moment is drawn from how long the same work takes when nobody kills it. One to three kills in a row,
//! each followed by the oracle, then a recovery. The seed is printed; `GIBUS_SEED` repeats it (as far as
//! moments can be repeated), `GIBUS_KILLS` sets how many kills there are altogether.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::scene::{Scene, USUAL};
use crate::support::Run;

/// Kills of each of the two tests, if nobody says otherwise.
const KILLS: usize = 110;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Backup,
    Delete,
    Prune,
    Convert,
    Check,
    Repair,
    Adopt,
}

#[test]
fn nothing_is_lost_when_work_on_a_packed_repository_is_killed() {
    campaign("--layout packed", 1);
}

#[test]
fn nothing_is_lost_when_work_on_a_loose_repository_is_killed() {
    campaign("--layout loose", 2);
}

fn campaign(settings: &str, salt: u64) {
    let seed = number("GIBUS_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_nanos() as u64 % 1_000_000
    });
    let kills = number("GIBUS_KILLS").map_or(KILLS, |kills| kills.div_ceil(2) as usize);
    println!("{settings}: GIBUS_SEED={seed}");
    let mut killer = Killer {
        scene: Scene::new(settings, USUAL, seed * 2 + salt),
        usual: BTreeMap::new(),
        killed: BTreeMap::new(),
        in_time: 0,
    };
    killer.scene.back_up();
    for work in ALL {
        killer.measure(work);
    }
    while killer.killed.values().sum::<usize>() < kills {
        for _ in 0..=killer.scene.random.below(3) {
            let work = *killer.scene.random.pick(&WEIGHTED);
            killer.strike(work);
        }
        killer.scene.assert_recovers("kills");
        while killer.scene.snapshots.len() > 4 {
            killer.scene.delete(&killer.scene.oldest());
        }
    }
    killer.scene.assert_all_extract("all kills");
    println!(
        "{settings}: {:?} killed, {} were done in time",
        killer.killed, killer.in_time
    );
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|text| text.parse().ok())
}

const ALL: [Work; 7] = [
    Work::Backup,
    Work::Delete,
    Work::Prune,
    Work::Convert,
    Work::Check,
    Work::Repair,
    Work::Adopt,
];

/// As often as it is worth it.
const WEIGHTED: [Work; 16] = [
    Work::Backup,
    Work::Backup,
    Work::Backup,
    Work::Backup,
    Work::Backup,
    Work::Delete,
    Work::Delete,
    Work::Prune,
    Work::Prune,
    Work::Prune,
    Work::Convert,
    Work::Convert,
    Work::Convert,
    Work::Repair,
    Work::Check,
    Work::Adopt,
];

struct Killer {
    scene: Scene,
    /// How long each work takes.
    usual: BTreeMap<Work, Duration>,
    killed: BTreeMap<Work, usize>,
    /// Work that was done before it could be killed.
    in_time: usize,
}

impl Killer {
    /// Makes that there is something to do, and gives the command that does it.
    fn prepare(&mut self, work: Work) -> String {
        let scene = &mut self.scene;
        match work {
            Work::Backup => {
                scene.change(6);
                "backup -A a".to_owned()
            }
            Work::Delete => {
                if scene.snapshots.len() < 2 {
                    scene.change(3);
                    scene.back_up();
                }
                format!("delete -A a --snapshot {}", scene.oldest())
            }
            Work::Prune => {
                scene.change(6);
                scene.back_up();
                scene.delete(&scene.oldest());
                let repack = *scene.random.pick(&["", " --repack"]);
                format!("repo prune r{repack}")
            }
            Work::Convert => {
                let codec = *scene.random.pick(&["zstd", "gzip", "none"]);
                let layout = *scene.random.pick(&["packed", "loose"]);
                format!("repo convert r --layout {layout} --codec {codec}")
            }
            Work::Check => "repo check r --read-data".to_owned(),
            Work::Repair => {
                let tables = fs::read_dir(scene.repository().join("contents")).unwrap();
                let tables: Vec<_> = tables.map(|entry| entry.unwrap().path()).collect();
                if !tables.is_empty() {
                    fs::remove_file(scene.random.pick(&tables)).unwrap();
                }
                "repo repair r".to_owned()
            }
            Work::Adopt => {
                fs::remove_dir_all(scene.home.path("config")).unwrap();
                format!("archive adopt {}", scene.archive().display())
            }
        }
    }

    /// Does it once, uninterrupted.
    fn measure(&mut self, work: Work) {
        let command = self.prepare(work);
        let begun = Instant::now();
        self.scene.home.done(&command);
        self.usual.insert(work, begun.elapsed());
        self.finish(work, &command);
        self.scene.assert_nothing_lost(&command);
    }

    /// Does it, and kills it somewhere in the middle.
    fn strike(&mut self, work: Work) {
        let command = self.prepare(work);
        let moment = self.usual[&work].mul_f64(self.scene.random.fraction());
        let begun = Instant::now();
        let mut child = self
            .scene
            .home
            .command(command.split_whitespace())
            .spawn()
            .unwrap();
        thread::sleep(moment.saturating_sub(begun.elapsed()));
        child.kill().unwrap();
        let run = Run::from(child.wait_with_output().unwrap());
        if run.signal.is_some() {
            *self.killed.entry(work).or_default() += 1;
        } else {
            assert_eq!(run.code, Some(0), "{command}: {run:?}");
            self.in_time += 1;
            self.usual.insert(work, begun.elapsed());
        }
        let what = format!("{command}, killed after {moment:?}");
        self.finish(work, &command);
        self.scene.assert_nothing_lost(&what);
    }

    /// What a person does who sees that the work did not end.
    fn finish(&mut self, work: Work, command: &str) {
        let scene = &mut self.scene;
        match work {
            Work::Delete => {
                let oldest = scene.oldest();
                if !scene.home.snapshots("a").contains(&oldest) {
                    scene.snapshots.remove(&oldest);
                }
            }
            // Until it has been repaired, damage is found, as it should be.
            Work::Repair => {
                scene.home.done(command);
            }
            Work::Adopt if scene.home.gibus("archive show a").code != Some(0) => {
                scene.home.done(command);
            }
            _ => {}
        }
    }
}
