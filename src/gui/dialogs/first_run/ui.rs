//! Draws the two pages.

use egui::{Align, Layout, RichText, Ui, vec2};
use lucide_icons::Icon;

use super::data::{self, Choice, Folder};
use super::{FirstRun, Page, Target};
use crate::catalog::defaults::LeftOut;
use crate::fs::escaped_path;
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::dialogs::Stay;
use crate::gui::route::Route;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::{
    Button, error_ui, group_title_ui, labelled_ui, loading_ui, notice_ui, steady_ui, text_field_ui,
};
use crate::gui::words::left_out_words;
use crate::human::size;
use crate::snapshot::tree::Totals;

impl FirstRun {
    /// Draws the page that asks what.
    pub(super) fn what_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let Some(mut choice) = self.choice.clone() else {
            loading_ui(
                ui,
                "Looking at your folders",
                self.inside.is_not_answering(),
            );
            return;
        };
        let totals = data::folder_totals(&choice, self.all.survey());
        let is_counting = !self.all.is_done();
        let mut sizes = totals.iter();
        let mut size = || sizes.next().copied().unwrap_or_default();
        if let Some(home) = &mut choice.home {
            let label = format!("Everything in {}", escaped_path(&home.path));
            folder_ui(ui, home, &label, size(), is_counting, None);
        }
        let covered = choice
            .has_home()
            .then_some("It is in your home folder, which is backed up as a whole");
        for folder in &mut choice.inside {
            let label = data::shown_name(&folder.path);
            folder_ui(ui, folder, &label, size(), is_counting, Some(covered));
        }
        for folder in &mut choice.others {
            let label = escaped_path(&folder.path).to_string();
            folder_ui(ui, folder, &label, size(), is_counting, None);
        }
        self.choice = Some(choice);
        ui.add_space(space::XS);
        self.another_ui(ui, cx);
        ui.add_space(space::S);
        group_title_ui(ui, "Left out, because programs make it again by themselves");
        steady_ui(ui, "first run left out", |ui| self.left_out_ui(ui));
        if let Some(error) = self.count().error() {
            error_ui(ui, error);
        }
    }

    fn another_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        labelled_ui(ui, "Another folder", |ui| {
            self.another.ui(ui, cx);
        });
        if let Some(path) = self.another.path(cx) {
            let is_absolute = path.is_absolute();
            let reason = (!is_absolute).then_some("Write the whole path, beginning with a slash");
            let add = Button::new("Add this folder").icon(Icon::Plus);
            if add.disabled_because(reason).show(ui) {
                self.add_typed(cx);
            }
        }
    }

    fn left_out_ui(&mut self, ui: &mut Ui) {
        let weak = palette(ui.ctx()).weak;
        let Some(choice) = &mut self.choice else {
            return;
        };
        let home = choice.home.as_ref().map(|home| home.path.clone());
        for kind in LeftOut::ALL {
            let (name, explanation) = left_out_words(kind);
            let saved = data::saved(self.all.survey(), kind, home.as_deref());
            let mut is_left_out = choice.left_out.contains(&kind);
            row_ui(
                ui,
                |ui| {
                    let ticked = ui.checkbox(&mut is_left_out, name);
                    if ticked.on_hover_text(explanation).changed() {
                        match is_left_out {
                            true => choice.left_out.push(kind),
                            false => choice.left_out.retain(|other| *other != kind),
                        }
                    }
                },
                |ui| {
                    let words = match (saved.bytes, self.all.is_done()) {
                        (0, false) => "counting".to_owned(),
                        (0, true) => "nothing there".to_owned(),
                        (bytes, _) => format!("saves {}", size(bytes)),
                    };
                    ui.label(RichText::new(words).color(weak));
                },
            );
        }
    }

    pub(super) fn what_buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        let includes = self.choice.as_ref().map(Choice::includes);
        let reason = match &includes {
            None => Some("Your folders are being looked at"),
            Some(includes) if includes.is_empty() => Some("Tick at least one folder"),
            Some(_) => None,
        };
        if Button::primary("Next").disabled_because(reason).show(ui) {
            self.add_typed(cx);
            self.page = Page::Where;
        }
        if Button::new("Not now").show(ui) {
            return Stay::Close;
        }
        if Button::quiet("I have backups already").show(ui) {
            out.send(Command::Go(Route::Exigency));
            return Stay::Close;
        }
        match reason {
            Some(reason) => reason_ui(ui, reason),
            None => self.count_ui(ui),
        }
        Stay::Open
    }

    /// How much will be backed up, as far as it is counted.
    fn count_ui(&self, ui: &mut Ui) {
        let includes = self.choice.as_ref().map(Choice::includes);
        if includes.unwrap_or_default().is_empty() {
            return;
        }
        let survey = self.count().survey();
        let words = data::totals_words(&survey.included);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.label(RichText::new(words).text_style(text::strong()));
            if !survey.is_complete && self.count().error().is_none() {
                ui.add(egui::Spinner::new().size(13.0));
            }
        });
    }

    /// Draws the page that asks where to.
    pub(super) fn where_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let weak = palette(ui.ctx()).weak;
        ui.add(
            egui::Label::new(
                RichText::new(
                    "Best is a disk of its own, or a share on the network: what happens to this computer then \
                     does not happen to the backups.",
                )
                .color(weak),
            )
            .wrap(),
        );
        ui.add_space(space::XS);
        if self.disks.is_loading() {
            loading_ui(ui, "Looking for disks", self.disks.is_not_answering());
        }
        let before = self.target;
        for index in 0..self.offers.len() {
            let label = format!("Disk {}", data::shown_name(&self.offers[index].path));
            self.target_ui(ui, Target::Disk(index), &label);
        }
        self.target_ui(ui, Target::Here, "This computer's own disk");
        self.target_ui(ui, Target::Folder, "Another folder");
        if self.target == Target::Folder {
            ui.horizontal(|ui| {
                ui.add_space(space::XL);
                steady_ui(ui, "first run folder", |ui| {
                    ui.vertical(|ui| self.folder_field.ui(ui, cx));
                });
            });
        }
        self.is_target_chosen |= before != self.target;
        ui.add_space(space::XS);
        self.place_ui(ui);
        ui.add_space(space::S);
        steady_ui(ui, "first run names", |ui| self.names_ui(ui));
        if let Some(error) = self.error() {
            ui.add_space(space::S);
            error_ui(ui, error);
        }
    }

    fn names_ui(&mut self, ui: &mut Ui) {
        group_title_ui(ui, "What to call them");
        ui.horizontal(|ui| {
            let names = [
                (
                    "What is backed up",
                    "Name of what is backed up",
                    &mut self.archive,
                ),
                (
                    "The place for backups",
                    "Name of the place for backups",
                    &mut self.repository,
                ),
            ];
            for (label, field_name, name) in names {
                labelled_ui(ui, label, |ui| {
                    let field = text_field_ui(ui, &mut name.text, field_name, "", 240.0);
                    name.is_typed |= field.changed();
                });
            }
        });
    }

    /// One of the places that are offered.
    fn target_ui(&mut self, ui: &mut Ui, target: Target, label: &str) {
        let weak = palette(ui.ctx()).weak;
        let offer = match target {
            Target::Disk(index) => &self.offers[index],
            Target::Folder => &self.folder,
            Target::Here => &self.here,
        };
        let path = escaped_path(&offer.path).to_string();
        let free = match (offer.place.value(), offer.place.error()) {
            _ if offer.path.as_os_str().is_empty() => String::new(),
            (Some(place), _) if place.path == offer.path => format!(
                "{} of {} free",
                size(place.space.free),
                size(place.space.total)
            ),
            (_, Some(_)) => "cannot be looked at".to_owned(),
            _ if offer.place.is_not_answering() => "not answering".to_owned(),
            _ => "looking".to_owned(),
        };
        let is_chosen = self.target == target;
        let mut is_clicked = false;
        row_ui(
            ui,
            |ui| {
                is_clicked = ui.radio(is_chosen, label).clicked();
                if target != Target::Folder {
                    ui.add(egui::Label::new(RichText::new(path).small().color(weak)).truncate());
                }
            },
            |ui| {
                ui.label(RichText::new(free).color(weak));
            },
        );
        if is_clicked {
            self.target = target;
            self.is_target_chosen = true;
        }
    }

    /// What speaks against the chosen place.
    fn place_ui(&self, ui: &mut Ui) {
        let offer = self.offer();
        if offer.place.is_loading() {
            return;
        }
        if let Some(error) = offer.place.error() {
            error_ui(ui, error);
        }
        let Some(place) = offer.place.value() else {
            return;
        };
        if let Some(refusal) = data::refusal(place) {
            notice_ui(ui, crate::gui::command::Tone::Error, refusal, "");
            return;
        }
        let wanted = self.count().survey().included.bytes;
        for (tone, title, rest) in data::warnings(place, self.source_device(), wanted) {
            notice_ui(ui, tone, &title, &rest);
        }
    }

    pub(super) fn where_buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        let reason = self.reason_against();
        let start = Button::primary("Start the first backup").icon(Icon::Play);
        if start.disabled_because(reason.as_deref()).show(ui) {
            self.start(cx);
        }
        let busy = self.making.is_loading().then_some("It is being set up");
        if Button::new("Back").disabled_because(busy).show(ui) {
            self.page = Page::What;
        }
        let busy = self.making.is_awaited().then_some("It is being set up");
        let elsewhere = Button::quiet("I have backups already").disabled_because(busy);
        if elsewhere.show(ui) {
            out.send(Command::Go(Route::Exigency));
            return Stay::Close;
        }
        match &reason {
            _ if self.making.is_loading() => {
                loading_ui(ui, "Setting up", self.making.is_not_answering());
            }
            Some(reason) => reason_ui(ui, reason),
            None => self.count_ui(ui),
        }
        Stay::Open
    }
}

