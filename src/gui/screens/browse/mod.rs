//! Browse: where is my file?
//!
//! One folder is shown at one moment: in a snapshot, or on the disk as it is. Moving in time keeps the folder and
//! moving between folders keeps the moment. What is wanted is state ([`Browse`]); in every frame it is compared
//! with what is shown, and where they differ a thread is started that makes up the difference ([`flow`]). So no
//! click waits for anything, and the last click counts.
//!
//! - [`data`] moments, paths, words; [`rows`], [`order`], [`kinds`] a folder's entries; [`axis`] the timeline;
//!   [`tree`], [`basket`], [`lines`]: plain data
//! - [`listing`], [`preview`], [`versions`], [`search`], [`differences`] are read on threads, [`opened`] keeps
//!   snapshots open for them
//! - [`flow`] starts threads and takes in what they bring; [`act`] does what was asked for while drawing
//! - [`ui`] draws

mod act;
pub mod axis;
pub mod basket;
pub mod data;
pub mod differences;
mod flow;
mod kinds;
mod lines;
pub mod listing;
mod opened;
pub mod order;
pub mod preview;
pub mod rows;
pub mod search;
mod tree;
mod ui;
pub mod versions;

use std::path::PathBuf;

use egui::{TextureHandle, Ui};

use self::act::Ask;
use self::basket::Basket;
use self::data::{Moment, SeriesView, join};
use self::differences::Comparison;
use self::flow::Errand;
use self::listing::{Place, Shown};
use self::opened::Opened;
use self::order::OrderBy;
use self::preview::Preview;
use self::rows::{Mark, RowKind};
use self::search::Search;
use self::tree::Tree;
use self::versions::VersionsView;
use super::Screen;
use crate::gui::command::{BrowseTarget, Outbox};
use crate::gui::cx::Cx;
use crate::gui::widgets::table::TableState;
use crate::jobs::Fetch;
use crate::jobs::get_back::{Request, Target};
use crate::jobs::source::SeriesSource;
use crate::snapshot::archive::name::SnapshotName;

/// The state of the screen.
#[derive(Default)]
pub struct Browse {
    source: Option<SeriesSource>,
    /// What is to be shown once the series is there.
    start: Option<BrowseTarget>,
    /// All versions of this are to be shown once its folder is.
    history_of: Option<Vec<u8>>,
    series: SeriesView,
    is_series_read: bool,
    /// Of the overview that the series was taken from.
    generation: Option<u64>,
    /// Of the overview, when the disk was last found to be stale.
    refreshes: u64,
    exigency: Fetch<SeriesView>,
    opened: Opened,

    moment: Option<Moment>,
    /// The folder that is wanted; it stays when it is not there at some moment.
    folder: Option<Vec<u8>>,
    by: OrderBy,
    is_sort_remembered: bool,
    shown: Fetch<Shown>,
    errand: Option<Errand>,
    /// The disk may have changed since it was listed.
    is_stale: bool,
    table: TableState,
    /// The name that the cursor is on.
    at_name: Option<Vec<u8>>,

    tree: Tree,
    levels: Fetch<flow::Levels>,
    tree_place: Option<Place>,
    tree_asked: Option<(Place, Vec<Vec<u8>>)>,

    view: View,
    basket: Basket,
    /// [`Basket::summary`], as it takes time with much in it.
    picked_words: String,
    side: Side,
    search: Search,
    search_table: TableState,
    is_search_focused: bool,
    comparison: Comparison,
    comparison_table: TableState,
}

/// What is shown below the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Folder,
    Search,
    Differences,
}

/// What is shown of one file, at the right.
#[derive(Default)]
struct Side {
    tab: Option<SideTab>,
    item: Option<Item>,
    preview: Fetch<Preview>,
    texture: Option<TextureHandle>,
    versions: Fetch<VersionsView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideTab {
    Preview,
    Versions,
}

/// Something that can be opened, extracted, restored, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Absolute.
    pub path: Vec<u8>,
    pub kind: RowKind,
    /// With what is below it.
    pub bytes: u64,
    /// The snapshot that has it; `None` for the disk.
    pub snapshot: Option<(PathBuf, SnapshotName)>,
}

