//! The first run: from no configuration to a running backup in two pages.
//!
//! The first page asks what is to be backed up. The home folder is ticked, what programs make again by
//! themselves is left out, and how much all of it is is being counted by the engine's own rules. The second asks
//! where to. Disks that are mounted are suggested; what speaks against a place is said before it is used.
//!
//! - `data` what is chosen and what follows from it
//! - `counting` surveys under way; `set_up` makes repository and archive
//! - `ui` draws

mod counting;
mod data;
mod set_up;
mod ui;

use std::fs;
use std::path::{Path, PathBuf};

use egui::Ui;

use self::counting::Counting;
use self::data::Choice;
use self::set_up::SetUp;
use super::{DialogWindow, Stay};
use crate::error::Error;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::disks::{Place, look_at};
use crate::gui::picker::PickWhat;
use crate::gui::route::Route;
use crate::gui::widgets::PathField;
use crate::jobs::Fetch;
use crate::snapshot::places::ArchiveName;

/// The dialog.
pub struct FirstRun {
    page: Page,
    /// The folders in the home folder that are there.
    inside: Fetch<Vec<PathBuf>>,
    /// There once `inside` is.
    choice: Option<Choice>,
    another: PathField,
    /// Everything that could be ticked, with all rules: what each folder has and what each rule saves.
    all: Counting,
    /// What is chosen, where that is something else.
    chosen: Counting,
    disks: Fetch<Vec<PathBuf>>,
    /// The disks, in the order in which they are offered.
    offers: Vec<Offer>,
    here: Offer,
    folder: Offer,
    folder_field: PathField,
    /// Where the first of the folders is that are backed up.
    source: Option<Offer>,
    target: Target,
    is_target_chosen: bool,
    archive: Name,
    repository: Name,
    making: Fetch<ArchiveName>,
    is_done: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    #[default]
    What,
    Where,
}

/// Where to, of what is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Target {
    Disk(usize),
    Folder,
    /// The user's data folder.
    #[default]
    Here,
}

/// A place that backups could go to, and what is known of it.
#[derive(Default)]
struct Offer {
    path: PathBuf,
    place: Fetch<Place>,
}

/// A name that is suggested until somebody types another.
#[derive(Default)]
struct Name {
    text: String,
    is_typed: bool,
}

impl Default for FirstRun {
    fn default() -> FirstRun {
        FirstRun {
            page: Page::default(),
            inside: Fetch::default(),
            choice: None,
            another: PathField::new(PickWhat::Folder, "Another folder to back up"),
            all: Counting::default(),
            chosen: Counting::default(),
            disks: Fetch::default(),
            offers: Vec::new(),
            here: Offer::default(),
            folder: Offer::default(),
            folder_field: PathField::new(PickWhat::Folder, "Folder for the backups"),
            source: None,
            target: Target::default(),
            is_target_chosen: false,
            archive: Name::default(),
            repository: Name::default(),
            making: Fetch::default(),
            is_done: false,
        }
    }
}

impl DialogWindow for FirstRun {
    fn title(&self) -> String {
        match self.page {
            Page::What => "Your first backup: what?".to_owned(),
            Page::Where => "Your first backup: where to?".to_owned(),
        }
    }

    fn width(&self) -> f32 {
        680.0
    }

    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        if self.inside.is_empty() {
            self.begin(cx);
        }
        if self.inside.poll() {
            // No folders where they cannot be listed: the home folder as a whole remains.
            let inside = self.inside.value().cloned().unwrap_or_default();
            self.choice = Some(Choice::new(cx.catalog.home_dir.clone(), inside));
        }
        self.another.update(cx);
        self.folder_field.update(cx);
        self.update_places(cx);
        self.update_counts(cx);
        self.update_names(cx);
        if self.making.poll()
            && let Some(archive) = self.making.value()
        {
            self.is_done = true;
            let told = format!("{archive} is set up, and being backed up for the first time");
            out.tell(Tone::Good, told);
            out.send(Command::Refresh);
            out.send(Command::Go(Route::Home));
            out.send(Command::BackUp(archive.clone()));
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        match self.page {
            Page::What => self.what_ui(ui, cx),
            Page::Where => self.where_ui(ui, cx),
        }
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        let names = data::names(&self.archive.text, &self.repository.text);
        match (&self.choice, names) {
            (Some(choice), Ok((archive, repository)))
                if self.page == Page::Where && self.reason_against().is_none() =>
            {
                let specification = choice.specification();
                data::command_lines(&archive, &repository, self.location(), &specification)
            }
            _ => Vec::new(),
        }
    }

