//! Draws the choices and the plan, the progress, and the summary.

use egui::{Color32, RichText, Ui};

use super::data::{Action, Filter, PlanView, Rows, space_line, what_is_picked};
use super::{Choices, GetBack, Message, Planned, Steps, Summary, TYPING_PAUSE};
use crate::error::ErrorKind;
use crate::fs::escaped;
use crate::gui::command::Tone;
use crate::gui::cx::Cx;
use crate::gui::theme::{Palette, palette, space, text};
use crate::gui::widgets::table::{Column, Table, cell_path_ui, cell_text_ui};
use crate::gui::widgets::{
    Button, chip_ui, error_ui, labelled_ui, loading_ui, notice_ui, progress_bar_ui, search_field_ui,
};
use crate::gui::words;
use crate::human::{counted, size};
use crate::jobs::{Fetch, Job};
use crate::progress::Monitor;
use crate::snapshot::restore::Space;

/// How often figures are looked at while a plan is made.
const POLL: std::time::Duration = std::time::Duration::from_millis(100);
/// What the dialog has above and below its body.
const AROUND_BODY: f32 = 180.0;
/// The table's head, the line for the space and the one for the terminal.
const BESIDE_TABLE: f32 = 104.0;
const LEAST_TABLE_HEIGHT: f32 = 112.0;

impl GetBack {
    pub(super) fn choosing_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
        let top = ui.cursor().top();
        let weak = palette(ui.ctx()).weak;
        let picked = RichText::new(what_is_picked(&self.request)).color(weak);
        ui.add(egui::Label::new(picked).truncate());
        choices_ui(ui, &mut self.choices, cx, messages);
        ui.add_space(space::XS);
        ui.separator();
        plan_state_ui(ui, &self.plan, self.choices.is_origin, messages);
        if let Some(planned) = self.plan.value() {
            let view = &planned.view;
            notices_ui(ui, view);
            chips_ui(ui, view, &self.steps.filter, messages);
            let used = ui.cursor().top() - top;
            let room = ui.ctx().content_rect().height() - AROUND_BODY - used;
            let height = (room - BESIDE_TABLE).max(LEAST_TABLE_HEIGHT);
            table_ui(ui, &view.rows, &mut self.steps, height);
            for space in &view.spaces {
                let line = RichText::new(space_line(space)).color(weak).small();
                ui.add(egui::Label::new(line).wrap());
            }
        }
    }
}

fn choices_ui(ui: &mut Ui, choices: &mut Choices, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    ui.horizontal(|ui| {
        let is_origin = choices.is_origin;
        if ui.radio(!is_origin, "Extract to a folder").clicked() {
            messages.push(Message::Extract);
        }
        ui.add_space(space::M);
        if ui
            .radio(is_origin, "Restore to where it came from")
            .clicked()
        {
            messages.push(Message::Restore);
        }
    });
    if choices.is_origin {
        labelled_ui(ui, "What is there now and differs", |ui| {
            ui.horizontal(|ui| {
                let aside = "Move different files aside (nothing is lost)";
                if ui.radio(!choices.overwrite, aside).clicked() {
                    messages.push(Message::Overwrite(false));
                }
                ui.add_space(space::M);
                if ui.radio(choices.overwrite, "Replace them").clicked() {
                    messages.push(Message::Overwrite(true));
                }
            });
        });
        return;
    }
    labelled_ui(ui, "Folder; it is made if it is missing", |ui| {
        if choices.folder.ui(ui, cx) {
            messages.push(Message::FolderChanged);
            ui.ctx().request_repaint_after(TYPING_PAUSE);
        }
    });
    if choices.typed.is_some() {
        ui.ctx().request_repaint_after(TYPING_PAUSE);
    }
    let mut overwrite = choices.overwrite;
    if ui
        .checkbox(&mut overwrite, "Replace what is there already")
        .changed()
    {
        messages.push(Message::Overwrite(overwrite));
    }
}

