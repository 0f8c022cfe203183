//! Makes up the difference between what is wanted and what is shown: starts threads, takes in what they bring.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Browse;
use super::data::{Moment, Point, SeriesView, last_name, parent};
use super::listing::{Place, Reader, Subfolder, Wanted, reorder};
use super::order::OrderBy;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::fs::{bytes_path, path_bytes};
use crate::gui::command::{BrowseTarget, Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::jobs::source::SeriesSource;
use crate::progress::Monitor;
use crate::snapshot::file::Snapshot;

/// What a thread was sent for, so that it is not sent twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Errand {
    wanted: Wanted,
    by: OrderBy,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    List,
    Mark,
    Reorder,
}

/// Folders in folders, at a moment.
pub struct Levels {
    place: Place,
    is_anew: bool,
    levels: HashMap<Vec<u8>, Vec<Subfolder>>,
}

impl Browse {
    /// Once in every frame.
    pub(super) fn flow(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox) {
        if !self.is_sort_remembered {
            self.is_sort_remembered = true;
            self.by.sort = cx.settings.sort;
        }
        if is_shown && self.source.is_none() && self.start.is_none() {
            self.start = remembered(cx);
        }
        if let Some(source) = self.start.as_ref().map(|start| start.source.clone())
            && self.source.as_ref() != Some(&source)
        {
            self.begin_source(source, cx, out);
        }
        self.take_series(cx);
        if self.refreshes != cx.overview.refreshes {
            self.refreshes = cx.overview.refreshes;
            // Somebody comes back to the window, or wants to look again: so does this.
            self.is_stale |= self.moment == Some(Moment::Now);
        }
        self.take_start();
        if self.shown.poll() {
            self.take_shown(cx, out);
        }
        self.show_history(cx);
        self.take_levels();
        self.side.poll();
        self.search.poll();
        if self.comparison.outcome.poll() {
            self.comparison.filter();
            self.comparison_table.reset();
        }
        if is_shown {
            self.send_errand(cx);
            self.read_levels(cx);
        }
    }

    /// Everything begins anew with another series.
    fn begin_source(&mut self, source: SeriesSource, cx: &Cx<'_>, out: &mut Outbox) {
        if !self.basket.is_empty() {
            let told = "What was picked from the other archive is not picked any more";
            out.tell(Tone::Information, told);
        }
        let start = self.start.take();
        *self = Browse {
            by: OrderBy {
                sort: self.by.sort,
                ..OrderBy::default()
            },
            is_sort_remembered: true,
            is_search_focused: self.is_search_focused,
            ..Browse::default()
        };
        if let SeriesSource::Exigency { .. } = &source {
            let (catalog, its_source) = (cx.catalog.clone(), source.clone());
            self.exigency
                .start(cx.workers, "snapshots", move |monitor| {
                    exigency_series(&its_source, &catalog, monitor)
                });
        }
        self.start = start;
        self.source = Some(source);
    }

    /// The series is read elsewhere: by the overview, or by a thread of ours when there is no configuration.
    fn take_series(&mut self, cx: &Cx<'_>) {
        match &self.source {
            None => {}
            Some(SeriesSource::Archive(name)) => {
                if self.generation == Some(cx.overview.generation) {
                    return;
                }
                self.generation = Some(cx.overview.generation);
                let archive = cx.overview.archive(name);
                if let Some(overview) = archive.and_then(|archive| archive.snapshots.value()) {
                    self.replace_series(SeriesView::of_overview(overview));
                    self.look_again(cx);
                }
            }
            Some(SeriesSource::Exigency { .. }) => {
                if self.exigency.poll()
                    && let Some(series) = self.exigency.value()
                {
                    self.replace_series(series.clone());
                }
            }
        }
    }

    /// Snapshots may have come and gone; the one that is shown is found again by its file.
    fn replace_series(&mut self, series: SeriesView) {
        self.is_series_read = true;
        let at = self.moment.and_then(|moment| self.series.get(moment));
        let at = at.map(|point| point.path.clone());
        let is_changed = self.series.points != series.points;
        let is_grown = series.points.starts_with(&self.series.points);
        self.series = series;
        if let Some(path) = at {
            self.moment = self.series.of_path(&path).or(self.series.newest());
        }
        if is_changed {
            self.side.versions.clear();
        }
        if !is_grown {
            // Places in the series mean others now.
            self.search.forget();
            if self.view == super::View::Search {
                self.view = super::View::Folder;
            }
        }
    }