    fn is_busy(&self) -> bool {
        self.making.is_awaited()
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        if self.is_done {
            return Stay::Close;
        }
        match self.page {
            Page::What => self.what_buttons_ui(ui, cx, out),
            Page::Where => self.where_buttons_ui(ui, cx, out),
        }
    }
}

impl FirstRun {
    fn begin(&mut self, cx: &Cx<'_>) {
        let home = cx.catalog.home_dir.clone();
        self.inside.start(cx.workers, "folders", move |_| {
            Ok(home.as_deref().map(folders_inside).unwrap_or_default())
        });
        let disks = std::sync::Arc::clone(cx.disks);
        self.disks.start(cx.workers, "disks", move |_| {
            let targets = disks().into_iter().filter(|disk| disk.is_target);
            Ok(targets.map(|disk| disk.path).collect())
        });
        self.here.look(&cx.catalog.data_dir, cx);
    }

    fn update_places(&mut self, cx: &Cx<'_>) {
        if self.disks.poll() {
            let disks = self.disks.value().cloned().unwrap_or_default();
            self.offers = disks.iter().map(|disk| Offer::of(disk, cx)).collect();
        }
        let mut is_news = false;
        for offer in &mut self.offers {
            is_news |= offer.place.poll();
        }
        is_news |= self.here.place.poll();
        self.folder.place.poll();
        match self.folder_field.path(cx).filter(|path| path.is_absolute()) {
            Some(path) => self.folder.look(&path, cx),
            // What was typed before is not meant any more.
            None => self.folder = Offer::default(),
        }
        let includes = self.choice.as_ref().map(Choice::includes);
        if let Some(first) = includes.unwrap_or_default().first() {
            self.source
                .get_or_insert_with(Offer::default)
                .look(first, cx);
        }
        if let Some(source) = &mut self.source {
            is_news |= source.place.poll();
        }
        if is_news && !self.is_target_chosen {
            self.target = self.best_target();
        }
    }

    /// The first disk that can be written to and is not the one with the files; else this computer's own.
    fn best_target(&self) -> Target {
        let source = self.source_device();
        let is_good = |offer: &Offer| {
            let place = offer.place.value();
            place.is_some_and(|place| place.is_writable && Some(place.device) != source)
        };
        match self.offers.iter().position(is_good) {
            Some(disk) => Target::Disk(disk),
            None => Target::Here,
        }
    }

    fn source_device(&self) -> Option<u64> {
        Some(self.source.as_ref()?.place.value()?.device)
    }

    fn update_counts(&mut self, cx: &Cx<'_>) {
        self.all.update();
        self.chosen.update();
        let Some(choice) = &self.choice else {
            return;
        };
        let everything = choice.everything();
        if !everything.includes.is_empty() {
            self.all.count(&everything, cx.workers);
        }
        let specification = choice.specification();
        let is_all = choice.has_home() && choice.others.is_empty();
        let is_all = is_all && specification.exclude_dirs == everything.exclude_dirs;
        if is_all && specification.exclude_caches || specification.includes.is_empty() {
            self.chosen.stop();
        } else {
            self.chosen.count(&specification, cx.workers);
        }
    }

    /// The count of what is chosen.
    fn count(&self) -> &Counting {
        match self.chosen.is_stopped() {
            true => &self.all,
            false => &self.chosen,
        }
    }

    fn offer(&self) -> &Offer {
        match self.target {
            Target::Disk(disk) => self.offers.get(disk).unwrap_or(&self.here),
            Target::Folder => &self.folder,
            Target::Here => &self.here,
        }
    }

