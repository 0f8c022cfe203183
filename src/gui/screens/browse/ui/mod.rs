//! Draws Browse: the timeline above, the tree at the left, the table, what is picked below, one file at the right.

mod basket;
mod differences;
mod folder;
mod menu;
mod search;
mod side;
mod timeline;
mod tree;

use egui::{CentralPanel, Key, Margin, Modifiers, Panel, Popup, Ui};
use lucide_icons::Icon;

use super::act::Ask;
use super::{Browse, View};
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::theme::{palette, space};
use crate::gui::widgets::{
    Button, card_frame, empty_ui, error_ui, loading_ui, notice_ui, search_field_ui,
};
use crate::gui::words;
use crate::human::counted;
use crate::jobs::source::SeriesSource;

const TREE_WIDTH: f32 = 210.0;
const SIDE_WIDTH: f32 = 330.0;
/// A table narrower than this is of no use: the tree makes room for it.
const TABLE_WIDTH: f32 = 540.0;

impl Browse {
    pub(super) fn draw_head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, asks: &mut Vec<Ask>) {
        if self.source.is_none() {
            return;
        }
        let hint = "Name, or *.odt";
        let field = search_field_ui(ui, &mut self.search.text, "Search by name", hint, 220.0);
        if std::mem::take(&mut self.is_search_focused) {
            field.request_focus();
        }
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            asks.push(Ask::Search);
        }
        self.source_ui(ui, cx, asks);
    }

    /// Which archive, to choose among.
    fn source_ui(&self, ui: &mut Ui, cx: &Cx<'_>, asks: &mut Vec<Ask>) {
        let title = match &self.source {
            Some(SeriesSource::Archive(name)) => format!("Archive: {name}"),
            Some(SeriesSource::Exigency { .. }) => "Archive: not of your configuration".to_owned(),
            None => return,
        };
        let button = Button::new(&title)
            .icon(Icon::Archive)
            .explain("Choose another archive");
        let button = button.response_ui(ui);
        Popup::menu(&button).show(|ui| {
            for archive in &cx.overview.archives {
                let source = SeriesSource::Archive(archive.name.clone());
                let is_current = self.source.as_ref() == Some(&source);
                if ui
                    .selectable_label(is_current, archive.name.to_string())
                    .clicked()
                {
                    asks.push(Ask::Source(source));
                }
            }
        });
    }

    pub(super) fn draw_ui(
        &mut self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        asks: &mut Vec<Ask>,
        out: &mut Outbox,
    ) {
        if self.source.is_none() {
            no_archive_ui(ui, cx, out);
            return;
        }
        if self.series.points.is_empty() && !self.is_series_read {
            self.reading_ui(ui, cx);
            return;
        }
        if self.series.points.is_empty() {
            self.no_snapshot_ui(ui, out);
            return;
        }
        keys(ui, asks);
        self.timeline_ui(ui, cx, asks);
        self.notices_ui(ui);
        ui.add_space(space::XS);
        Panel::bottom("picked")
            .show_separator_line(false)
            .frame(egui::Frame::new().inner_margin(Margin {
                top: 8,
                ..Margin::ZERO
            }))
            .show(ui, |ui| self.basket_ui(ui, asks));
        let room = ui.available_width();
        let side_width = match self.side.tab {
            Some(_) => SIDE_WIDTH.min(room * 0.5),
            None => 0.0,
        };
        if self.side.tab.is_some() {
            Panel::right("details")
                .exact_size(side_width)
                .resizable(false)
                .show_separator_line(false)
                .frame(egui::Frame::new().inner_margin(Margin {
                    left: 10,
                    ..Margin::ZERO
                }))
                .show(ui, |ui| self.side_ui(ui, asks));
        }
        let has_tree = self.view == View::Folder && room - side_width - TREE_WIDTH >= TABLE_WIDTH;
        if has_tree {
            Panel::left("folders")
                .exact_size(TREE_WIDTH)
                .resizable(false)
                .show_separator_line(false)
                .frame(egui::Frame::new().inner_margin(Margin {
                    right: 10,
                    ..Margin::ZERO
                }))
                .show(ui, |ui| self.tree_ui(ui, asks));
        }
        CentralPanel::no_frame().show(ui, |ui| {
            let frame = card_frame(ui).inner_margin(Margin::same(8));
            frame.show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                match self.view {
                    View::Folder => self.folder_ui(ui, asks),
                    View::Search => self.search_ui(ui, asks),
                    View::Differences => self.differences_ui(ui, asks),
                }
            });
        });
    }

    fn reading_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let archive = self.source.as_ref().and_then(SeriesSource::archive);
        let (error, is_not_answering) = match archive {
            None => (self.exigency.error(), self.exigency.is_not_answering()),
            Some(name) => match cx.overview.archive(name) {
                None => (cx.overview.error(), false),
                Some(overview) => (
                    overview.entry.as_ref().err().or(overview.snapshots.error()),
                    overview.snapshots.is_not_answering(),
                ),
            },
        };
        match error {
            Some(error) => error_ui(ui, error),
            None => loading_ui(ui, "Reading the list of snapshots", is_not_answering),
        }
    }

    fn no_snapshot_ui(&self, ui: &mut Ui, out: &mut Outbox) {
        for error in &self.series.unreadable {
            error_ui(ui, error);
        }
        empty_ui(
            ui,
            Icon::FolderSearch,
            "No snapshot yet",
            "Once it is backed up, every file can be found here as it was on each day.",
        );
        if let Some(archive) = self.source.as_ref().and_then(SeriesSource::archive) {
            ui.vertical_centered(|ui| {
                if Button::primary("Back up now").show(ui) {
                    out.send(Command::BackUp(archive.clone()));
                }
            });
        }
    }

    /// What is not as one might think.
    fn notices_ui(&self, ui: &mut Ui) {
        if let Some(first) = self.series.unreadable.first() {
            let number = self.series.unreadable.len() as u64;
            let title = format!(
                "{} cannot be read",
                counted(number, "snapshot", "snapshots")
            );
            notice_ui(ui, Tone::Error, &title, &words::sentence(first));
        }
        if let Some(problem) = &self.series.problem {
            notice_ui(
                ui,
                Tone::Warning,
                "The file that describes this archive cannot be read; its snapshots can.",
                &words::sentence(problem),
            );
        }
    }
}