    fn take_start(&mut self) {
        if !self.is_series_read {
            return;
        }
        // Where one was before the first snapshot was there: nowhere.
        if self.moment.is_none() && self.start.is_none() {
            self.moment = self.series.newest();
        }
        let Some(BrowseTarget {
            snapshot,
            folder,
            versions_of,
            ..
        }) = self.start.take()
        else {
            return;
        };
        let named = snapshot.and_then(|name| self.series.of_name(name));
        self.moment = named.or(self.series.newest());
        if folder.is_some() || self.folder.is_none() {
            self.folder = folder;
        }
        self.view = super::View::Folder;
        self.is_stale |= self.moment == Some(Moment::Now);
        if let Some(path) = &versions_of {
            self.at_name = Some(last_name(path).to_vec());
            self.take_rows();
        }
        self.history_of = versions_of;
    }

    /// Shows all versions of what they were asked for, once it has a row.
    fn show_history(&mut self, cx: &Cx<'_>) {
        let item = self.item_at_cursor();
        if let Some(item) = item.filter(|item| self.history_of.as_ref() == Some(&item.path)) {
            self.history_of = None;
            self.side.tab = Some(super::SideTab::Versions);
            self.side.item = Some(item);
            self.look(cx);
        }
    }

    /// What is to be shown.
    fn wanted(&self) -> Option<Wanted> {
        let moment = self.moment?;
        let before = self.series.older(moment);
        let before = before.and_then(|before| self.series.get(before));
        Some(Wanted {
            place: match moment {
                Moment::Now => Place::Disk,
                Moment::Snapshot(_) => Place::Snapshot(self.series.get(moment)?.path.clone()),
            },
            before: before.map(|point| point.path.clone()),
            folder: self.folder.clone(),
        })
    }

    fn send_errand(&mut self, cx: &Cx<'_>) {
        let Some(wanted) = self.wanted() else {
            return;
        };
        // What is shown of the same place meanwhile is from before.
        let is_listing = self.shown.is_loading()
            && self
                .errand
                .as_ref()
                .is_some_and(|errand| errand.what == What::List && errand.wanted == wanted);
        let what = match self.shown.value() {
            Some(shown) if shown.wanted == wanted && !self.is_stale && !is_listing => {
                if shown.contents.marks.is_none() {
                    What::Mark
                } else if shown.by != self.by {
                    What::Reorder
                } else {
                    // Whatever a thread was sent for is not wanted any more.
                    self.shown.cancel();
                    self.errand = None;
                    return;
                }
            }
            _ => What::List,
        };
        let errand = Errand {
            wanted,
            by: self.by.clone(),
            what,
        };
        // The same again waits until what is under way has come: it may be slow, and would never get there.
        let is_sent = self.errand.as_ref() == Some(&errand);
        if is_sent && (self.shown.is_loading() || !self.is_stale) {
            return;
        }
        let (Some(reader), Errand { wanted, by, .. }) = (self.reader(cx), errand.clone()) else {
            return;
        };
        self.errand = Some(errand);
        self.is_stale = false;
        // What is there is shared, not copied.
        let shown = self.shown.value().cloned();
        match (what, shown) {
            (What::Mark, Some(mut shown)) => {
                shown.by = by;
                self.shown
                    .start(cx.workers, "folder", move |m| reader.mark(shown, m));
            }
            (What::Reorder, Some(shown)) => {
                self.shown
                    .start(cx.workers, "folder", move |_| reorder(shown, by));
            }
            _ => {
                self.shown
                    .start(cx.workers, "folder", move |m| reader.list(wanted, by, m));
            }
        }
    }

    pub(super) fn reader(&self, cx: &Cx<'_>) -> Option<Reader> {
        Some(Reader {
            catalog: cx.catalog.clone(),
            source: self.source.clone()?,
            opened: self.opened.clone(),
        })
    }

    fn take_shown(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        let Some(shown) = self.shown.value_mut() else {
            return;
        };
        if shown.wanted.folder.is_none() {
            // It has been found out which folder was meant.
            shown.wanted.folder = Some(shown.folder.clone());
            if self.folder.is_none() {
                self.folder = Some(shown.folder.clone());
            }
        }
        let folder = shown.folder.clone();
        self.tree.show(&folder);
        self.take_rows();
        if shown_is_wanted(self) {
            self.errand = None;
        }
        let settings = cx.settings;
        if let Some(archive) = self.source.as_ref().and_then(SeriesSource::archive)
            && (settings.archive.as_ref() != Some(archive)
                || path_bytes(&settings.folder) != folder.as_slice())
        {
            out.send(Command::Remember {
                archive: Some(archive.clone()),
                folder: bytes_path(&folder).to_owned(),
                sort: self.by.sort,
            });
        }
        self.follow_cursor(cx);
    }

    /// The rows are others, or in another order: the cursor goes to its name, boxes to what is picked.
    pub(super) fn take_rows(&mut self) {
        let Some(shown) = self.shown.value() else {
            return;
        };
        let number = self
            .at_name
            .as_ref()
            .and_then(|name| shown.contents.find(name));
        let row = number.and_then(|number| shown.order.iter().position(|at| *at == number));
        match row {
            Some(row) if self.table.cursor != Some(row) => self.table.go_to(row),
            Some(_) => {}
            None => self.table.cursor = None,
        }
        self.take_boxes();
    }