    fn update_names(&mut self, cx: &Cx<'_>) {
        let Some(choice) = &self.choice else {
            return;
        };
        if self.making.is_loading() || self.is_done {
            return;
        }
        // What is set up already, and what lies in that place: names of both are taken.
        let place = self.offer().place.value();
        let mut archives: Vec<String> = place
            .map(|place| place.archives.clone())
            .unwrap_or_default();
        archives.extend(cx.overview.archives.iter().map(|a| a.name.to_string()));
        let mut repositories: Vec<String> = place
            .map(|place| place.repositories.clone())
            .unwrap_or_default();
        repositories.extend(cx.overview.repositories.iter().map(|r| r.name.to_string()));
        let archive = choice.archive_name(&archives);
        let location = match self.target {
            // The data folder's own name is that of this program.
            Target::Here => Path::new("main"),
            _ => &self.offer().path,
        };
        let repository = data::repository_name(location, &repositories);
        self.archive.suggest(archive);
        self.repository.suggest(repository);
    }

    /// Why nothing can be started yet.
    fn reason_against(&self) -> Option<String> {
        if self.making.is_loading() {
            return Some("It is being set up".to_owned());
        }
        let offer = self.offer();
        if self.target == Target::Folder && offer.path.as_os_str().is_empty() {
            return Some("Say which folder first".to_owned());
        }
        if offer.place.is_loading() {
            return Some("That place is being looked at".to_owned());
        }
        if let Some(error) = offer.place.error() {
            return Some(error.why().to_owned());
        }
        let Some(place) = offer.place.value().filter(|place| place.path == offer.path) else {
            return Some("That place is being looked at".to_owned());
        };
        if let Some(refusal) = data::refusal(place) {
            return Some(refusal.to_owned());
        }
        let names = data::names(&self.archive.text, &self.repository.text);
        names.err().map(|error| crate::gui::words::sentence(&error))
    }

    /// Where to, as the catalog takes it.
    fn location(&self) -> Option<&Path> {
        match self.target {
            Target::Here => None,
            _ => Some(&self.offer().path),
        }
    }

    /// Takes in a folder that was typed and not added, so that it is not forgotten.
    fn add_typed(&mut self, cx: &Cx<'_>) {
        let typed = self.another.path(cx).filter(|path| path.is_absolute());
        if let (Some(path), Some(choice)) = (typed, &mut self.choice) {
            // Completion leaves a slash at the end of a folder.
            choice.add(path.components().collect());
            self.another.clear();
        }
    }

    fn start(&mut self, cx: &Cx<'_>) {
        let Some(choice) = &self.choice else {
            return;
        };
        // Checked before the button can be pressed.
        let Ok((archive, repository)) = data::names(&self.archive.text, &self.repository.text)
        else {
            return;
        };
        let set_up = SetUp {
            archive,
            repository,
            location: self.location().map(Path::to_owned),
            looked_at: self.location().and(self.offer().place.value()).cloned(),
            specification: choice.specification(),
        };
        // After a failure half way, the next attempt goes on with the same names.
        self.archive.is_typed = true;
        self.repository.is_typed = true;
        let catalog = cx.catalog.clone();
        self.making
            .start(cx.workers, "set up", move |_| set_up.carry_out(&catalog));
    }

    fn error(&self) -> Option<&Error> {
        match self.making.is_loading() {
            true => None,
            false => self.making.error(),
        }
    }
}

impl Offer {
    fn of(path: &Path, cx: &Cx<'_>) -> Offer {
        let mut offer = Offer::default();
        offer.look(path, cx);
        offer
    }

    /// Looks at this place, unless it has done so.
    fn look(&mut self, path: &Path, cx: &Cx<'_>) {
        if self.path == path {
            return;
        }
        self.path = path.to_owned();
        let (path, catalog) = (path.to_owned(), cx.catalog.clone());
        self.place
            .start(cx.workers, "place", move |_| look_at(&path, &catalog));
    }
}

impl Name {
    fn suggest(&mut self, name: String) {
        if !self.is_typed {
            self.text = name;
        }
    }
}

/// The folders in a home folder that people keep their things in, those that are there.
fn folders_inside(home: &Path) -> Vec<PathBuf> {
    let dirs = fs::read_to_string(home.join(".config/user-dirs.dirs")).unwrap_or_default();
    let mut folders = data::standard_folders(home, &dirs);
    folders.retain(|folder| folder.is_dir());
    folders
}