impl Item {
    fn place(&self) -> Place {
        match &self.snapshot {
            Some((file, _)) => Place::Snapshot(file.clone()),
            None => Place::Disk,
        }
    }

    fn is_folder(&self) -> bool {
        self.kind == RowKind::Folder
    }
}

impl Browse {
    /// Shows this snapshot and folder.
    pub fn show(&mut self, target: BrowseTarget) {
        self.start = Some(target);
    }

    /// The moment that is shown or about to be.
    pub fn moment(&self) -> Option<Moment> {
        self.moment
    }

    pub fn series(&self) -> &SeriesView {
        &self.series
    }

    pub fn view(&self) -> View {
        self.view
    }

    /// The folder that is shown.
    pub fn folder(&self) -> Option<&[u8]> {
        Some(&self.shown.value()?.folder)
    }

    /// Whether everything that is wanted is shown.
    pub fn is_settled(&self) -> bool {
        !self.shown.is_loading()
            && self.errand.is_none()
            && self.start.is_none()
            && !self.levels.is_loading()
    }

    /// The rows that are shown, in order: names and marks.
    pub fn listed(&self) -> Vec<(String, Mark)> {
        let Some(shown) = self.shown.value() else {
            return Vec::new();
        };
        let row = |number: &u32| {
            let row = shown.contents.get(*number)?;
            let mark = shown.contents.mark(*number).unwrap_or_default();
            Some((row.shown_name(), mark))
        };
        shown.order.iter().filter_map(row).collect()
    }

    /// How many rows are shown.
    pub fn row_count(&self) -> usize {
        self.shown.value().map_or(0, |shown| shown.order.len())
    }

    pub fn basket(&self) -> &Basket {
        &self.basket
    }

    /// What would be asked for to get back everything that is picked.
    pub fn request(&self, target: Target) -> Option<Request> {
        self.basket.request(self.source.as_ref()?, target)
    }

    pub fn search(&self) -> &Search {
        &self.search
    }

    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    pub fn preview(&self) -> Option<&Preview> {
        self.side.preview.value()
    }

    pub fn versions(&self) -> Option<&VersionsView> {
        self.side.versions.value()
    }

    /// What is in a row of the table.
    fn item(&self, row: usize) -> Option<Item> {
        let shown = self.shown.value()?;
        let number = *shown.order.get(row)?;
        let found = shown.contents.get(number)?;
        // What was removed is in the snapshot before.
        let place = match (shown.contents.is_removed(number), &shown.wanted.before) {
            (true, Some(before)) => Place::Snapshot(before.clone()),
            _ => shown.wanted.place.clone(),
        };
        let snapshot = match place {
            Place::Disk => None,
            Place::Snapshot(file) => {
                let moment = self.series.of_path(&file)?;
                let name = self.series.get(moment)?.name;
                Some((file, name))
            }
        };
        Some(Item {
            path: join(&shown.folder, found.name),
            kind: found.kind,
            bytes: found.size,
            snapshot,
        })
    }

    /// What the cursor of the table is on.
    fn item_at_cursor(&self) -> Option<Item> {
        self.item(self.table.cursor?)
    }
}

impl Screen for Browse {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox) {
        self.flow(cx, is_shown, out);
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let mut asks = Vec::new();
        self.draw_head_ui(ui, cx, &mut asks);
        self.act(asks, cx, out);
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let mut asks: Vec<Ask> = Vec::new();
        self.draw_ui(ui, cx, &mut asks, out);
        self.act(asks, cx, out);
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        self.lines()
    }

    fn find(&mut self) -> bool {
        self.is_search_focused = true;
        true
    }
}
