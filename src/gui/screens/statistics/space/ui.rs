//! Draws this part of the screen: which snapshot, by what, how; where one is; the map or a table; what it means.

use std::collections::BTreeSet;

use egui::{Align, ComboBox, Layout, RichText, Sense, Ui, UiBuilder, vec2};
use lucide_icons::Icon;

use super::groups::Group;
use super::lists::View;
use super::paint_ui::hatch;
use super::tiles::{By, What};
use super::wording::sentences;
use super::{Ask, Key, Space};
use crate::fs::escaped;
use crate::gui::command::{Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::screens::statistics::data::Row;
use crate::gui::screens::statistics::save::Content;
use crate::gui::theme::{CONTROL_HEIGHT, palette, space};
use crate::gui::widgets::{
    Button, Segment, Shot, card_ui, empty_ui, error_ui, icon_button_ui, link_ui, loading_ui,
    notice_ui, segments_ui,
};
use crate::gui::words::{date_time, sentence};

/// The card with the map, for pictures.
pub const PICTURE: &str = "treemap";

/// Below the map or table: what colours mean, and what is said of what the keyboard is at.
const BELOW: f32 = 2.0 * CONTROL_HEIGHT + space::L;

const BYS: [Segment<By>; 4] = [
    Segment::new(By::Held, "Held", "The sizes of the files"),
    Segment::new(
        By::Stored,
        "Stored",
        "What they take in the repository, each content once, compressed",
    ),
    Segment::new(
        By::Alone,
        "Alone",
        "What no other snapshot needs: deleting this one gives it back",
    ),
    Segment::new(
        By::New,
        "New",
        "What no older snapshot needs: the repository grew by it",
    ),
];

const VIEWS: [Segment<View>; 5] = [
    Segment::new(View::Map, "Map", "Areas for bytes"),
    Segment::new(View::Table, "Table", "The same numbers as a table"),
    Segment::new(View::Kinds, "Kinds", "The whole snapshot by kind of file"),
    Segment::new(
        View::Ages,
        "Ages",
        "The whole snapshot by when files were modified",
    ),
    Segment::new(View::Sizes, "Sizes", "The whole snapshot by size of file"),
];

impl Space {
    pub fn space_ui(
        &mut self,
        ui: &mut Ui,
        rows: &[Row],
        shot: &mut Shot,
        cx: &Cx<'_>,
        out: &mut Outbox,
    ) -> Option<Content> {
        let mut asks = Vec::new();
        ui.horizontal(|ui| {
            self.snapshots_ui(ui, rows, &mut asks);
            let mut by = self.by;
            if segments_ui(ui, &mut by, &BYS) {
                asks.push(Ask::By(by));
            }
            let mut view = self.view;
            if segments_ui(ui, &mut view, &VIEWS) {
                asks.push(Ask::View(view));
            }
        });
        self.state_ui(ui, rows, cx);
        if self.surveyed.value().is_some() {
            let is_picture = shot.is_of(PICTURE);
            let card = card_ui(ui, |ui| self.card_ui(ui, is_picture, &mut asks));
            shot.see(ui, PICTURE, card.response.rect);
        }
        let mut content = None;
        for ask in asks {
            content = self.act(ask, shot, out).or(content);
        }
        content
    }

    /// Which snapshot, and the ones beside it.
    fn snapshots_ui(&self, ui: &mut Ui, rows: &[Row], asks: &mut Vec<Ask>) {
        let at = self.wanted.as_ref();
        let at = at.and_then(|key| rows.iter().position(|row| key.is_of(row)));
        let older = at.and_then(|at| rows.get(at.checked_sub(1)?));
        let newer = at.and_then(|at| rows.get(at + 1));
        let mut step_ui = |ui: &mut Ui, icon, name, to: Option<&Row>| {
            ui.add_enabled_ui(to.is_some(), |ui| {
                if icon_button_ui(ui, icon, name).clicked() {
                    asks.extend(to.map(|row| Ask::Snapshot(Key::of(row))));
                }
            });
        };
        step_ui(ui, Icon::ChevronLeft, "The snapshot before", older);
        step_ui(ui, Icon::ChevronRight, "The snapshot after", newer);
        let title = at.and_then(|at| rows.get(at));
        let response = ComboBox::from_id_salt("snapshot")
            .selected_text(title.map_or(String::new(), |row| date_time(row.name.time())))
            .width(176.0)
            .height(360.0)
            .show_ui(ui, |ui| {
                for (index, row) in rows.iter().enumerate().rev() {
                    if ui
                        .selectable_label(Some(index) == at, row.title())
                        .clicked()
                    {
                        asks.push(Ask::Snapshot(Key::of(row)));
                    }
                }
            })
            .response;
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_label("Space of the snapshot"));
    }

    /// What is being found out, or why it cannot be.
    fn state_ui(&self, ui: &mut Ui, rows: &[Row], cx: &Cx<'_>) {
        let row = rows
            .iter()
            .find(|row| self.wanted.as_ref().is_some_and(|key| key.is_of(row)));
        let repository = row.map(|row| row.repository);
        if let Some(error) = repository.and_then(|id| cx.holdings.error(id)) {
            notice_ui(
                ui,
                Tone::Warning,
                "What takes the space is not known",
                &sentence(error),
            );
        } else if let Some(is_silent) = repository.and_then(|id| cx.holdings.is_loading(id))
            && self.surveyed.value().is_none()
        {
            loading_ui(ui, "Finding out who holds what", is_silent);
        }
        if let Some(error) = self.surveyed.error() {
            error_ui(ui, error);
        }
        if self.surveyed.is_loading() && self.surveyed.value().is_none() {
            loading_ui(
                ui,
                "Going through the snapshot",
                self.surveyed.is_not_answering(),
            );
        }
        if let Some(error) = self.reading.error() {
            error_ui(ui, error);
        }
    }

    fn card_ui(&mut self, ui: &mut Ui, is_picture: bool, asks: &mut Vec<Ask>) {
        self.head_ui(ui, is_picture, asks);
        let height = (ui.available_height() - BELOW).max(140.0);
        let Some(surveyed) = self.surveyed.value() else {
            return;
        };
        if surveyed.usage.unreadable > 0 {
            let title = "Not all of the snapshot could be read";
            notice_ui(
                ui,
                Tone::Warning,
                title,
                "What could not be read is missing here.",
            );
        }
        let whole = surveyed
            .usage
            .get(self.folder)
            .map(|of| of.sums)
            .unwrap_or_default();
        let is_map = self.view == View::Map;
        if is_map && self.by.of(&whole) == 0 {
            let (title, why) = match self.by {
                By::Alone => (
                    "Nothing here is in this snapshot alone",
                    "Other snapshots need all of it as well: deleting this one frees nothing of it.",
                ),
                By::New => (
                    "Nothing here was new with this snapshot",
                    "Older snapshots need all of it as well.",
                ),
                By::Held | By::Stored => ("There is nothing here", "The folder takes no space."),
            };
            ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
                ui.set_min_height(height);
                empty_ui(ui, Icon::PackageOpen, title, why);
            });
        } else if is_map {
            let size = vec2(ui.available_width(), height);
            let (frame, _) = ui.allocate_exact_size(size, Sense::hover());
            self.map_ui(ui, frame, asks);
        } else {
            self.list_ui(ui, height, asks);
        }
        ui.add_space(space::XS);
        match is_map {
            true => self.legend_ui(ui),
            false => {
                ui.allocate_exact_size(vec2(1.0, CONTROL_HEIGHT), Sense::hover());
            }
        }
        if !is_picture {
            self.current_ui(ui, asks);
        }
    }

    /// Where one is, and saving.
    fn head_ui(&self, ui: &mut Ui, is_picture: bool, asks: &mut Vec<Ask>) {
        let Some(surveyed) = self.surveyed.value() else {
            return;
        };
        ui.horizontal(|ui| {
            let place = match self.view {
                View::Map | View::Table => self.path_ui(ui, asks),
                _ => "The whole snapshot".to_owned(),
            };
            if !place.is_empty() {
                ui.label(place);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if !is_picture {
                    if icon_button_ui(ui, Icon::Sheet, "Save these numbers as CSV…").clicked() {
                        asks.push(Ask::SaveNumbers);
                    }
                    if self.view == View::Map
                        && icon_button_ui(ui, Icon::Image, "Save the map as a picture…").clicked()
                    {
                        asks.push(Ask::SavePicture);
                    }
                }
                let weak = palette(ui.ctx()).weak;
                if self.surveyed.is_loading() {
                    loading_ui(
                        ui,
                        "Going through the other one",
                        self.surveyed.is_not_answering(),
                    );
                } else {
                    let key = &surveyed.key;
                    let when = format!("{}, {}", date_time(key.name.time()), key.archive);
                    ui.label(RichText::new(when).small().color(weak));
                }
            });
        });
    }

    /// The folder that is shown, and those that it is in. What is to be said in its place, if there is none.
    fn path_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) -> String {
        let Some(surveyed) = self.surveyed.value() else {
            return String::new();
        };
        let usage = &surveyed.usage;
        let mut above = Vec::new();
        let mut at = usage.get(self.folder).and_then(|of| of.parent);
        while let Some(folder) = at {
            above.push(folder);
            at = usage.get(folder).and_then(|of| of.parent);
        }
        let reason = above.is_empty().then_some("This is the top");
        ui.add_enabled_ui(reason.is_none(), |ui| {
            if icon_button_ui(ui, Icon::CornerLeftUp, "To the folder above").clicked() {
                asks.push(Ask::Leave);
            }
        });
        ui.spacing_mut().item_spacing.x = 2.0;
        let name = |folder: u32| {
            let name = usage.get(folder).and_then(|of| of.name.as_ref());
            name.map_or("/".to_owned(), |name| escaped(name.as_bytes()).to_string())
        };
        for folder in above.into_iter().rev() {
            let response = link_ui(ui, &name(folder));
            let label = format!("Go to {}", escaped(&usage.path(folder)));
            ui.ctx()
                .accesskit_node_builder(response.id, |node| node.set_label(label));
            if response.clicked() {
                asks.push(Ask::Enter(folder));
            }
            if folder > 0 {
                ui.label("/");
            }
        }
        ui.label(RichText::new(name(self.folder)).text_style(crate::gui::theme::text::strong()));
        String::new()
    }

    /// Which colour is what. It is as wide as there is room, and no wider.
    fn legend_ui(&self, ui: &mut Ui) {
        let palette = palette(ui.ctx());
        let size = vec2(ui.available_width(), CONTROL_HEIGHT);
        let (place, _) = ui.allocate_exact_size(size, Sense::hover());
        let layout = Layout::left_to_right(Align::Center);
        let mut ui = ui.new_child(UiBuilder::new().max_rect(place).layout(layout));
        ui.set_clip_rect(place.intersect(ui.clip_rect()));
        let leaves = self.tiles().iter().filter(|tile| !tile.is_open);
        let shown: BTreeSet<Group> = leaves.map(|tile| tile.group).collect();
        let sample_ui = |ui: &mut Ui, fill: Option<egui::Color32>, label: &str, meaning: &str| {
            let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
            match fill {
                Some(fill) => {
                    ui.painter().rect_filled(rect, 3.0, fill);
                }
                None => {
                    let stroke = (1.0, palette.line);
                    ui.painter()
                        .rect_stroke(rect, 3.0, stroke, egui::StrokeKind::Inside);
                    let painter = ui.painter().with_clip_rect(rect);
                    hatch(&painter, rect, palette);
                    hatch(&painter, rect.translate(vec2(1.0, 0.0)), palette);
                }
            }
            ui.label(RichText::new(label).small().color(palette.weak))
                .on_hover_text(meaning);
            ui.add_space(space::S);
        };
        for group in shown {
            let fill = Some(group.fill(palette));
            sample_ui(&mut ui, fill, group.label(), group.explanation());
        }
        let meaning = "Space that is not given back when this snapshot is deleted";
        match self.by {
            By::Alone => {}
            By::New => sample_ui(&mut ui, None, "In later snapshots as well", meaning),
            By::Held | By::Stored => {
                sample_ui(&mut ui, None, "Shared with other snapshots", meaning);
            }
        }
    }

    /// What the keyboard is at, in words, and what can be done with it.
    fn current_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let weak = palette(ui.ctx()).weak;
        let Some((what, told)) = self.current() else {
            ui.allocate_ui_with_layout(
                vec2(ui.available_width(), CONTROL_HEIGHT),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_min_height(CONTROL_HEIGHT);
                    let hint = match self.view {
                        View::Map => "Click a folder to look into it; a right click tells what else can be done.",
                        View::Table => "Enter looks into a folder, Backspace leaves it.",
                        _ => "",
                    };
                    ui.label(RichText::new(hint).small().color(weak));
                },
            );
            return;
        };
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let reason = self.reason_against(&what);
                let no_rule = reason.or_else(|| self.no_rule(&what));
                let exclude = Button::new("Exclude…").named("Exclude from now on");
                if exclude
                    .explain("Leaves it out of the archive from the next backup on")
                    .disabled_because(no_rule)
                    .show(ui)
                {
                    asks.push(Ask::Exclude(what.clone()));
                }
                if Button::new("History")
                    .named("Show history")
                    .disabled_because(reason)
                    .show(ui)
                {
                    asks.push(Ask::History(what.clone()));
                }
                if Button::new("Browse").named("Browse here").show(ui) {
                    asks.push(Ask::Browse(what.clone()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let line = RichText::new(told.join("  ·  ")).small().color(weak);
                    ui.add(egui::Label::new(line).truncate());
                });
            });
        });
    }

    /// What the keyboard is at, and what is said of it.
    fn current(&self) -> Option<(What, Vec<String>)> {
        let (usage, folder) = self.surveyed()?;
        let whole = usage.get(folder).map_or(0, |of| self.by.of(&of.sums));
        let path = escaped(&usage.path(folder)).to_string();
        match self.view {
            View::Map => {
                let tile = self.tiles().get(self.cursor?)?;
                let told = sentences(&tile.name, &tile.sums, self.by, whole, &path);
                Some((tile.what.clone(), told))
            }
            View::Table => {
                let what = self.what_at_cursor()?;
                let files = self.own_files();
                let row = *self.list.as_ref()?.rows.get(self.table.cursor?)?;
                let name = row.name(usage, files);
                let sums = row.sums(usage, files);
                Some((what, sentences(&name, &sums, self.by, whole, &path)))
            }
            _ => None,
        }
    }
}