    /// Puts ticks before what is picked.
    pub(super) fn take_boxes(&mut self) {
        let picked = self.picked_rows();
        self.table.selected = picked.into_iter().map(|(row, ..)| row).collect();
    }

    /// The rows that are shown and picked, each with the snapshot that it is picked from and its path.
    pub(super) fn picked_rows(&self) -> Vec<(usize, PathBuf, Vec<u8>)> {
        let Some(shown) = self.shown.value() else {
            return Vec::new();
        };
        let here = match &shown.wanted.place {
            Place::Snapshot(file) => Some(file),
            Place::Disk => None,
        };
        // What was removed is picked from the snapshot before.
        let files = [(here, false), (shown.wanted.before.as_ref(), true)];
        let mut picked = Vec::new();
        for (file, is_removed) in files {
            let Some(file) = file else { continue };
            for path in self
                .basket
                .of(file)
                .into_iter()
                .flat_map(|picks| picks.keys())
            {
                if parent(path) != Some(&shown.folder) {
                    continue;
                }
                let number = shown.contents.find(last_name(path));
                if let Some(number) = number
                    && shown.contents.is_removed(number) == is_removed
                {
                    picked.push((number, file, path));
                }
            }
        }
        if picked.is_empty() {
            return Vec::new();
        }
        picked.sort_unstable_by_key(|(number, ..)| *number);
        let rows = shown.order.iter().enumerate();
        let rows = rows.filter_map(|(row, number)| {
            let place = picked
                .binary_search_by_key(number, |(number, ..)| *number)
                .ok()?;
            let (_, file, path) = picked.get(place)?;
            Some((row, (*file).clone(), (*path).clone()))
        });
        rows.collect()
    }

    fn read_levels(&mut self, cx: &Cx<'_>) {
        let Some(shown) = self.shown.value() else {
            return;
        };
        let place = shown.wanted.place.clone();
        let is_anew = self.tree_place.as_ref() != Some(&place);
        let folders = match is_anew {
            true => self.tree.folders_to_read_anew(),
            false => self.tree.folders_to_read(),
        };
        let asked = (place, folders);
        if asked.1.is_empty() || self.tree_asked.as_ref() == Some(&asked) {
            return;
        }
        let Some(reader) = self.reader(cx) else {
            return;
        };
        self.tree_asked = Some(asked.clone());
        let (place, folders) = asked;
        self.levels.start(cx.workers, "tree", move |monitor| {
            let levels = reader.subfolders(&place, &folders, monitor)?;
            Ok(Levels {
                place,
                is_anew,
                levels,
            })
        });
    }

    fn take_levels(&mut self) {
        // What goes wrong here goes wrong with the list as well, which says so.
        if self.levels.poll()
            && let Some(levels) = self.levels.value_mut()
        {
            let read = std::mem::take(&mut levels.levels);
            self.tree_place = Some(levels.place.clone());
            self.tree.take(read, levels.is_anew);
            self.tree_asked = None;
            if let Some(shown) = self.shown.value() {
                let folder = shown.folder.clone();
                if self.tree.cursor.is_none() {
                    self.tree.show(&folder);
                }
            }
        }
    }
}

fn shown_is_wanted(browse: &Browse) -> bool {
    match (browse.shown.value(), browse.wanted()) {
        (Some(shown), Some(wanted)) => {
            shown.wanted == wanted && shown.by == browse.by && shown.contents.marks.is_some()
        }
        _ => false,
    }
}

/// What was looked at last, else the first archive that there is.
fn remembered(cx: &Cx<'_>) -> Option<BrowseTarget> {
    let settings = cx.settings;
    let known = settings.archive.as_ref();
    let known = known.filter(|name| cx.overview.archive(name).is_some());
    let archive = match known {
        Some(name) => name.clone(),
        None => cx.overview.archives.first()?.name.clone(),
    };
    let folder = path_bytes(&settings.folder).to_vec();
    Some(BrowseTarget {
        source: SeriesSource::Archive(archive),
        snapshot: None,
        folder: (known.is_some() && folder.first() == Some(&b'/')).then_some(folder),
        versions_of: None,
    })
}

fn exigency_series(
    source: &SeriesSource,
    catalog: &Catalog,
    monitor: &Monitor,
) -> Result<SeriesView> {
    let series = source.series(catalog)?;
    let mut view = SeriesView {
        unreadable: series.problems,
        ..SeriesView::default()
    };
    for file in series.snapshots {
        monitor.check_cancelled()?;
        match Snapshot::open(&file.path) {
            Err(error) => view.unreadable.push(error),
            Ok(snapshot) => view.points.push(Point {
                name: file.name,
                path: file.path,
                is_complete: snapshot.header().complete,
            }),
        }
    }
    Ok(view)
}
