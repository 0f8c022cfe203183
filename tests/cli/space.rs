//! What takes the space, and what made it grow: figures that were worked out by hand.
//!
//! In the layout `loose` with the codec `none`, a content is a file of its own size: stored bytes are sizes.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::support::Home;

/// Bytes of one content: `letter`, so many times.
fn content(letter: u8, len: usize) -> Vec<u8> {
    vec![letter; len]
}

/// Two snapshots of the folder `files`:
///
/// | path | first | second |
/// |---|---|---|
/// | docs/a.txt | A, 1000 bytes | A |
/// | docs/b.txt | B, 200 bytes | |
/// | docs/c.txt | | C, 300 bytes |
/// | films/f.mkv | | F, 10 000 bytes |
/// | pics/p.jpg | P, 5000 bytes | P |
/// | pics/copy/p.jpg | P | P |
fn with_snapshots() -> Home {
    let home = Home::new();
    let old = home.write("files/docs/a.txt", &content(b'A', 1000));
    home.write("files/docs/b.txt", &content(b'B', 200));
    home.write("files/pics/p.jpg", &content(b'P', 5000));
    home.write("files/pics/copy/p.jpg", &content(b'P', 5000));
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options()
        .write(true)
        .open(old)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    home.gibus("repo create main --location disk --layout loose --codec none")
        .expect(0);
    home.gibus("archive create home --repo main --include files")
        .expect(0);
    home.gibus("backup -A home").expect(0);
    wait_for_the_next_second();
    fs::remove_file(home.path("files/docs/b.txt")).unwrap();
    home.write("files/docs/c.txt", &content(b'C', 300));
    home.write("files/films/f.mkv", &content(b'F', 10_000));
    home.gibus("backup -A home").expect(0);
    home
}