/// A folder with its tick and its size. One that is inside the home folder may be covered by that, which is
/// then the reason why it cannot be ticked.
fn folder_ui(
    ui: &mut Ui,
    folder: &mut Folder,
    label: &str,
    totals: Totals,
    is_counting: bool,
    inside: Option<Option<&str>>,
) {
    let weak = palette(ui.ctx()).weak;
    row_ui(
        ui,
        |ui| {
            if inside.is_some() {
                ui.add_space(space::XL);
            }
            match inside.flatten() {
                Some(reason) => {
                    let mut is_covered = true;
                    let tick = egui::Checkbox::new(&mut is_covered, label);
                    ui.add_enabled(false, tick).on_disabled_hover_text(reason);
                }
                None => {
                    ui.checkbox(&mut folder.is_ticked, label);
                }
            }
        },
        |ui| {
            let dots = if is_counting { " …" } else { "" };
            let words = format!("{}{dots}", data::totals_words(&totals));
            ui.label(RichText::new(words).color(weak));
        },
    );
}

/// A row with something at the left and something at the right.
fn row_ui(ui: &mut Ui, left: impl FnOnce(&mut Ui), right: impl FnOnce(&mut Ui)) {
    const HEIGHT: f32 = 26.0;
    let size = vec2(ui.available_width(), HEIGHT);
    let gap = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, 2.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().interact_size.y = HEIGHT;
        right(ui);
        ui.with_layout(Layout::left_to_right(Align::Center), left);
    });
    ui.spacing_mut().item_spacing.y = gap;
}

/// Why the button at the right cannot be pressed.
fn reason_ui(ui: &mut Ui, reason: &str) {
    let ink = palette(ui.ctx()).warning;
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.add(egui::Label::new(RichText::new(reason).color(ink)).truncate());
    });
}