/// What is to be said of the plan as a whole while there is none, or another one is made.
fn plan_state_ui(ui: &mut Ui, plan: &Fetch<Planned>, is_origin: bool, messages: &mut Vec<Message>) {
    if let Some(monitor) = plan.monitor() {
        planning_ui(ui, monitor, plan.is_not_answering());
        return;
    }
    let Some(error) = plan.error() else {
        if plan.is_empty() {
            ui.label("Then you see here what will be written. Nothing happens before that.");
        }
        return;
    };
    error_ui(ui, error);
    ui.horizontal(|ui| {
        if error.kind() == ErrorKind::AlreadyExists && !is_origin {
            if Button::new("Use a new folder below it").show(ui) {
                messages.push(Message::NewFolder);
            }
            if Button::new("Replace what is there").show(ui) {
                messages.push(Message::Overwrite(true));
            }
        }
        if Button::new("Try again").show(ui) {
            messages.push(Message::PlanAgain);
        }
    });
}

fn planning_ui(ui: &mut Ui, monitor: &Monitor, is_not_answering: bool) {
    ui.ctx().request_repaint_after(POLL);
    let current = monitor.current();
    let what = match current.as_slice() {
        b"" => "Looking at what is there".to_owned(),
        current => format!("Looking at what is there: {}", escaped(current)),
    };
    // A plan may take its time: only one that has not begun yet is waiting for an answer.
    loading_ui(ui, &what, is_not_answering && current.is_empty());
}

fn notices_ui(ui: &mut Ui, view: &PlanView) {
    if let Some(short) = view.spaces.iter().find(|space| space.is_tight()) {
        let (tone, title) = match short.is_short() {
            true => (Tone::Error, "There is not enough space"),
            false => (Tone::Warning, "There may not be enough space"),
        };
        notice_ui(ui, tone, title, &shortage(short));
    }
    let cannot = view.total(Action::CannotWrite).entries;
    if let Some(first) = view.first_obstacle.as_ref().filter(|_| cannot > 0) {
        let title = match cannot {
            1 => "One thing cannot be written".to_owned(),
            _ => format!("{} cannot be written", counted(cannot, "thing", "things")),
        };
        notice_ui(ui, Tone::Warning, &title, first);
    }
}

fn shortage(space: &Space) -> String {
    let advice = match space.is_short() {
        true => "Free some space there, or choose another folder.",
        false => "The disk makes some files smaller, so it may fit all the same.",
    };
    format!("{}. {advice}", space_line(space))
}

fn chips_ui(ui: &mut Ui, view: &PlanView, filter: &Filter, messages: &mut Vec<Message>) {
    let colors = palette(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        let mut choose = |action| {
            let text = filter.text.clone();
            messages.push(Message::Filter(Filter { action, text }));
        };
        if chip_ui(ui, colors.weak, "All steps", filter.action.is_none()).clicked() {
            choose(None);
        }
        for action in Action::ALL {
            if view.total(action).entries == 0 {
                continue;
            }
            let is_chosen = filter.action == Some(action);
            let ink = ink_of(action, colors);
            if chip_ui(ui, ink, &view.chip(action), is_chosen).clicked() {
                choose(Some(action));
            }
        }
        let mut text = filter.text.clone();
        let field = search_field_ui(ui, &mut text, "Find in the plan", "Find a path", 190.0);
        if field.changed() {
            let action = filter.action;
            messages.push(Message::Filter(Filter { action, text }));
        }
    });
}

fn ink_of(action: Action, palette: &Palette) -> Color32 {
    match action {
        Action::Create => palette.new,
        Action::Replace => palette.removed,
        Action::MoveAside | Action::SetAttributes => palette.changed,
        Action::Leave => palette.kept,
        Action::CannotWrite => palette.error,
    }
}

