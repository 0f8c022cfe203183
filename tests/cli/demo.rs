//! `gibus demo`

use std::fs;

use crate::support::Home;

#[test]
fn the_demo_runs_from_beginning_to_end_and_touches_nothing_else() {
    let home = Home::new();
    for number in 0..120 {
        home.write(
            &format!("mine/{}/{number}.txt", number % 7),
            format!("file {number}\n").as_bytes(),
        );
    }
    fs::create_dir(home.path("tmp")).unwrap();
    let output = home
        .command(["demo", "mine"])
        .env("TMPDIR", home.path("tmp"))
        .env_remove("GIBUS_CONFIG_DIR")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        text.contains("120 files are the same, byte for byte"),
        "{text}"
    );
    assert!(text.contains("$ gibus backup -A demo --stats"), "{text}");
    let places: Vec<_> = fs::read_dir(home.path("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(places.len(), 1);
    assert!(
        text.contains(&format!("rm -r {}", places[0].display())),
        "{text}"
    );
    let mut here: Vec<_> = fs::read_dir(home.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    here.sort();
    assert_eq!(here, ["mine", "tmp"]);
    assert_eq!(fs::read(home.path("mine/0/0.txt")).unwrap(), b"file 0\n");
    home.gibus("demo nosuch").failure(1);
}
