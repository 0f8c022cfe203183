//! What can be asked for while Browse is drawn, and doing it.

use super::basket::{MOST_PICKED, Pick};
use super::data::{Moment, last_name, parent, shown};
use super::listing::Place;
use super::search::{FoundFile, Scope};
use super::versions::find_versions;
use super::{Browse, Item, Side, SideTab, View, lines};
use crate::gui::command::{BrowseTarget, Command, ExcludeRule, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::settings::{Sort, SortBy};
use crate::jobs::get_back::{Picked, Picks, Request, Target};
use crate::jobs::source::SeriesSource;
use crate::snapshot::globs::glob_of;

/// What is asked for.
pub enum Ask {
    Source(SeriesSource),
    Moment(Moment),
    Older,
    Newer,
    /// Show a folder.
    Folder(Vec<u8>),
    Up,
    OpenTree(Vec<u8>),
    CloseTree(Vec<u8>),
    /// Sort by this, or the other way round if that is so already.
    Sort(SortBy),
    /// Boxes were ticked or cleared in the table.
    Picks,
    CursorMoved,
    /// Open the folder in this row, or look at the file.
    OpenRow(usize),
    Do(ItemAction, Item),
    Side(Option<SideTab>),
    View(View),
    Search,
    StopSearch,
    /// Show where something is that was found.
    Reveal {
        path: Vec<u8>,
        moment: Moment,
    },
    Compare {
        old: Moment,
        new: Moment,
    },
    StopComparison,
    FilterComparison,
    GetPicked(Target),
    Unpick {
        file: std::path::PathBuf,
        path: Vec<u8>,
    },
    ClearPicked,
    TryAgain,
}

/// What can be done with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemAction {
    Open,
    Extract,
    Restore,
    Versions,
    Preview,
    Exclude,
    CopyPath,
}

impl ItemAction {
    pub const ALL: [ItemAction; 7] = [
        ItemAction::Open,
        ItemAction::Extract,
        ItemAction::Restore,
        ItemAction::Versions,
        ItemAction::Preview,
        ItemAction::Exclude,
        ItemAction::CopyPath,
    ];

    pub fn label(self) -> &'static str {
        match self {
            ItemAction::Open => "Open",
            ItemAction::Extract => "Extract…",
            ItemAction::Restore => "Restore…",
            ItemAction::Versions => "All versions",
            ItemAction::Preview => "Preview",
            ItemAction::Exclude => "Do not back this up again",
            ItemAction::CopyPath => "Copy path",
        }
    }

    /// Why it cannot be done with this.
    pub fn reason_against(
        self,
        item: &Item,
        source: Option<&SeriesSource>,
    ) -> Option<&'static str> {
        match self {
            ItemAction::Open if !item.is_folder() => Some("Only folders can be opened"),
            ItemAction::Extract | ItemAction::Restore if item.snapshot.is_none() => Some(ON_DISK),
            ItemAction::Exclude if glob_of(&item.path).is_none() => {
                Some("Its name is no text that a rule could have")
            }
            ItemAction::Exclude if source.and_then(SeriesSource::archive).is_none() => {
                Some("These snapshots are not of an archive of your configuration")
            }
            _ => None,
        }
    }
}

/// Why nothing is got back from the column "Now".
pub const ON_DISK: &str = "This is your disk as it is now: choose a snapshot on the timeline";

impl Browse {
    /// Does what was asked for.
    pub(super) fn act(&mut self, asks: Vec<Ask>, cx: &Cx<'_>, out: &mut Outbox) {
        if asks.is_empty() {
            return;
        }
        for ask in asks {
            self.act_one(ask, cx, out);
        }
        self.picked_words = self.basket.summary();
    }

