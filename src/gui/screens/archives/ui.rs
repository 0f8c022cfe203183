//! Draws the screen: the list of archives, and the frame around the chosen one.

use egui::text::LayoutJob;
use egui::{Align, CentralPanel, Frame, Layout, Margin, Panel, RichText, ScrollArea, Ui, vec2};
use egui::{Role, Sense, WidgetInfo};
use lucide_icons::Icon;

use super::editor_ui::columns_ui;
use super::{Archives, Message, Opened, Tab, history_of, state_of};
use super::{editor_ui, new_ui, snapshots_ui, tree_ui};
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::overview::ArchiveOverview;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::{
    Button, badge_ui, card_ui, empty_ui, error_ui, follow_focus, loading_ui, notice_ui, paint_icon,
};

const LIST_WIDTH: f32 = 216.0;
/// Where the window is narrow.
const NARROW_LIST_WIDTH: f32 = 180.0;
const ITEM_HEIGHT: f32 = 64.0;
/// Room for what can be done with an archive.
const ACTIONS_WIDTH: f32 = 196.0;
/// Room for its state beside its name.
const BADGE_WIDTH: f32 = 150.0;

/// Draws everything.
pub fn screen_ui(
    screen: &mut Archives,
    ui: &mut Ui,
    cx: &Cx<'_>,
    out: &mut Outbox,
    messages: &mut Vec<Message>,
) {
    let width = match ui.available_width() {
        width if width > 760.0 => LIST_WIDTH,
        _ => NARROW_LIST_WIDTH,
    };
    Panel::left("list of archives")
        .exact_size(width)
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new())
        .show(ui, |ui| list_ui(screen, ui, cx, messages));
    let margin = Margin {
        left: 16,
        ..Margin::ZERO
    };
    CentralPanel::no_frame()
        .frame(Frame::new().inner_margin(margin))
        .show(ui, |ui| right_ui(screen, ui, cx, out, messages));
}

fn list_ui(screen: &Archives, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    let is_new = Button::new("New archive")
        .icon(Icon::Plus)
        .explain("Choose what to back up and where to")
        .show(ui);
    if is_new {
        messages.push(Message::ShowNew);
    }
    ui.add_space(space::XS);
    if let Some(error) = cx.overview.error() {
        error_ui(ui, error);
    }
    if cx.overview.is_loading() {
        loading_ui(ui, "Reading", false);
    }
    ScrollArea::vertical()
        .id_salt("archives")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            for archive in &cx.overview.archives {
                let is_chosen = !screen.shows_new && screen.chosen.as_ref() == Some(&archive.name);
                let opened = screen.opened.get(&archive.name);
                let is_changed = opened.is_some_and(Opened::is_changed);
                if item_ui(ui, archive, is_chosen, is_changed, cx) {
                    messages.push(Message::Choose(archive.name.clone()));
                }
            }
            follow_focus(ui);
        });
}

/// An archive in the list; true when it was chosen.
fn item_ui(
    ui: &mut Ui,
    archive: &ArchiveOverview,
    is_chosen: bool,
    is_changed: bool,
    cx: &Cx<'_>,
) -> bool {
    let palette = palette(ui.ctx());
    let (tone, state) = state_of(archive, cx);
    let history = history_of(archive, cx);
    let changed = if is_changed { ", unsaved changes" } else { "" };
    let size = vec2(ui.available_width(), ITEM_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = format!("Archive {}", archive.name);
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_chosen, &name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_value(format!("{state}, {history}{changed}"));
    });
    let fill = match (is_chosen, response.hovered()) {
        (true, _) => palette.accent_wash,
        (_, true) => palette.hover,
        _ => palette.page,
    };
    ui.painter().rect_filled(rect, 7.0, fill);
    if response.has_focus() {
        let stroke = (2.0, palette.accent);
        ui.painter()
            .rect_stroke(rect, 7.0, stroke, egui::StrokeKind::Inside);
    }
    let write = |x: f32, y: f32, words: &str, style: egui::TextStyle, ink| {
        let mut job =
            LayoutJob::simple_singleline(words.to_owned(), style.resolve(ui.style()), ink);
        job.wrap.max_width = rect.width() - x - space::S;
        job.wrap.max_rows = 1;
        job.wrap.break_anywhere = true;
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(rect.min + vec2(x, y), galley, ink);
    };
    let small = egui::TextStyle::Small;
    let name = archive.name.as_str();
    write(12.0, 7.0, name, text::strong(), palette.text);
    write(12.0, 27.0, &history, small.clone(), palette.weak);
    let ink = match tone {
        Tone::Good => palette.good,
        Tone::Information => palette.weak,
        Tone::Warning => palette.warning,
        Tone::Error => palette.error,
    };
    write(24.0, 44.0, &state, small, ink);
    ui.painter()
        .circle_filled(rect.min + vec2(16.0, 52.0), 3.5, ink);
    if is_changed {
        let mut place = rect;
        place.min.x = place.max.x - 28.0;
        place.max.y = place.min.y + 28.0;
        paint_icon(ui, place, Icon::PencilLine, 14.0, palette.warning);
    }
    let response = match is_changed {
        true => response.on_hover_text("Has changes that are not saved"),
        false => response,
    };
    response.clicked()
}

