//! A share that sets the attributes of what a symbolic link leads to instead of its own, as sshfs does.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use crate::slow_fs::Manner;
use crate::{home_with_a_server, mount};

#[test]
fn what_links_lead_to_keeps_its_times() {
    let Some(home) = home_with_a_server() else {
        return;
    };
    let source = home.path("source");
    fs::create_dir(&source).unwrap();
    // Something on the server that has nothing to do with what is extracted.
    let other = home.path("other");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for file in [source.join("file"), other.clone()] {
        fs::write(&file, "text").unwrap();
        let file = fs::File::options().write(true).open(&file).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    symlink("file", source.join("a link")).unwrap();
    symlink(&other, source.join("another")).unwrap();
    home.done("repo create main --location repository");
    home.done(&format!(
        "archive create docs --repo main --include {}",
        source.display()
    ));
    home.done("backup -A docs");

    let manner = Manner {
        follows_links: true,
        ..Manner::default()
    };
    let mounted = mount(&home, manner);
    let line = format!(
        "extract -A docs --into share/out --overwrite {}",
        source.display()
    );
    let told = home.done(&line);
    assert!(
        told.stderr.contains("owner and times of a symbolic link"),
        "{told:?}"
    );
    assert!(told.stderr.contains("2 files in all"), "{told:?}");
    // The links are there and other than in the snapshot, so their attributes are set now.
    home.done(&line);
    mounted.unmount().unwrap();
    let out = home.path("server/out/source");
    assert_eq!(
        fs::read_link(out.join("a link")).unwrap().to_str(),
        Some("file")
    );
    for file in [out.join("file"), other] {
        assert_eq!(
            fs::metadata(&file).unwrap().modified().unwrap(),
            long_ago,
            "{file:?}"
        );
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), 3);
}
