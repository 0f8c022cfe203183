//! Draws the disk as the backup sees it: what is left out is greyed, with the reason beside it; and the question
//! why.

use egui::{Align, EventFilter, Key, Label, Layout, Modifiers, RichText, Sense, Ui, vec2};
use lucide_icons::Icon;

use super::editor::{Edit, Editor, path_of_row};
use super::tree::{DiskTree, What};
use super::{Message, wording};
use crate::gui::command::Tone;
use crate::gui::cx::Cx;
use crate::gui::theme::{ROW_HEIGHT, palette, space};
use crate::gui::widgets::table::{Column, Table, TableEvents, cell_text_ui};
use crate::gui::widgets::{Button, card_ui, error_ui, loading_ui, notice_ui, paint_icon};
use crate::human::size;
use crate::snapshot::explain::Verdict;
use crate::snapshot::globs::glob_of;
use crate::snapshot::matcher::Reason;
use crate::snapshot::preview::ViewedEntry;

/// So far a row stands in from its folder's.
const INDENT: f32 = 18.0;

/// Draws the tab.
pub fn disk_ui(ui: &mut Ui, editor: &mut Editor, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    why_ui(ui, editor, cx, messages);
    ui.add_space(space::S);
    actions_ui(ui, &editor.tree, messages);
    tree_ui(ui, &mut editor.tree, messages);
}

fn why_ui(ui: &mut Ui, editor: &mut Editor, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    let why = &mut editor.why;
    card_ui(ui, |ui| {
        crate::gui::widgets::group_title_ui(ui, "Why is this (not) backed up?");
        ui.horizontal_top(|ui| {
            let width = ui.available_width() - 64.0;
            ui.vertical(|ui| {
                ui.set_max_width(width);
                why.field.ui(ui, cx);
            });
            let path = why.field.path(cx);
            let reason = path.is_none().then_some("Write or choose a path first");
            let is_pressed = Button::new("Ask").disabled_because(reason).show(ui);
            let is_entered = why.field.take_entered();
            if let Some(path) = path.filter(|_| is_pressed || is_entered) {
                messages.push(Message::Edit(Edit::Ask(path)));
            }
        });
        if why.is_loading() {
            loading_ui(ui, "Looking", why.is_not_answering());
        }
        if let Some(error) = why.error() {
            error_ui(ui, error);
        }
        if let Some(answer) = why.answer() {
            let (is_included, sentence, because) =
                wording::answer(&answer.explanation, &answer.path, &answer.specification);
            let tone = match is_included {
                true => Tone::Good,
                false => Tone::Information,
            };
            let saved = wording::last_saved(answer.saved.as_ref());
            notice_ui(ui, tone, &sentence, &format!("{because} {saved}"));
        }
    });
}

/// What can be done with a row, or why not.
struct Actions {
    leave_out: Option<&'static str>,
    back_up: Option<&'static str>,
}

impl Actions {
    fn of(row: Option<&(Vec<u8>, &ViewedEntry)>) -> Actions {
        let Some((path, entry)) = row else {
            let reason = Some("Choose a file or folder below first");
            return Actions {
                leave_out: reason,
                back_up: reason,
            };
        };
        let has_glob = glob_of(path).is_some();
        let no_rule = (!has_glob).then_some("Its name is no text that a rule could have");
        match &entry.verdict {
            Verdict::Included { .. } => Actions {
                leave_out: no_rule,
                back_up: Some("It is backed up already"),
            },
            Verdict::DirectoryOnly(_) if entry.leads_to_include => Actions {
                leave_out: no_rule,
                back_up: None,
            },
            Verdict::Excluded(Reason::OwnStorage) => Actions {
                leave_out: Some("It is left out already"),
                back_up: Some("These backups themselves are never backed up"),
            },
            Verdict::Excluded(_) | Verdict::DirectoryOnly(_) | Verdict::BehindLink { .. } => {
                Actions {
                    leave_out: Some("It is left out already"),
                    back_up: None,
                }
            }
        }
    }
}

fn actions_ui(ui: &mut Ui, tree: &DiskTree, messages: &mut Vec<Message>) {
    let row = tree.table.cursor.and_then(|row| tree.entry(row));
    ui.horizontal_wrapped(|ui| {
        row_actions_ui(ui, row.as_ref(), messages);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if Button::quiet("Read again").icon(Icon::RefreshCw).show(ui) {
                messages.push(Message::Edit(Edit::Again));
            }
            if tree.is_stale() {
                loading_ui(ui, "Reading", tree.is_not_answering());
            }
            if tree.is_waiting() {
                ui.ctx().request_repaint_after(super::preview::PAUSE);
            }
        });
    });
}

/// The three buttons, for the row of the cursor or of a menu; true when one was pressed.
fn row_actions_ui(
    ui: &mut Ui,
    row: Option<&(Vec<u8>, &ViewedEntry)>,
    messages: &mut Vec<Message>,
) -> bool {
    let actions = Actions::of(row);
    let path = row.map(|(path, _)| path.clone()).unwrap_or_default();
    let is_directory = row.is_some_and(|(_, entry)| entry.is_directory);
    let before = messages.len();
    if Button::new("Leave this out")
        .disabled_because(actions.leave_out)
        .show(ui)
    {
        messages.push(Message::Edit(Edit::LeaveOut {
            path: path.clone(),
            is_directory,
        }));
    }
    if Button::new("Back this up")
        .disabled_because(actions.back_up)
        .show(ui)
    {
        messages.push(Message::Edit(Edit::BackUp(path.clone())));
    }
    let reason = row
        .is_none()
        .then_some("Choose a file or folder below first");
    if Button::new("Why?").disabled_because(reason).show(ui) {
        messages.push(Message::Edit(Edit::Ask(path_of_row(&path))));
    }
    messages.len() > before
}