fn table_ui(ui: &mut Ui, rows: &Rows, steps: &mut Steps, height: f32) {
    let palette = palette(ui.ctx());
    let has_several = rows.snapshots.len() > 1;
    let mut columns = vec![
        Column::fixed("What", 104.0),
        Column::share("Name and folder", 1.3),
        Column::fixed("Size", 72.0).right(),
        Column::share("Details", 1.1),
    ];
    if has_several {
        columns.push(Column::fixed("From", 130.0));
    }
    let shown = steps.shown.value();
    let row_at = |at: usize| match shown {
        Some(shown) => shown.get(at).map_or(at, |row| *row as usize),
        None => at,
    };
    let number = shown.map_or(rows.len(), Vec::len);
    if number == 0 {
        let what = match rows.is_empty() {
            true => "There is nothing to do: nothing was picked",
            false => "No step is like that",
        };
        ui.label(RichText::new(what).color(palette.weak));
        return;
    }
    let table = Table {
        id: "steps of the plan",
        name: "Steps of the plan",
        columns: &columns,
        rows: number,
        sorted: None,
        has_selection: false,
        height: Some(height),
    };
    let name = |at| {
        let row = row_at(at);
        let (name, folder, what) = (rows.name(row), rows.folder(row), rows.action(row).label());
        format!("{name} in {folder}: {what}. {}", rows.detail(row))
    };
    table.show(ui, &mut steps.table, name, |ui, at, column| {
        let row = row_at(at);
        match column {
            0 => {
                let action = rows.action(row);
                let label = RichText::new(action.label()).color(ink_of(action, palette));
                cell_text_ui(ui, label);
            }
            1 => name_ui(ui, rows, row),
            2 => cell_text_ui(ui, size(rows.size(row))),
            3 => {
                let detail = RichText::new(rows.detail(row)).color(palette.weak);
                cell_text_ui(ui, detail);
            }
            _ => {
                let date = rows.snapshot(row).map(|name| words::date_time(name.time()));
                let date = RichText::new(date.unwrap_or_default()).color(palette.weak);
                cell_text_ui(ui, date.small());
            }
        }
    });
}

/// A name, and its folder as far as there is room.
fn name_ui(ui: &mut Ui, rows: &Rows, row: usize) {
    let weak = palette(ui.ctx()).weak;
    let style = ui.style();
    let mut job = egui::text::LayoutJob::default();
    let body = egui::TextStyle::Body.resolve(style);
    let small = egui::TextStyle::Small.resolve(style);
    let text = ui.visuals().text_color();
    job.append(rows.name(row), 0.0, egui::TextFormat::simple(body, text));
    let folder = egui::TextFormat::simple(small, weak);
    job.append(rows.folder(row), space::S, folder);
    let label = egui::Label::new(job).truncate().selectable(false);
    ui.add(label.sense(egui::Sense::hover()))
        .on_hover_text(rows.path(row));
}

pub(super) fn progress_ui(ui: &mut Ui, job: Option<&Job>) {
    let weak = palette(ui.ctx()).weak;
    let Some(job) = job else {
        loading_ui(ui, "Starting", false);
        return;
    };
    let progress = job.progress();
    ui.label(RichText::new(words::phase(&progress)).text_style(text::strong()));
    progress_bar_ui(ui, words::fraction(&progress), "Progress");
    ui.label(words::progress_line(&progress));
    let current = escaped(&progress.current).to_string();
    let current = RichText::new(current).color(weak).small();
    ui.add(egui::Label::new(current).truncate());
    if progress.warnings > 0 {
        let warnings = counted(progress.warnings, "problem so far", "problems so far");
        ui.label(RichText::new(warnings).color(palette(ui.ctx()).warning));
    }
}

pub(super) fn summary_ui(ui: &mut Ui, summary: &mut Summary) {
    notice_ui(ui, summary.tone, summary.title, &summary.sentence);
    if summary.problems.is_empty() {
        return;
    }
    ui.add_space(space::S);
    let colors = palette(ui.ctx());
    let problems = &summary.problems;
    let columns = [Column::share("File", 1.0), Column::share("Problem", 1.3)];
    let table = Table {
        id: "problems of the job",
        name: "Problems",
        columns: &columns,
        rows: problems.len(),
        sorted: None,
        has_selection: false,
        height: Some(240.0),
    };
    let name = |row: usize| match problems.get(row) {
        Some((path, what, _)) => format!("{path}: {what}"),
        None => String::new(),
    };
    table.show(ui, &mut summary.table, name, |ui, row, column| {
        let Some((path, what, matters)) = problems.get(row) else {
            return;
        };
        match column {
            0 => cell_path_ui(ui, path, colors.text),
            _ => {
                let ink = if *matters {
                    colors.warning
                } else {
                    colors.weak
                };
                cell_text_ui(ui, RichText::new(what).color(ink));
            }
        }
    });
}