    fn act_one(&mut self, ask: Ask, cx: &Cx<'_>, out: &mut Outbox) {
        match ask {
            Ask::Source(source) => {
                self.start = Some(BrowseTarget {
                    source,
                    snapshot: None,
                    folder: None,
                    versions_of: None,
                });
            }
            Ask::Moment(moment) => self.go_to(moment),
            Ask::Older => {
                if let Some(older) = self.moment.and_then(|at| self.series.older(at)) {
                    self.go_to(older);
                }
            }
            Ask::Newer => {
                if let Some(newer) = self.moment.and_then(|at| self.series.newer(at)) {
                    self.go_to(newer);
                }
            }
            Ask::Folder(folder) => self.enter(folder),
            Ask::Up => self.go_up(),
            Ask::OpenTree(folder) => self.tree.open(&folder),
            Ask::CloseTree(folder) => self.tree.close(&folder),
            Ask::Sort(by) => self.sort(by, out),
            Ask::Picks => self.take_picks(out),
            Ask::CursorMoved => {
                self.at_name = self
                    .item_at_cursor()
                    .map(|item| last_name(&item.path).to_vec());
                self.follow_cursor(cx);
            }
            Ask::OpenRow(row) => {
                if let Some(item) = self.item(row) {
                    let action = match item.is_folder() {
                        true => ItemAction::Open,
                        false => ItemAction::Preview,
                    };
                    self.act_on(action, item, cx, out);
                }
            }
            Ask::Do(action, item) => self.act_on(action, item, cx, out),
            Ask::Side(tab) => {
                self.side.tab = tab;
                if self.side.item.is_none() {
                    self.side.item = self.item_at_cursor();
                }
                self.look(cx);
            }
            Ask::View(view) => self.view = view,
            Ask::Search => self.begin_search(cx),
            Ask::StopSearch => self.search.stop(),
            Ask::Reveal { path, moment } => self.reveal(&path, moment),
            Ask::Compare { old, new } => self.compare(old, new, cx),
            Ask::StopComparison => self.comparison.outcome.cancel(),
            Ask::FilterComparison => {
                self.comparison.filter();
                self.comparison_table.reset();
            }
            Ask::GetPicked(target) => {
                if let Some(request) = self.request(target) {
                    out.send(Command::GetBack(request));
                }
            }
            Ask::Unpick { file, path } => {
                self.basket.remove(&file, &path);
                self.take_boxes();
            }
            Ask::ClearPicked => {
                self.basket.clear();
                self.take_boxes();
            }
            Ask::TryAgain => {
                self.errand = None;
                self.is_stale = true;
                out.send(Command::Refresh);
            }
        }
    }

    fn go_to(&mut self, moment: Moment) {
        self.moment = Some(moment);
        self.view = View::Folder;
        self.is_stale |= moment == Moment::Now;
    }

    fn enter(&mut self, folder: Vec<u8>) {
        if self.folder.as_ref() != Some(&folder) {
            self.at_name = None;
            self.table.reset();
        }
        self.folder = Some(folder);
        self.by.filter.clear();
        self.view = View::Folder;
    }

    /// To the folder that this one is in; the cursor goes to where one comes from.
    fn go_up(&mut self) {
        let Some(folder) = self.folder().map(<[u8]>::to_vec) else {
            return;
        };
        if let Some(above) = parent(&folder) {
            self.enter(above.to_vec());
            self.at_name = Some(last_name(&folder).to_vec());
        }
    }

    fn sort(&mut self, by: SortBy, out: &mut Outbox) {
        let sort = &mut self.by.sort;
        *sort = match sort.by == by {
            true => Sort {
                by,
                descending: !sort.descending,
            },
            // The biggest and the newest first; that is what one looks for.
            false => Sort {
                by,
                descending: matches!(by, SortBy::Size | SortBy::Modified),
            },
        };
        let sort = *sort;
        let folder = self.folder().unwrap_or(b"/");
        out.send(Command::Remember {
            archive: self.source.as_ref().and_then(|of| of.archive().cloned()),
            folder: crate::fs::bytes_path(folder).to_owned(),
            sort,
        });
    }