fn tree_ui(ui: &mut Ui, tree: &mut DiskTree, messages: &mut Vec<Message>) {
    let is_narrow = ui.available_width() < 560.0;
    let columns = [
        Column::share("Name", 1.0),
        Column::fixed("Size", 70.0).right(),
        match is_narrow {
            true => Column::fixed("In the backup?", 150.0),
            false => Column::share("In the backup?", 0.8),
        },
    ];
    // Apart from the rest while the rows are looked at.
    let mut state = std::mem::take(&mut tree.table);
    let table = Table {
        id: "disk",
        name: "Files on the disk",
        columns: &columns,
        rows: tree.rows().len(),
        sorted: None,
        has_selection: false,
        height: None,
    };
    let mut toggled = None;
    let events = table.show(
        ui,
        &mut state,
        |row| row_name(tree, row),
        |ui, row, column| {
            if cell_ui(ui, tree, row, column) {
                toggled = Some(row);
            }
        },
    );
    for (row, response) in &events.rows {
        let Some(entry) = tree.entry(*row) else {
            continue;
        };
        response.context_menu(|ui| {
            if row_actions_ui(ui, Some(&entry), messages) {
                ui.close();
            }
        });
    }
    toggled = toggled.or(events.opened);
    keys(ui, &events, state.cursor, tree, messages);
    messages.extend(toggled.map(Message::Toggle));
    tree.table = state;
}

/// Right opens a folder, Left closes it or goes to the one that it is in.
fn keys(
    ui: &Ui,
    events: &TableEvents,
    cursor: Option<usize>,
    tree: &DiskTree,
    messages: &mut Vec<Message>,
) {
    if !events.has_focus {
        return;
    }
    // The table leaves these two to the window, which would go on to another control.
    ui.memory_mut(|memory| {
        if let Some(id) = memory.focused() {
            let filter = EventFilter {
                vertical_arrows: true,
                horizontal_arrows: true,
                tab: false,
                escape: false,
            };
            memory.set_focus_lock_filter(id, filter);
        }
    });
    let Some(row) = cursor else {
        return;
    };
    let what = tree.rows().get(row).map(|row| row.what);
    let is_open = matches!(what, Some(What::Entry { is_open: true, .. }));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowRight) {
        messages.push(Message::SetOpen(row, true));
    }
    if pressed(Key::ArrowLeft) {
        messages.push(match is_open {
            true => Message::SetOpen(row, false),
            false => Message::GoUp(row),
        });
    }
}

fn row_name(tree: &DiskTree, row: usize) -> String {
    match tree.entry(row) {
        Some((_, entry)) => format!("{}, {}", entry.name, wording::verdict(entry)),
        None => other_row(tree, row),
    }
}

fn other_row(tree: &DiskTree, row: usize) -> String {
    match (tree.rows().get(row).map(|row| row.what), tree.error(row)) {
        (Some(What::Failed), Some(error)) => crate::gui::words::sentence(error),
        (Some(What::Empty), _) => "Nothing in it".to_owned(),
        _ => "Reading".to_owned(),
    }
}

/// True when the folder was asked to open or close.
fn cell_ui(ui: &mut Ui, tree: &DiskTree, row: usize, column: usize) -> bool {
    let palette = palette(ui.ctx());
    let depth = tree.rows().get(row).map_or(0, |row| row.depth);
    let Some((path, entry)) = tree.entry(row) else {
        if column == 0 {
            ui.add_space(f32::from(depth) * INDENT + 40.0);
            cell_text_ui(ui, RichText::new(other_row(tree, row)).color(palette.weak));
        }
        return false;
    };
    let is_included = matches!(entry.verdict, Verdict::Included { .. });
    let ink = match is_included || entry.leads_to_include {
        true => palette.text,
        false => palette.weak,
    };
    let verdict = wording::verdict(entry);
    match column {
        0 => {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(f32::from(depth.min(40)) * INDENT);
            let (rect, response) = ui.allocate_exact_size(vec2(20.0, ROW_HEIGHT), Sense::CLICK);
            if entry.is_directory {
                let is_open = matches!(
                    tree.rows().get(row).map(|row| row.what),
                    Some(What::Entry { is_open: true, .. })
                );
                let icon = match is_open {
                    true => Icon::ChevronDown,
                    false => Icon::ChevronRight,
                };
                paint_icon(ui, rect, icon, 14.0, palette.weak);
            }
            let (place, _) = ui.allocate_exact_size(vec2(22.0, ROW_HEIGHT), Sense::hover());
            let icon = match (entry.is_directory, entry.is_symbolic_link) {
                (true, _) => Icon::Folder,
                (_, true) => Icon::Link,
                _ => Icon::File,
            };
            let icon_ink = match is_included {
                true => palette.accent,
                false => palette.weak,
            };
            paint_icon(ui, place, icon, 15.0, icon_ink);
            let name = wording::name_of(&path);
            cell_text_ui(ui, RichText::new(name).color(ink));
            response.clicked() && entry.is_directory
        }
        1 => {
            if !entry.is_directory && !entry.is_symbolic_link {
                cell_text_ui(ui, RichText::new(size(entry.size)).color(ink));
            }
            false
        }
        _ => {
            let ink = match is_included {
                true => palette.good,
                false => palette.weak,
            };
            let label = Label::new(RichText::new(&verdict).color(ink)).truncate();
            ui.add(label.selectable(false)).on_hover_text(verdict);
            false
        }
    }
}