fn no_archive_ui(ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
    if cx.overview.is_loading() {
        loading_ui(ui, "Reading the configuration", false);
        return;
    }
    if let Some(error) = cx.overview.error() {
        error_ui(ui, error);
        return;
    }
    empty_ui(
        ui,
        Icon::FolderSearch,
        "Nothing is backed up yet",
        "Say what to back up and where to, and every file can be found here as it was on each day.",
    );
    ui.vertical_centered(|ui| {
        if Button::primary("Make an archive").show(ui) {
            out.send(Command::NewArchive);
        }
    });
}

/// Keys that count wherever the keyboard is on this screen, but in a field.
fn keys(ui: &Ui, asks: &mut Vec<Ask>) {
    let ctx = ui.ctx();
    let is_busy = ctx.memory(|memory| memory.top_modal_layer().is_some())
        || ctx.text_edit_focused()
        || Popup::is_any_open(ctx);
    if is_busy {
        return;
    }
    ui.input_mut(|input| {
        for (modifiers, key, ask) in [
            (Modifiers::ALT, Key::ArrowLeft, Ask::Older),
            (Modifiers::ALT, Key::ArrowRight, Ask::Newer),
            (Modifiers::NONE, Key::OpenBracket, Ask::Older),
            (Modifiers::NONE, Key::CloseBracket, Ask::Newer),
            (Modifiers::NONE, Key::Backspace, Ask::Up),
            (Modifiers::ALT, Key::ArrowUp, Ask::Up),
        ] {
            if input.consume_key(modifiers, key) {
                asks.push(ask);
            }
        }
        // These are no letters of a name that is being typed.
        input.events.retain(
            |event| !matches!(event, egui::Event::Text(text) if text == "[" || text == "]"),
        );
    });
}

/// Gives what was drawn a name of its own for screen readers, where what it says is not enough.
fn named(ui: &Ui, response: egui::Response, name: &str) -> egui::Response {
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}

/// A line of less weight.
fn weak_ui(ui: &mut Ui, text: &str) -> egui::Response {
    let weak = palette(ui.ctx()).weak;
    ui.add(egui::Label::new(egui::RichText::new(text).color(weak)).truncate())
}