fn right_ui(
    screen: &mut Archives,
    ui: &mut Ui,
    cx: &Cx<'_>,
    out: &mut Outbox,
    messages: &mut Vec<Message>,
) {
    if screen.shows_new {
        if let Some(new) = &mut screen.new {
            new_ui::new_ui(new, ui, cx, messages);
        }
        return;
    }
    let chosen = screen.chosen.clone();
    let archive = chosen.and_then(|name| cx.overview.archive(&name));
    let Some(archive) = archive else {
        if cx.overview.is_empty() {
            empty_ui(
                ui,
                Icon::Archive,
                "Nothing is backed up yet",
                "An archive says which folders are backed up, and keeps their snapshots.",
            );
            ui.vertical_centered(|ui| {
                if Button::primary("Make the first archive").show(ui) {
                    messages.push(Message::ShowNew);
                }
            });
        } else if screen.awaited.is_some() {
            loading_ui(ui, "Reading the archive", false);
        }
        return;
    };
    match (&archive.entry, screen.opened.get_mut(&archive.name)) {
        (Err(error), _) => {
            ui.label(RichText::new(archive.name.as_str()).text_style(text::headline()));
            error_ui(ui, error);
            ui.add_space(space::S);
            if Button::danger("Delete…").show(ui) {
                messages.push(Message::Delete);
            }
        }
        (Ok(_), Some(opened)) => archive_ui(opened, archive, ui, cx, out, messages),
        (Ok(_), None) => {}
    }
}

fn archive_ui(
    opened: &mut Opened,
    archive: &ArchiveOverview,
    ui: &mut Ui,
    cx: &Cx<'_>,
    out: &mut Outbox,
    messages: &mut Vec<Message>,
) {
    head_ui(opened, archive, ui, cx, out, messages);
    if opened.is_changed() || opened.saving.is_loading() || opened.saving.error().is_some() {
        Panel::bottom("unsaved changes")
            .show_separator_line(false)
            .frame(Frame::new().inner_margin(Margin::symmetric(0, 6)))
            .show(ui, |ui| save_ui(opened, ui, messages));
    }
    ui.add_space(space::S);
    match opened.tab {
        Tab::Rules => {
            let repositories = &cx.overview.repositories;
            ScrollArea::vertical()
                .id_salt("rules")
                .auto_shrink(false)
                .show(ui, |ui| {
                    editor_ui::totals_ui(ui, &opened.editor, messages);
                    editor_ui::rules_ui(ui, &mut opened.editor, cx, messages);
                    let current = &opened.repository;
                    editor_ui::repository_ui(ui, repositories, current, &opened.saved, messages);
                    follow_focus(ui);
                });
        }
        Tab::Disk => tree_ui::disk_ui(ui, &mut opened.editor, cx, messages),
        Tab::Snapshots => {
            snapshots_ui::snapshots_ui(ui, &mut opened.snapshots, archive, messages);
        }
    }
}

