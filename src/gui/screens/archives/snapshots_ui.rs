//! Draws the snapshots of an archive, and what can be done with them.

use egui::{DragValue, RichText, Ui};
use lucide_icons::Icon;

use super::Message;
use super::snapshots::{SnapshotKind, Snapshots};
use crate::gui::command::Tone;
use crate::gui::overview::ArchiveOverview;
use crate::gui::theme::{palette, space};
use crate::gui::widgets::table::{Column, Table, cell_text_ui};
use crate::gui::widgets::{Button, empty_ui, error_ui, loading_ui, notice_ui};
use crate::gui::words;
use crate::human::counted;

/// Draws the tab.
pub fn snapshots_ui(
    ui: &mut Ui,
    snapshots: &mut Snapshots,
    archive: &ArchiveOverview,
    messages: &mut Vec<Message>,
) {
    if let Some(error) = archive.snapshots.error() {
        error_ui(ui, error);
        return;
    }
    let Some(overview) = archive.snapshots.value() else {
        let is_silent = archive.snapshots.is_not_answering();
        loading_ui(ui, "Reading the snapshots", is_silent);
        return;
    };
    if let Some(problem) = &overview.problem {
        let rest = words::error_rest(problem);
        notice_ui(ui, Tone::Warning, &words::error_title(problem), &rest);
    }
    if snapshots.rows().is_empty() {
        empty_ui(
            ui,
            Icon::History,
            "No snapshots yet",
            "The first backup makes the first snapshot.",
        );
        return;
    }
    actions_ui(ui, snapshots, messages);
    ui.add_space(space::XS);
    table_ui(ui, snapshots, messages);
}

fn actions_ui(ui: &mut Ui, snapshots: &mut Snapshots, messages: &mut Vec<Message>) {
    let weak = palette(ui.ctx()).weak;
    let chosen = snapshots.table.selected.len();
    ui.horizontal_wrapped(|ui| {
        let reason = (chosen == 0).then_some("Choose snapshots below first");
        if Button::danger("Delete snapshots…")
            .disabled_because(reason)
            .show(ui)
        {
            messages.push(Message::DeleteSnapshots);
        }
        let at = snapshots.at();
        let name = at.map(|row| row.name);
        let reason = match at.map(|row| &row.what) {
            None => Some("Choose a snapshot below first"),
            Some(SnapshotKind::Unreadable(_)) => Some("It cannot be read"),
            Some(SnapshotKind::Readable { .. }) => None,
        };
        let is_browse = Button::new("Browse snapshot")
            .explain("Shows the files in it")
            .disabled_because(reason)
            .show(ui);
        if let Some(name) = name.filter(|_| is_browse) {
            messages.push(Message::Browse(name));
        }
        if chosen > 0 {
            let words = counted(chosen as u64, "snapshot", "snapshots");
            ui.label(RichText::new(format!("{words} chosen")).color(weak));
        }
    });
    ui.horizontal(|ui| {
        ui.label("Keep the newest");
        let last = snapshots.rows().len().max(1);
        snapshots.keep = snapshots.keep.clamp(1, last);
        let number = ui.add(DragValue::new(&mut snapshots.keep).range(1..=last));
        ui.ctx().accesskit_node_builder(number.id, |node| {
            node.set_label("Number of snapshots to keep");
        });
        let older = last - snapshots.keep;
        let reason = (older == 0).then_some("There are no others");
        if Button::new("Choose the others")
            .explain("Chooses all older ones, to be deleted")
            .disabled_because(reason)
            .show(ui)
        {
            snapshots.choose_all_but(snapshots.keep);
        }
    });
}

fn table_ui(ui: &mut Ui, snapshots: &mut Snapshots, messages: &mut Vec<Message>) {
    let palette = palette(ui.ctx());
    let is_narrow = ui.available_width() < 560.0;
    let figures = if is_narrow { 64.0 } else { 90.0 };
    let columns = [
        Column::share("Date", 1.0),
        Column::fixed("State", if is_narrow { 70.0 } else { 140.0 }),
        Column::fixed("Files", figures).right(),
        Column::fixed("Size", figures).right(),
        Column::fixed(if is_narrow { "Stored" } else { "Stored by it" }, figures).right(),
    ];
    let mut state = std::mem::take(&mut snapshots.table);
    let rows = snapshots.rows();
    let table = Table {
        id: "snapshots",
        name: "Snapshots of the archive",
        columns: &columns,
        rows: rows.len(),
        sorted: None,
        has_selection: true,
        height: None,
    };
    let words = |row: usize| rows.get(row).map_or(String::new(), |row| row.in_words());
    let events = table.show(ui, &mut state, words, |ui, row, column| {
        let Some(row) = rows.get(row) else {
            return;
        };
        let ink = match (&row.what, column) {
            (SnapshotKind::Unreadable(_), 1) => palette.error,
            (SnapshotKind::Readable { is_complete, .. }, 1) => match is_complete {
                true => palette.weak,
                false => palette.warning,
            },
            _ => palette.text,
        };
        cell_text_ui(ui, RichText::new(row.cell(column)).color(ink));
    });
    let opened = events.opened.and_then(|row| rows.get(row));
    if let Some(row) = opened
        && matches!(row.what, SnapshotKind::Readable { .. })
    {
        messages.push(Message::Browse(row.name));
    }
    snapshots.table = state;
}
