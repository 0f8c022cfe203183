//! Draws one sentence for all archives, and a card for each.

use egui::{Align, Layout, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::{Card, Home, data, strip};
use crate::gui::command::{BrowseTarget, Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::route::Route;
use crate::gui::theme::{Palette, palette, space, text};
use crate::gui::widgets::{
    Button, card_ui, error_ui, follow_focus, hat_ui, icon_ui, link_ui, loading_ui, progress_bar_ui,
    steady_ui,
};
use crate::gui::words;
use crate::jobs::Job;
use crate::jobs::source::SeriesSource;
use crate::snapshot::archive::name::SnapshotName;

impl Home {
    pub(super) fn home_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        if let Some(error) = cx.overview.error() {
            error_ui(ui, error);
        }
        if cx.overview.is_loading() {
            loading_ui(ui, "Reading the configuration", false);
            return;
        }
        if cx.overview.is_empty() {
            welcome_ui(ui, out);
            return;
        }
        self.summary_ui(ui, cx);
        ui.add_space(space::S);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for card in &self.cards {
                steady_ui(ui, ("home", card.name.as_str()), |ui| {
                    card_ui(ui, |ui| archive_ui(ui, card, cx, out));
                });
            }
            follow_focus(ui);
        });
    }

    fn summary_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = palette(ui.ctx());
        let all: Vec<_> = self
            .cards
            .iter()
            .map(|card| (card.name.to_string(), &card.safety))
            .collect();
        let (tone, sentence) = data::summary(&all, cx.now);
        ui.horizontal(|ui| {
            let (icon, ink) = sign(tone, palette);
            icon_ui(ui, icon, 24.0, ink);
            ui.add(egui::Label::new(RichText::new(sentence).text_style(text::headline())).wrap());
        });
    }
}

/// For somebody who has nothing backed up yet.
fn welcome_ui(ui: &mut Ui, out: &mut Outbox) {
    ui.vertical_centered(|ui| {
        ui.add_space(space::XXL * 2.0);
        hat_ui(ui, 72.0);
        ui.add_space(space::M);
        ui.label(RichText::new("Nothing is backed up yet").text_style(text::title()));
        ui.label("Gibus keeps copies of your files on another disk, each content once, as they were each day.");
        ui.add_space(space::L);
        let set_up = Button::primary("Set up your first backup").icon(Icon::ShieldCheck);
        if set_up.show(ui) {
            out.send(Command::FirstRun);
        }
        let recover = Button::new("I have backups already")
            .explain("Finds them on a disk, gets files out of them, and goes on with them");
        if recover.show(ui) {
            out.send(Command::Go(Route::Exigency));
        }
    });
}

fn archive_ui(ui: &mut Ui, card: &Card, cx: &Cx<'_>, out: &mut Outbox) {
    let palette = palette(ui.ctx());
    let job = cx.jobs.backing_up(&card.name);
    let (icon, ink) = sign(card.safety.tone, palette);
    ui.horizontal(|ui| {
        icon_ui(ui, icon, 18.0, ink);
        ui.label(RichText::new(card.name.as_str()).text_style(egui::TextStyle::Heading));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            buttons_ui(ui, card, job.is_some(), out);
            let what = RichText::new(&card.what).small().color(palette.weak);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(what).truncate());
            });
        });
    });
    let sentence = RichText::new(&card.safety.sentence).text_style(text::strong());
    ui.add(egui::Label::new(sentence.color(ink)).wrap());
    if !card.safety.details.is_empty() {
        let details = RichText::new(card.safety.details.join(" ")).color(palette.weak);
        ui.add(egui::Label::new(details).wrap());
    }
    growth_ui(ui, card, cx, out);
    ui.add_space(space::XS);
    if let Some(day) = strip::strip_ui(ui, card.name.as_str(), &card.safety.days) {
        browse(card, day.snapshot, out);
    }
    let caption = format!("The last {} days, up to today", data::DAYS);
    ui.label(RichText::new(caption).small().color(palette.weak));
    if let Some(job) = job {
        ui.add_space(space::XS);
        running_ui(ui, job, card, out);
    }
}

/// What the last backup brought, with a way to see more of that.
fn growth_ui(ui: &mut Ui, card: &Card, cx: &Cx<'_>, out: &mut Outbox) {
    let Some(growth) = card
        .newest
        .and_then(|newest| cx.grown.get(&card.name, newest))
    else {
        return;
    };
    let Some(words) = growth.place_words(cx.catalog.home_dir.as_deref()) else {
        return;
    };
    ui.horizontal(|ui| {
        let response = link_ui(ui, "What made it grow");
        let label = format!("What the last backup of {} brought", card.name);
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_label(label));
        let weak = palette(ui.ctx()).weak;
        ui.add(egui::Label::new(RichText::new(words).color(weak)).truncate());
        if response.on_hover_text("Show what made it grow").clicked()
            && let Some(snapshot) = card.newest
        {
            let archive = card.name.clone();
            out.send(Command::ShowGrowth { archive, snapshot });
        }
    });
}

fn buttons_ui(ui: &mut Ui, card: &Card, is_running: bool, out: &mut Outbox) {
    let name = &card.name;
    let no_snapshots = card
        .safety
        .newest
        .is_none()
        .then_some("There is no snapshot to look at yet");
    let label = format!("Statistics of {name}");
    let statistics = Button::new("Statistics").named(&label);
    if statistics.disabled_because(no_snapshots).show(ui) {
        out.send(Command::ShowStatistics(name.clone()));
    }
    let label = format!("Browse {name}");
    let button = Button::new("Browse").named(&label);
    if button.disabled_because(no_snapshots).show(ui) {
        browse(card, None, out);
    }
    let label = format!("Back up {name} now");
    let reason = is_running.then_some("It is being backed up");
    let back_up = Button::new("Back up now").named(&label);
    if back_up.disabled_because(reason).show(ui) {
        out.send(Command::BackUp(name.clone()));
    }
}

fn browse(card: &Card, snapshot: Option<SnapshotName>, out: &mut Outbox) {
    out.send(Command::Browse(BrowseTarget {
        source: SeriesSource::Archive(card.name.clone()),
        snapshot,
        folder: None,
        versions_of: None,
    }));
}

/// How far the backup is that is being made.
fn running_ui(ui: &mut Ui, job: &Job, card: &Card, out: &mut Outbox) {
    let palette = palette(ui.ctx());
    let progress = job.progress();
    ui.horizontal(|ui| {
        let label = format!("Cancel the backup of {}", card.name);
        let reason = progress.is_stopping.then_some("It is stopping");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let cancel = Button::new("Cancel").named(&label);
            if cancel.disabled_because(reason).show(ui) {
                out.send(Command::Cancel(job.id));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new(words::phase(&progress)).text_style(text::strong()));
                let line = RichText::new(words::progress_line(&progress)).color(palette.weak);
                ui.add(egui::Label::new(line).truncate());
            });
        });
    });
    let label = format!("Progress of the backup of {}", card.name);
    progress_bar_ui(ui, words::fraction(&progress), &label);
}

fn sign(tone: Tone, palette: &Palette) -> (Icon, egui::Color32) {
    match tone {
        Tone::Good => (Icon::ShieldCheck, palette.good),
        Tone::Information => (Icon::Shield, palette.weak),
        Tone::Warning => (Icon::ShieldAlert, palette.warning),
        Tone::Error => (Icon::ShieldX, palette.error),
    }
}