    /// Boxes in the table are what is picked from this folder, as far as it is shown.
    fn take_picks(&mut self, out: &mut Outbox) {
        if self.table.selected.len() > MOST_PICKED {
            let told = "That is more than can be picked one by one: pick the whole folder instead";
            out.tell(Tone::Warning, told);
            self.take_boxes();
            return;
        }
        for (row, file, path) in self.picked_rows() {
            if !self.table.selected.contains(&row) {
                self.basket.remove(&file, &path);
            }
        }
        let (mut is_full, mut is_on_disk) = (false, false);
        for row in self.table.selected.clone() {
            let Some(item) = self.item(row) else { continue };
            is_on_disk |= item.snapshot.is_none();
            if let Some((file, name)) = &item.snapshot {
                let pick = Pick {
                    bytes: item.bytes,
                    is_folder: item.is_folder(),
                };
                is_full |= !self.basket.add(file, *name, item.path.clone(), pick);
            }
        }
        if is_full {
            let told = "No more can be picked: take what is picked first, or pick whole folders";
            out.tell(Tone::Warning, told);
        }
        if is_on_disk {
            out.tell(Tone::Information, ON_DISK);
        }
        if is_full || is_on_disk {
            self.take_boxes();
        }
    }

    fn act_on(&mut self, action: ItemAction, item: Item, cx: &Cx<'_>, out: &mut Outbox) {
        if action.reason_against(&item, self.source.as_ref()).is_some() {
            return;
        }
        match action {
            ItemAction::Open => self.enter(item.path),
            ItemAction::Extract => self.get_back(&item, Target::Folder(Default::default()), out),
            ItemAction::Restore => self.get_back(&item, Target::Origin, out),
            ItemAction::Versions | ItemAction::Preview => {
                self.side.tab = Some(match action {
                    ItemAction::Versions => SideTab::Versions,
                    _ => SideTab::Preview,
                });
                self.side.item = Some(item);
                self.look(cx);
            }
            ItemAction::Exclude => {
                let archive = self.source.as_ref().and_then(SeriesSource::archive);
                if let (Some(archive), Some(glob)) = (archive, glob_of(&item.path)) {
                    out.send(Command::Exclude {
                        archive: archive.clone(),
                        rule: match item.is_folder() {
                            true => ExcludeRule::Directory(glob),
                            false => ExcludeRule::File(glob),
                        },
                    });
                }
            }
            ItemAction::CopyPath => out.send(Command::CopyText(shown(&item.path))),
        }
    }

    fn get_back(&self, item: &Item, target: Target, out: &mut Outbox) {
        let (Some(source), Some((file, name))) = (&self.source, &item.snapshot) else {
            return;
        };
        out.send(Command::GetBack(Request {
            source: source.clone(),
            picks: vec![Picks {
                file: file.clone(),
                name: *name,
                what: Picked::Paths(vec![item.path.clone()]),
            }],
            target,
            overwrite: false,
        }));
    }

    /// The side shows what the cursor is on.
    pub(super) fn follow_cursor(&mut self, cx: &Cx<'_>) {
        if self.side.tab.is_none() {
            return;
        }
        if let Some(item) = self.item_at_cursor()
            && self.side.item.as_ref() != Some(&item)
        {
            self.side.item = Some(item);
            self.look(cx);
        }
    }

    /// Reads again what was forgotten because there are other snapshots now.
    pub(super) fn look_again(&mut self, cx: &Cx<'_>) {
        if self.side.tab == Some(SideTab::Versions) && self.side.versions.is_empty() {
            self.look(cx);
        }
    }

    /// Reads what the side is to show.
    pub(super) fn look(&mut self, cx: &Cx<'_>) {
        let (Some(tab), Some(item), Some(reader)) =
            (self.side.tab, self.side.item.clone(), self.reader(cx))
        else {
            return;
        };
        match tab {
            SideTab::Preview => {
                self.side.preview.start(cx.workers, "preview", move |m| {
                    reader.preview(&item.place(), &item.path, m)
                });
            }
            SideTab::Versions => {
                let is_known = self.side.versions.value();
                let is_known = is_known.is_some_and(|known| known.path == item.path);
                if is_known && !self.side.versions.is_loading() {
                    return;
                }
                let paths = self.series.paths();
                self.side.versions.start(cx.workers, "versions", move |m| {
                    find_versions(&paths, &item.path, m)
                });
            }
        }
    }

    fn begin_search(&mut self, cx: &Cx<'_>) {
        if self.search.text.trim().is_empty() {
            return;
        }
        if let (Scope::OneSnapshot(_), Some(Moment::Snapshot(place))) =
            (self.search.scope, self.moment)
        {
            self.search.scope = Scope::OneSnapshot(place);
        }
        self.view = View::Search;
        self.search_table.reset();
        self.search.start(&self.series.paths(), cx.workers);
    }

