//! A real tree through everything, with both layouts and all codecs, and through every conversion.

use std::path::{Path, PathBuf};

use crate::changes::change_one_percent;
use crate::measure::Measured;
use crate::stage::{Stage, asked_for, assert_same, copy};
use crate::support::has_tool;

const SETTINGS: [(&str, &str); 6] = [
    ("packed", "zstd"),
    ("loose", "gzip"),
    ("packed", "none"),
    ("loose", "zstd"),
    ("packed", "gzip"),
    ("loose", "none"),
];

fn options((layout, codec): (&str, &str)) -> String {
    format!("--layout {layout} --codec {codec}")
}

/// One line of the table that is printed in the end.
struct Row {
    what: String,
    measured: Measured,
    /// Bytes in the repository and its archive after it.
    stored_bytes: u64,
}

struct Campaign {
    stage: Stage,
    /// What is backed up.
    tree: PathBuf,
    /// What it was at the backup before.
    before: PathBuf,
    seed: u64,
    rows: Vec<Row>,
}

#[test]
fn a_real_tree_survives_everything_with_every_layout_and_codec() {
    let Some(mut campaign) = Campaign::new("the campaign on a real tree") else {
        return;
    };
    for settings in SETTINGS {
        campaign.live(settings);
    }
    campaign.print();
}

#[test]
fn a_real_tree_survives_every_conversion() {
    let Some(mut campaign) = Campaign::new("the campaign of conversions") else {
        return;
    };
    campaign.convert();
    campaign.print();
}

impl Campaign {
    /// With a copy of the tree that was asked for; `None` if none was.
    fn new(what: &str) -> Option<Campaign> {
        let given = asked_for("GIBUS_CAMPAIGN_TREE", what)?;
        assert!(has_tool("rsync"), "{what} needs rsync");
        let stage = Stage::new();
        let campaign = Campaign {
            tree: stage.path("tree"),
            before: stage.path("before"),
            stage,
            seed: 0,
            rows: Vec::new(),
        };
        copy(&given, &campaign.tree);
        Some(campaign)
    }

    /// From the first backup to the last check with one layout and codec.
    fn live(&mut self, settings: (&str, &str)) {
        let name = format!("{}-{}", settings.0, settings.1);
        eprintln!("{name}");
        self.stage.set_up(&name, &options(settings), &self.tree);
        let files = self.back_up_twice(&name);
        let changed = self.change(&name);
        let (measured, build) = self.stage.back_up(&name);
        let read = build["read_files"].as_u64().unwrap();
        assert!(
            0 < read && read <= changed,
            "{read} read, {changed} changed"
        );
        assert!(read < files / 20);
        self.row(&name, "backup, 1 % changed", measured);
        self.extract(&name, 1);
        self.extract(&name, 0);

        let measured = self.stage.gibus(&format!("delete -A {name}"));
        self.row(&name, "delete the oldest", measured);
        let measured = self.stage.gibus(&format!("repo prune {name}"));
        self.row(&name, "prune", measured);
        self.extract(&name, 0);
        self.check(&name);
        self.stage.remove(&name);
    }

    /// Backs up for the first time, and again unchanged; returns how many files there are.
    fn back_up_twice(&mut self, name: &str) -> u64 {
        let (measured, build) = self.stage.back_up(name);
        let files = build["files"].as_u64().unwrap();
        assert!(build["read_files"].as_u64().unwrap() > 0);
        self.row(name, "first backup", measured);
        let (measured, build) = self.stage.back_up(name);
        assert_eq!(build["read_files"], 0);
        assert_eq!(build["unchanged_files"], files);
        assert_eq!(build["stored_bytes"], 0);
        self.row(name, "unchanged backup", measured);
        files
    }

    /// Keeps the tree as it is, and changes it; returns how many files have to be read.
    fn change(&mut self, name: &str) -> u64 {
        self.stage.remove("before");
        let copied = copy(&self.tree, &self.before);
        self.row(name, "cp -a, to compare with", copied);
        self.seed += 1;
        let changes = change_one_percent(&self.tree, self.seed);
        eprintln!("    {changes:?}");
        changes.to_read()
    }

    /// Extracts a snapshot, and compares it with what was there then.
    fn extract(&mut self, name: &str, back: u32) {
        let into = self.stage.path("extracted");
        let line = format!("extract -A {name} --back {back} --into extracted");
        let measured = self.stage.gibus_with(&line, &[&self.tree]);
        self.row(name, &format!("extract, {back} back"), measured);
        let expected: &Path = if back == 0 { &self.tree } else { &self.before };
        assert_same(expected, &into.join("tree"));
        self.stage.remove("extracted");
    }

    fn check(&mut self, name: &str) {
        let line = format!("--json repo check {name} --read-data");
        let measured = self.stage.gibus(&line);
        let report = measured.json();
        assert_eq!(report["sound"], true);
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report}");
        self.row(name, "check --read-data", measured);
    }

    /// A repository with two snapshots through all conversions, from each setting to each other one.
    fn convert(&mut self) {
        let name = "converted";
        self.stage.set_up(name, &options(SETTINGS[0]), &self.tree);
        self.back_up_twice(name);
        self.change(name);
        self.stage.back_up(name);
        let mut steps = Vec::new();
        walk_all_pairs(0, &mut steps);
        for (from, to) in steps.into_iter().map(|(a, b)| (SETTINGS[a], SETTINGS[b])) {
            let line = format!("repo convert {name} {}", options(to));
            let measured = self.stage.gibus(&line);
            let what = format!("convert {}-{} to {}-{}", from.0, from.1, to.0, to.1);
            self.row(name, &what, measured);
            self.check(name);
            self.extract(name, 1);
            self.extract(name, 0);
            let (_, build) = self.stage.back_up(name);
            assert_eq!(build["read_files"], 0);
            // Two are wanted again after the next one.
            self.stage.gibus(&format!("delete -A {name} --back 0"));
        }
    }

    fn row(&mut self, name: &str, what: &str, measured: Measured) {
        self.rows.push(Row {
            what: format!("{name:<12} {what}"),
            measured,
            stored_bytes: self.stage.stored_bytes(name),
        });
    }

    fn print(&self) {
        for row in &self.rows {
            println!(
                "{:<48} {} {:>8.1} MB stored",
                row.what,
                row.measured,
                row.stored_bytes as f64 / 1e6
            );
        }
    }
}

/// A walk from this setting back to it that leads once from each of those from it on to each other one.
fn walk_all_pairs(here: usize, steps: &mut Vec<(usize, usize)>) {
    for there in here + 1..SETTINGS.len() {
        steps.push((here, there));
        if there == here + 1 {
            walk_all_pairs(there, steps);
        }
        steps.push((there, here));
    }
}

#[test]
fn the_conversions_lead_from_each_setting_to_each_other() {
    let mut steps = Vec::new();
    walk_all_pairs(0, &mut steps);
    assert_eq!((steps[0].0, steps[29].1), (0, 0));
    assert!(steps.windows(2).all(|pair| pair[0].1 == pair[1].0));
    let different: std::collections::HashSet<_> = steps.iter().collect();
    assert_eq!((steps.len(), different.len()), (30, 30));
}