fn head_ui(
    opened: &Opened,
    archive: &ArchiveOverview,
    ui: &mut Ui,
    cx: &Cx<'_>,
    out: &mut Outbox,
    messages: &mut Vec<Message>,
) {
    columns_ui(
        ui,
        ACTIONS_WIDTH,
        |ui| {
            let (tone, state) = state_of(archive, cx);
            let name = RichText::new(archive.name.as_str()).text_style(text::headline());
            let room = (ui.available_width() - BADGE_WIDTH).max(60.0);
            ui.scope(|ui| {
                ui.set_max_width(room);
                ui.add(egui::Label::new(name).truncate());
            });
            badge_ui(ui, tone, &state);
        },
        |ui| {
            let is_running = cx.jobs.backing_up(&archive.name).is_some();
            let reason = is_running.then_some("It is being backed up now");
            let back_up = Button::new("Back up now")
                .explain("By the rules that are saved")
                .disabled_because(reason);
            if back_up.show(ui) {
                out.send(Command::BackUp(archive.name.clone()));
            }
            if Button::quiet("Delete…")
                .explain("Delete this archive, or only forget it here")
                .show(ui)
            {
                messages.push(Message::Delete);
            }
        },
    );
    ui.horizontal(|ui| {
        for (tab, label) in [
            (Tab::Rules, "What is backed up"),
            (Tab::Disk, "On the disk"),
            (Tab::Snapshots, "Snapshots"),
        ] {
            if tab_ui(ui, label, opened.tab == tab) {
                messages.push(Message::Show(tab));
            }
        }
    });
}

/// A tab; true when it was chosen.
fn tab_ui(ui: &mut Ui, label: &str, is_current: bool) -> bool {
    let palette = palette(ui.ctx());
    let style = match is_current {
        true => text::strong(),
        false => egui::TextStyle::Body,
    };
    let ink = match is_current {
        true => palette.text,
        false => palette.weak,
    };
    let font = style.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(label.to_owned(), font, ink);
    let size = vec2(galley.size().x + 2.0 * space::S, 32.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_current, label));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, palette.hover);
    }
    if response.has_focus() {
        let stroke = (2.0, palette.accent);
        ui.painter()
            .rect_stroke(rect, 6.0, stroke, egui::StrokeKind::Inside);
    }
    let at = rect.center() - galley.size() / 2.0;
    ui.painter().galley(at, galley, ink);
    if is_current {
        let line = rect.shrink2(vec2(space::S, 0.0)).x_range();
        ui.painter().hline(line, rect.max.y, (2.0, palette.accent));
    }
    response.clicked()
}

/// The changes that are not saved, and what can be done with them.
fn save_ui(opened: &Opened, ui: &mut Ui, messages: &mut Vec<Message>) {
    if let Some(error) = opened.saving.error() {
        error_ui(ui, error);
    }
    if opened.was_changed_elsewhere {
        notice_ui(
            ui,
            Tone::Warning,
            "The rules were changed by something else meanwhile",
            "Saving puts yours in their place. Reverting shows what is saved now.",
        );
    }
    card_ui(ui, |ui| {
        ui.horizontal(|ui| {
            badge_ui(ui, Tone::Warning, "Unsaved changes");
            if opened.saving.is_loading() {
                loading_ui(ui, "Saving", opened.saving.is_not_answering());
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let is_busy = opened.saving.is_loading();
                let problem = match is_busy {
                    true => Some("It is being saved".to_owned()),
                    false => opened.editor.problem(),
                };
                if Button::primary("Save changes")
                    .disabled_because(problem.as_deref())
                    .show(ui)
                {
                    messages.push(Message::Save);
                }
                let reason = is_busy.then_some("It is being saved");
                if Button::new("Revert")
                    .explain("Back to what is saved")
                    .disabled_because(reason)
                    .show(ui)
                {
                    messages.push(Message::Revert);
                }
                if let Some(problem) = problem.filter(|_| !is_busy) {
                    let ink = palette(ui.ctx()).warning;
                    let problem = RichText::new(problem).small().color(ink);
                    ui.add(egui::Label::new(problem).truncate());
                }
            });
        });
    });
}