    /// Something that was found, as it is in the newest snapshot that holds it.
    pub(super) fn item_of(&self, found: &FoundFile) -> Option<Item> {
        let point = self.series.points.get(found.last)?;
        Some(Item {
            path: found.path.clone(),
            kind: found.kind,
            bytes: found.size,
            snapshot: Some((point.path.clone(), point.name)),
        })
    }

    /// Shows a path in its folder, with the cursor on it.
    fn reveal(&mut self, path: &[u8], moment: Moment) {
        self.go_to(moment);
        self.enter(parent(path).unwrap_or(b"/").to_vec());
        self.at_name = Some(last_name(path).to_vec());
        if self
            .shown
            .value()
            .is_some_and(|shown| Some(&shown.folder) == self.folder.as_ref())
        {
            self.take_rows();
        }
    }

    fn compare(&mut self, old: Moment, new: Moment, cx: &Cx<'_>) {
        // The older one first, whichever was named first.
        let order = |moment: Moment| match moment {
            Moment::Snapshot(place) => place,
            Moment::Now => usize::MAX,
        };
        let (old, new) = match order(old) <= order(new) {
            true => (old, new),
            false => (new, old),
        };
        let (Some(point), Some(reader)) = (self.series.get(old), self.reader(cx)) else {
            return;
        };
        let new = match self.series.get(new) {
            Some(point) => Place::Snapshot(point.path.clone()),
            None => Place::Disk,
        };
        let old = point.path.clone();
        self.view = View::Differences;
        self.comparison.between = Some((old.clone(), new.clone()));
        self.comparison.outcome.clear();
        self.comparison.order.clear();
        self.comparison_table.reset();
        let folder = match self.comparison.is_folder_only {
            true => self.folder().unwrap_or(b"/").to_vec(),
            false => b"/".to_vec(),
        };
        self.comparison.folder = folder.clone();
        self.comparison
            .outcome
            .start(cx.workers, "differences", move |monitor| {
                reader.compare(&old, &new, &folder, monitor)
            });
    }

    /// The two sides of the comparison as moments, as far as they are still there.
    pub(super) fn compared(&self) -> Option<(Moment, Moment)> {
        let (old, new) = self.comparison.between.as_ref()?;
        let new = match new {
            Place::Disk => Moment::Now,
            Place::Snapshot(path) => self.series.of_path(path)?,
        };
        Some((self.series.of_path(old)?, new))
    }

    /// What to type in a terminal.
    pub(super) fn lines(&self) -> Vec<String> {
        let Some(source) = &self.source else {
            return Vec::new();
        };
        let folder = self.folder().unwrap_or(b"/");
        let name = |moment: Moment| self.series.get(moment).map(|point| point.name);
        let mut all = Vec::new();
        match self.view {
            View::Folder => match self.moment.map(|moment| (moment, name(moment))) {
                Some((_, Some(name))) => all.push(lines::list(source, name, folder)),
                Some((Moment::Now, None)) => {
                    if let Some(newest) = self.series.newest().and_then(name) {
                        all.push(lines::diff(source, newest, None, folder));
                    }
                }
                _ => {}
            },
            View::Search => {
                let within = match self.search.scope {
                    Scope::AllSnapshots => None,
                    Scope::OneSnapshot(place) => name(Moment::Snapshot(place)),
                };
                all.push(lines::find(source, within, &self.search.searched));
            }
            View::Differences => {
                if let Some((old, new)) = self.compared()
                    && let Some(old) = name(old)
                {
                    let folder = &self.comparison.folder;
                    all.push(lines::diff(source, old, name(new), folder));
                }
            }
        }
        if let (Some(SideTab::Versions), Some(item)) = (self.side.tab, &self.side.item) {
            all.push(lines::versions(source, &item.path));
        }
        all.extend(lines::get_back(source, &self.basket));
        all
    }
}

impl Side {
    pub(super) fn poll(&mut self) {
        if self.preview.poll() {
            // It is of what was there before.
            self.texture = None;
        }
        self.versions.poll();
    }
}
