//! A share that hangs makes its own rows say so, and nothing else.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use gibus::repository::settings::Settings;
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::specification::Specification;
use rustix::process::{Pid, Signal, kill_process};

use crate::skipping::{skip_unless_root, skip_without_tools};
use crate::support::World;

/// A file system served by a process, which is stopped and continued: as long as it is stopped, no call to it comes
/// back.
struct Share {
    server: Child,
    place: std::path::PathBuf,
}

impl Share {
    fn mount(world: &World) -> Share {
        let (image, place) = (world.path("image"), world.path("share"));
        File::create(&image).unwrap().set_len(32 << 20).unwrap();
        fs::create_dir(&place).unwrap();
        let mut make = Command::new("mkntfs");
        let made = make.args(["-Q", "-F", "-q"]).arg(&image).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut server = Command::new("lowntfs-3g");
        server.args(["-o", "no_detach"]).arg(&image).arg(&place);
        let server = server.stderr(Stdio::null()).spawn().unwrap();
        let share = Share { server, place };
        let is_mounted = || {
            let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
            mounts.contains(share.place.to_str().unwrap())
        };
        while !is_mounted() {
            std::thread::yield_now();
        }
        share
    }

    fn send(&self, signal: Signal) {
        let pid = Pid::from_child(&self.server);
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.send(Signal::CONT);
        let _ = Command::new("umount").arg("-l").arg(&self.place).status();
        let _ = self.server.wait();
    }
}

#[test]
fn a_share_that_hangs_is_said_not_to_answer_and_the_window_goes_on() {
    if skip_unless_root("mount a share") || skip_without_tools(&["lowntfs-3g", "mkntfs", "umount"])
    {
        return;
    }
    let world = World::new();
    world.write("letter", "dear");
    let home = world.with_archive();
    world.back_up(&home, "2026-11-25T10:00:00[UTC]");
    let share = Share::mount(&world);
    let nas = RepositoryName::new("nas").unwrap();
    let settings = Settings::default();
    let nas = world
        .catalog
        .create_repository(&nas, Some(&share.place), &settings)
        .unwrap();
    let far = ArchiveName::new("far").unwrap();
    let specification = Specification::of(vec![world.home()]);
    world
        .catalog
        .create_archive(&far, &nas, None, specification)
        .unwrap();

    share.send(Signal::STOP);
    let mut window = world.open();
    window.wait_for("not answering");
    assert!(window.shows("Backed up 2 hours ago"));
    window.click("Repositories");
    window.wait_for("Not answering");
    // The other archive can be looked at meanwhile.
    window.click("Home");
    window.click("Browse home");
    window.wait_for("home");

    share.send(Signal::CONT);
    window.click("Home");
    window.wait_for("Never backed up");
    window.wait_until_gone("not answering");
}