/// Which of two snapshots is older is told by the seconds in which they were made.
fn wait_for_the_next_second() {
    let now = || {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let started = now();
    while now() == started {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Each row: what it is about, and held, stored, shared, alone and new bytes.
fn rows(document: &Value) -> Vec<(String, [u64; 5])> {
    let rows = document["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let name = row["path"].as_str().or(row["group"].as_str()).unwrap();
        let name = name.rsplit_once("/files/").map_or(name, |(_, name)| name);
        (name.to_owned(), figures(row))
    })
    .collect()
}

fn figures(sums: &Value) -> [u64; 5] {
    ["held", "stored", "shared", "alone", "new"]
        .map(|name| sums[format!("{name}_bytes")].as_u64().unwrap())
}

fn row(name: &str, figures: [u64; 5]) -> (String, [u64; 5]) {
    (name.to_owned(), figures)
}

#[test]
fn usage_divides_the_space_among_folders() {
    let home = with_snapshots();
    let document = home.json("usage -A home files");
    // A 1000 + C 300 + P 5000 twice + F 10 000 are held, P is stored once; C and F are only here, and new.
    assert_eq!(
        figures(&document["total"]),
        [21_300, 16_300, 6000, 10_300, 10_300]
    );
    assert_eq!(document["total"]["files"], 5);
    assert_eq!(
        rows(&document),
        [
            row("films", [10_000, 10_000, 0, 10_000, 10_000]),
            row("pics", [10_000, 5000, 5000, 0, 0]),
            row("docs", [1300, 1300, 1000, 300, 300]),
        ]
    );
    assert_eq!(document["more"], 0);

    // In the first snapshot A 1000, B 200 and P 5000; B is only there, and all was new then.
    let first = home.json("usage -A home files --back 1");
    assert_eq!(figures(&first["total"]), [11_200, 6200, 6000, 200, 6200]);

    // The two names of P divide its 5000 bytes among them.
    let deep = home.json("usage -A home files/pics");
    assert_eq!(
        rows(&deep),
        [
            row("pics/copy", [5000, 2500, 2500, 0, 0]),
            row("pics/p.jpg", [5000, 2500, 2500, 0, 0]),
        ]
    );
    let types: Vec<&Value> = deep["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["type"])
        .collect();
    assert_eq!(types, ["directory", "file"]);

    let two = home.json("usage -A home files --depth 2 --sort held --limit 3");
    let names: Vec<String> = rows(&two).into_iter().map(|row| row.0).collect();
    assert_eq!(names, ["films", "pics", "pics/copy"]);
    assert_eq!(two["more"], 1);
}

#[test]
fn usage_is_printed_as_a_sentence_and_a_table() {
    let home = with_snapshots();
    let names = home.snapshots();
    let run = home.gibus("usage -A home files --sort new --limit 2");
    let files = home.path("files");
    let files = files.display();
    assert_eq!(
        run.expect(0),
        format!(
            "{files} in {} holds 21 KiB in 5 files; 16 KiB are stored for it, and 10 KiB of that no other snapshot needs\n   \
             HELD   STORED   SHARED    ALONE      NEW  FILES  PATH\n\
             9.8 KiB  9.8 KiB      0 B  9.8 KiB  9.8 KiB      1  {files}/films/\n\
             1.3 KiB  1.3 KiB   1000 B    300 B    300 B      2  {files}/docs/\n \
             21 KiB   16 KiB  5.9 KiB   10 KiB   10 KiB      5  in all\n\
             and 1 more (--limit shows them)\n",
            names[1]
        )
    );
    // --quiet keeps what was asked for.
    let quiet = home.gibus("usage -A home files --by kind --quiet");
    assert_eq!(
        quiet.expect(0),
        "   HELD   STORED   SHARED    ALONE  FILES  KIND\n\
         9.8 KiB  9.8 KiB      0 B  9.8 KiB      1  videos\n\
         9.8 KiB  4.9 KiB  4.9 KiB      0 B      2  pictures\n\
         1.3 KiB  1.3 KiB   1000 B    300 B      2  text\n \
         21 KiB   16 KiB  5.9 KiB   10 KiB      5  in all\n"
    );
}

#[test]
fn usage_divides_the_space_among_kinds_ages_and_sizes() {
    let home = with_snapshots();
    assert_eq!(
        rows(&home.json("usage -A home --by kind --sort alone")),
        [
            row("videos", [10_000, 10_000, 0, 10_000, 10_000]),
            row("text", [1300, 1300, 1000, 300, 300]),
            row("pictures", [10_000, 5000, 5000, 0, 0]),
        ]
    );
    // A was modified in 2001.
    assert_eq!(
        rows(&home.json("usage -A home --by age")),
        [
            row("within a day", [20_300, 15_300, 5000, 10_300, 10_300]),
            row("earlier", [1000, 1000, 1000, 0, 0]),
        ]
    );
    assert_eq!(
        rows(&home.json("usage -A home --by size")),
        [
            row("up to 4 KiB", [1300, 1300, 1000, 300, 300]),
            row("up to 64 KiB", [20_000, 15_000, 5000, 10_000, 10_000]),
        ]
    );
    // Of one folder only.
    let docs = home.json("usage -A home files/docs --by kind");
    assert_eq!(rows(&docs), [row("text", [1300, 1300, 1000, 300, 300])]);
}

#[test]
fn usage_of_what_is_not_there_is_an_error() {
    let home = with_snapshots();
    let run = home.gibus("usage -A home files/nosuch");
    assert!(run.failure(1).contains("no such folder"), "{run:?}");
    home.gibus("usage -A home files/docs/a.txt").failure(1);
    home.gibus("usage -A nosuch").failure(10);
    home.gibus("usage -A home --snapshot 2001-01-01-00-00-00")
        .failure(10);
}

#[test]
fn growth_points_at_what_brought_it() {
    let home = with_snapshots();
    let names = home.snapshots();
    let document = home.json("growth -A home");
    // C and F are new. F has nearly all of it, so that no folder above it is told.
    assert_eq!(document["snapshot"], names[1].as_str());
    assert_eq!(document["new_bytes"], 10_300);
    assert_eq!(document["files"], 2);
    assert_eq!(document["held_bytes"], 10_300);
    let film = home.path("files/films/f.mkv");
    let text = home.path("files/docs/c.txt");
    assert_eq!(
        document["rows"],
        json!([
            {"path": film, "type": "file", "new_bytes": 10_000, "files": 1, "held_bytes": 10_000},
            {"path": text, "type": "file", "new_bytes": 300, "files": 1, "held_bytes": 300},
        ])
    );
    // In the first, A 1000, B 200 and P 5000 in two parts were new. No folder in `files` has nine tenths of the 6200.
    let first = home.gibus("growth -A home --back 1 --limit 4");
    let files = home.path("files");
    let files = files.display();
    assert_eq!(
        first.expect(0),
        format!(
            "{} brought 6.1 KiB that no older snapshot needs, with 4 files of 11 KiB\n    \
             NEW     HELD  FILES  PATH\n\
             6.1 KiB   11 KiB      4  {files}/\n\
             4.9 KiB  9.8 KiB      2  {files}/pics/\n\
             2.4 KiB  4.9 KiB      1  {files}/pics/copy/p.jpg\n\
             2.4 KiB  4.9 KiB      1  {files}/pics/p.jpg\n",
            names[0]
        )
    );
    let top = home.json("growth -A home --back 1 --depth 1");
    assert_eq!(top["rows"].as_array().unwrap().len(), 1);

    wait_for_the_next_second();
    home.gibus("backup -A home").expect(0);
    let nothing = home.gibus("growth -A home");
    assert!(
        nothing.expect(0).contains("brought nothing new"),
        "{nothing:?}"
    );
}

#[test]
fn duplicates_are_listed_with_their_places() {
    let home = with_snapshots();
    fs::hard_link(
        home.path("files/docs/a.txt"),
        home.path("files/docs/link.txt"),
    )
    .unwrap();
    home.gibus("backup -A home").expect(0);
    let document = home.json("duplicates -A home");
    let places = ["files/pics/copy/p.jpg", "files/pics/p.jpg"].map(|path| home.path(path));
    // P is there twice; the two names of A are one file.
    assert_eq!(
        document["listed"],
        json!([{"size": 5000, "copies": 2, "saved_bytes": 5000,
                "places": [{"path": places[0]}, {"path": places[1]}]}])
    );
    assert_eq!(document["contents"], 1);
    assert_eq!(document["copies"], 2);
    assert_eq!(document["saved_bytes"], 5000);
    let run = home.gibus("duplicates -A home --places 1");
    let names = home.snapshots();
    assert_eq!(
        run.expect(0),
        format!(
            "{} has 1 content in 2 copies; one copy of each would take 4.9 KiB less where they come from\n\
             4.9 KiB  2 copies of 4.9 KiB\n    {}\n    and 1 more\n",
            names[2],
            places[0].display()
        )
    );
    fs::remove_dir_all(home.path("files/pics/copy")).unwrap();
    home.gibus("backup -A home").expect(0);
    let none = home.gibus("duplicates -A home");
    assert!(
        none.expect(0).contains("nothing more than once"),
        "{none:?}"
    );
}
