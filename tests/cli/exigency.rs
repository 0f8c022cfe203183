//! The configuration is lost: `gibus exigency` and `--exigency`

use std::fs;

use crate::support::Home;

#[test]
fn everything_is_found_and_usable_without_a_configuration() {
    let home = Home::with_snapshots();
    fs::remove_dir_all(home.path("config")).unwrap();
    let found = home.json("exigency scan disk");
    assert_eq!(found["repositories"].as_array().unwrap().len(), 1);
    let archive = &found["archives"][0];
    assert_eq!(archive["name"], "home");
    assert_eq!(archive["snapshots"], 2);
    assert_eq!(
        archive["repository_place"],
        home.repository().to_str().unwrap()
    );
    let run = home.gibus("exigency scan disk");
    assert!(
        run.expect(0).contains(home.archive().to_str().unwrap()),
        "{run:?}"
    );

    let place = home.archive();
    let place = place.display();
    assert_eq!(
        home.gibus(&format!("snapshots --exigency {place}"))
            .expect(0)
            .lines()
            .count(),
        2
    );
    let run = home.gibus(&format!("cat --exigency {place} --back 1 files/a.txt"));
    assert_eq!(run.expect(0), "one\n");
    home.gibus(&format!("extract --exigency {place} files --into out"))
        .expect(0);
    assert_eq!(
        fs::read(home.path("out/files/sub/b.txt")).unwrap(),
        b"two\n"
    );
    assert!(!home.path("config").exists(), "nothing is made on the way");
}

#[test]
fn a_disk_that_is_somewhere_else_now_is_found_all_the_same() {
    let home = Home::with_snapshots();
    fs::remove_dir_all(home.path("config")).unwrap();
    let archive = home.archive();
    let relative = archive.strip_prefix(home.path("disk")).unwrap();
    fs::rename(home.path("disk"), home.path("other")).unwrap();
    let place = home.path("other").join(relative);
    let run = home.gibus(&format!("cat --exigency {} files/a.txt", place.display()));
    assert_eq!(run.expect(0), "one and more\n");
}

#[test]
fn one_snapshot_file_and_the_repository_are_enough() {
    let home = Home::with_snapshots();
    let name = home.snapshots().remove(0);
    fs::copy(home.archive().join(&name), home.path("one.file")).unwrap();
    let repository = home.path("moved");
    fs::rename(home.repository(), &repository).unwrap();
    fs::remove_dir_all(home.path("config")).unwrap();
    let run = home.gibus("cat --exigency one.file files/a.txt");
    assert!(run.failure(10).contains("--repository"), "{run:?}");
    let run = home.gibus(&format!(
        "cat --exigency one.file --repository {} files/a.txt",
        repository.display()
    ));
    assert_eq!(run.expect(0), "one\n");
    home.gibus("cat --exigency nosuch files/a.txt").failure(10);
    home.gibus("ls --exigency files").failure(10);
}
