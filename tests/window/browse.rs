//! Browse: where is my file?

mod basket;
mod differences;
mod folder;
mod keyboard;
mod search;
mod side;
mod time;

use std::fs;

use gibus::gui::route::Route;
use gibus::gui::screens::browse::Browse;
use gibus::gui::screens::browse::rows::Mark;
use gibus::snapshot::places::ArchiveName;

use crate::support::{Window, World};

/// Three days of a home with letters: `aunt.txt` is changed on the second day and deleted on the third, with the
/// folder `old`; `new.txt` comes on the second.
fn three_days(world: &World) -> ArchiveName {
    let archive = world.with_archive();
    world.write("letters/aunt.txt", "Dear aunt\n");
    world.write("letters/uncle.txt", "Dear uncle\n");
    world.write("letters/old/draft.txt", "A draft\n");
    world.write("photos/sea.txt", "not really a photo\n");
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    world.write("letters/aunt.txt", "Dear aunt, thank you\n");
    world.write("letters/new.txt", "New\n");
    world.back_up(&archive, "2026-11-22T10:00:00[UTC]");
    fs::remove_file(world.home().join("letters/aunt.txt")).unwrap();
    fs::remove_dir_all(world.home().join("letters/old")).unwrap();
    world.back_up(&archive, "2026-11-24T10:00:00[UTC]");
    archive
}

const DAY_1: &str = "Snapshot of Fri 20 Nov 2026, 10:00";
const DAY_2: &str = "Snapshot of Sun 22 Nov 2026, 10:00";
const DAY_3: &str = "Snapshot of Tue 24 Nov 2026, 10:00";

/// The window, with Browse in front and everything read.
fn open(world: &World) -> Window {
    let mut window = world.open();
    window.click(Route::Browse.title());
    window.settle();
    window
}

impl Window {
    fn browse(&mut self) -> &mut Browse {
        &mut self.harness.state_mut().screens_mut().browse
    }

    /// Waits until what is wanted is shown.
    #[track_caller]
    fn settle(&mut self) {
        self.steps(2);
        self.wait_until("the folder is shown", |window| window.browse().is_settled());
    }

    /// The names that are shown, in order.
    fn names(&mut self) -> Vec<String> {
        let listed = self.browse().listed();
        listed.into_iter().map(|(name, _)| name).collect()
    }

    fn mark(&mut self, name: &str) -> Option<Mark> {
        let listed = self.browse().listed();
        listed
            .into_iter()
            .find(|(listed, _)| listed == name)
            .map(|(_, mark)| mark)
    }

    /// The folder that is shown, below the home.
    fn folder_below(&mut self, world: &World) -> String {
        let folder = self.browse().folder().unwrap().to_vec();
        let folder = String::from_utf8(folder).unwrap();
        let home = world.home().to_str().unwrap().to_owned();
        folder.strip_prefix(&home).unwrap_or(&folder).to_owned()
    }

    /// Opens the folder of this name in the table.
    #[track_caller]
    fn enter(&mut self, name: &str) {
        let row = |label: &String| label == name || label.starts_with(&format!("{name}, "));
        self.wait_until(&format!("{name} is listed"), |window| {
            window.labels().iter().any(row)
        });
        let label = self.labels().into_iter().find(|label| row(label)).unwrap();
        self.click(&label);
        self.key(egui::Key::Enter);
        self.settle();
    }
}
