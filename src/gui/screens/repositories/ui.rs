//! Draws the cards.

use egui::{Align, Rect, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use lucide_icons::Icon;

use super::data::{Card, Damage, Disk};
use super::{ConvertRepository, DeleteRepository, PruneRepository, Repositories, UnlockRepository};
use crate::error::ErrorKind;
use crate::fs::escaped_path;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::Confirm;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::{
    Button, badge_ui, card_ui, empty_ui, error_ui, icon_ui, link_ui, loading_ui, notice_ui,
    progress_bar_ui,
};
use crate::gui::words;
use crate::jobs::Work;

/// Of what was found, so many lines are shown before they are asked for.
const FEW_LINES: usize = 8;
/// Facts stand closer together than what can be pressed.
const FACT_HEIGHT: f32 = 20.0;
/// Room for the bar to scroll with.
const BAR_WIDTH: f32 = 8.0;

impl Repositories {
    pub(super) fn cards_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        if let Some(error) = cx.overview.error() {
            return error_ui(ui, error);
        }
        if cx.overview.is_loading() {
            return loading_ui(ui, "Reading the configuration", false);
        }
        if self.cards.is_empty() {
            return empty_ui(
                ui,
                Icon::HardDrive,
                "There is no repository yet",
                "A repository keeps the contents of your files. Make one on another disk, or adopt one that is there.",
            );
        }
        let cards = std::mem::take(&mut self.cards);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - BAR_WIDTH);
            for card in &cards {
                let response = card_ui(ui, |ui| self.card_ui(ui, card, cx, out)).response;
                if self.scroll_to.as_ref() == Some(&card.name) {
                    self.scroll_to = None;
                    response.scroll_to_me(Some(Align::Min));
                }
                ui.add_space(space::S);
            }
        });
        self.cards = cards;
    }

    fn card_ui(&mut self, ui: &mut Ui, card: &Card, cx: &Cx<'_>, out: &mut Outbox) {
        let palette = palette(ui.ctx());
        let weak = palette.weak;
        ui.scope(|ui| head_ui(ui, card));
        if let Some(damage) = &card.damage {
            self.damage_ui(ui, card, damage, out);
        }
        if card.is_loading {
            loading_ui(
                ui,
                &format!("Looking at {}", card.name),
                card.is_not_answering,
            );
        } else if card.is_not_answering {
            loading_ui(ui, &card.name.to_string(), true);
        }
        match &card.error {
            // That is told below, with what to do.
            Some(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unavailable) => {
                // Disks come and go; that is no fault.
                let title = words::error_title(error);
                notice_ui(ui, Tone::Warning, &title, &words::error_rest(error));
            }
            Some(error) if error.kind() != ErrorKind::Damaged => error_ui(ui, error),
            _ => {}
        }
        if let Some(disk) = &card.disk {
            disk_ui(ui, disk, card);
        }
        if card.error.is_none() {
            for sentence in &card.holds {
                ui.add(egui::Label::new(sentence).wrap());
            }
            ui.add(egui::Label::new(RichText::new(&card.checked).color(weak)).wrap());
        }
        ui.scope(|ui| facts_ui(ui, card, out));
        if !card.locks.is_empty() {
            locks_ui(ui, card, out);
        }
        if let Some(job) = card.job.and_then(|id| cx.jobs.get(id)) {
            let title = words::work_title(&job.work);
            let progress = job.progress();
            ui.horizontal(|ui| {
                if link_ui(ui, &title)
                    .on_hover_text("Show it in Jobs")
                    .clicked()
                {
                    out.send(Command::ShowJob(job.id));
                }
                let line = format!(
                    "{}  ·  {}",
                    words::phase(&progress),
                    words::progress_line(&progress)
                );
                ui.add(egui::Label::new(RichText::new(line).small().color(weak)).truncate());
            });
            let name = format!("Progress of {} on {}", title, card.name);
            progress_bar_ui(ui, words::fraction(&progress), &name);
        }
        ui.add_space(space::XS);
        self.actions_ui(ui, card, cx, out);
    }

    fn actions_ui(&mut self, ui: &mut Ui, card: &Card, cx: &Cx<'_>, out: &mut Outbox) {
        let name = &card.name;
        let busy = card.job.and_then(|id| cx.jobs.get(id));
        let busy =
            busy.map(|job| format!("Wait until this is done: {}", words::work_title(&job.work)));
        let missing = card
            .error
            .as_ref()
            .filter(|error| error.kind() != ErrorKind::Damaged);
        let missing =
            missing.map(|error| format!("It cannot be read. {}", words::error_rest(error)));
        let not_yet = card
            .settings
            .is_none()
            .then(|| "It is still being looked at".to_owned());
        let reason = busy.clone().or(missing).or(not_yet);
        let reason = reason.as_deref();
        ui.horizontal_wrapped(|ui| {
            let mut asked = None;
            if Button::new("Check")
                .icon(Icon::HeartPulse)
                .named(&format!("Check {name}"))
                .explain("Looks whether everything that snapshots need is there. Quick, and changes nothing.")
                .disabled_because(reason)
                .show(ui)
            {
                asked = Some(Command::Start(Work::Check {
                    repository: name.clone(),
                    read_data: false,
                }));
            }
            if Button::new("Check every byte")
                .named(&format!("Check every byte of {name}"))
                .explain("Reads all that is stored and compares it with what was written. Takes its time.")
                .disabled_because(reason)
                .show(ui)
            {
                asked = Some(Command::Start(Work::Check {
                    repository: name.clone(),
                    read_data: true,
                }));
            }
            if Button::new("Prune…")
                .named(&format!("Prune {name}"))
                .explain("Gives back the space of what no snapshot needs any more. Says first how much that is.")
                .disabled_because(reason)
                .show(ui)
            {
                let dialog = PruneRepository::new(name.clone());
                asked = Some(Command::Open(Box::new(dialog)));
            }
            if Button::quiet("Convert…")
                .named(&format!("Convert {name}"))
                .explain("Another way to lay out or to compress what is in it")
                .disabled_because(reason)
                .show(ui)
                && let Some(settings) = card.settings
            {
                let dialog = ConvertRepository::new(name.clone(), settings);
                asked = Some(Command::Open(Box::new(dialog)));
            }
            let no_place = card.place.is_none().then_some("Where it is cannot be read");
            if Button::quiet("Open folder")
                .named(&format!("Open the folder of {name}"))
                .explain("Shows it in the file manager")
                .disabled_because(no_place)
                .show(ui)
                && let Some(place) = &card.place
            {
                asked = Some(Command::OpenFolder(place.clone()));
            }
            if Button::quiet("Delete…")
                .named(&format!("Delete {name}"))
                .explain("Deletes it, or only takes it off this list")
                .disabled_because(busy.as_deref())
                .show(ui)
            {
                let dialog = DeleteRepository::new(name.clone());
                asked = Some(Command::Open(Box::new(dialog)));
            }
            if let Some(command) = asked {
                self.current = Some(name.clone());
                out.send(command);
            }
        });
    }

    fn damage_ui(&mut self, ui: &mut Ui, card: &Card, damage: &Damage, out: &mut Outbox) {
        notice_ui(ui, Tone::Error, &damage.title, &damage.advice);
        let name = &card.name;
        let is_unfolded = self.unfolded.contains(name);
        ui.horizontal(|ui| {
            if damage.can_repair {
                let running = card.job.map(|_| "Wait until the job on it is done");
                if Button::primary("Repair…")
                    .named(&format!("Repair {name}"))
                    .icon(Icon::Wrench)
                    .disabled_because(running)
                    .show(ui)
                {
                    out.send(Command::Open(Box::new(confirm_repair(card))));
                }
            } else {
                for archive in &card.archives {
                    if Button::primary(&format!("Back up {archive} now")).show(ui) {
                        out.send(Command::BackUp(archive.clone()));
                    }
                }
            }
            if damage.lines.len() > FEW_LINES {
                let label = match is_unfolded {
                    true => format!("Show fewer findings of {name}"),
                    false => format!("Show all {} findings of {name}", damage.lines.len()),
                };
                if Button::quiet(&label).show(ui) {
                    match is_unfolded {
                        true => self.unfolded.remove(name),
                        false => self.unfolded.insert(name.clone()),
                    };
                }
            }
        });
        let shown = match is_unfolded {
            true => damage.lines.len(),
            false => FEW_LINES,
        };
        ui.scope(|ui| {
            ui.spacing_mut().interact_size.y = 0.0;
            ui.spacing_mut().item_spacing.y = space::XS;
            for line in damage.lines.iter().take(shown) {
                // Lines with a path are set in: they belong to the one before.
                let (indent, line) = match line.strip_prefix("    ") {
                    Some(rest) => (space::XL, rest),
                    None => (space::S, line.as_str()),
                };
                ui.horizontal(|ui| {
                    ui.add_space(indent);
                    ui.add(egui::Label::new(line).wrap().selectable(true));
                });
            }
        });
    }
}

/// Its name, how it is, and where.
fn head_ui(ui: &mut Ui, card: &Card) {
    let weak = palette(ui.ctx()).weak;
    // A row of words is no higher than they are.
    ui.spacing_mut().interact_size.y = 0.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new(card.name.as_str()).text_style(text::headline()));
        badge_ui(ui, card.tone, &card.state);
        if let Some(place) = &card.place {
            let place = RichText::new(escaped_path(place).to_string());
            let label = egui::Label::new(place.small().color(weak));
            ui.add(label.truncate().selectable(true));
        }
    });
}

fn confirm_repair(card: &Card) -> Confirm {
    let work = Work::Repair {
        repository: card.name.clone(),
    };
    Confirm::new(
        format!("Repair {}", card.name),
        "Repair",
        Command::Start(work),
    )
    .explain(
        "Every byte is read. Tables that are damaged are made anew, and what is sound in a damaged file moves to a \
         new one. Nothing that can still be read is given up.",
    )
    .explain(
        "What cannot be read any more is marked as lost. The next backup stores again what is still on this \
         computer, which makes older snapshots whole as well.",
    )
    .explain("If the disk itself is failing, copy the repository to another disk first.")
}

fn locks_ui(ui: &mut Ui, card: &Card, out: &mut Outbox) {
    let weak = palette(ui.ctx()).weak;
    for lock in &card.locks {
        ui.horizontal(|ui| {
            icon_ui(ui, Icon::Lock, 13.0, weak);
            ui.add(egui::Label::new(format!("In use by {lock}")).truncate());
        });
    }
    if card.can_unlock
        && Button::new("Unlock…")
            .named(&format!("Unlock {}", card.name))
            .explain("Removes a lock that another computer has left behind")
            .show(ui)
    {
        let dialog = UnlockRepository::new(card.name.clone());
        out.send(Command::Open(Box::new(dialog)));
    }
}

/// Archives that use it, and how it stores.
fn facts_ui(ui: &mut Ui, card: &Card, out: &mut Outbox) {
    let weak = palette(ui.ctx()).weak;
    ui.spacing_mut().interact_size.y = FACT_HEIGHT;
    egui::Grid::new(("facts", card.name.as_str()))
        .num_columns(2)
        .spacing([space::XL, space::XS])
        .show(ui, |ui| {
            ui.label(RichText::new("Used by").color(weak));
            ui.horizontal(|ui| {
                if card.archives.is_empty() {
                    ui.label("no archive");
                }
                for archive in &card.archives {
                    if link_ui(ui, archive.as_str()).clicked() {
                        out.send(Command::ShowArchive(archive.clone()));
                    }
                }
            });
            ui.end_row();
            for (name, value) in &card.facts {
                ui.label(RichText::new(*name).color(weak));
                ui.add(egui::Label::new(value).truncate());
                ui.end_row();
            }
        });
}

/// The bar of the disk: this repository, other things, free; and the same in words.
fn disk_ui(ui: &mut Ui, disk: &Disk, card: &Card) {
    let palette = palette(ui.ctx());
    let size = vec2(ui.available_width(), 10.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let name = format!("Disk of {}: {}", card.name, disk.words().join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let total = disk.total().max(1) as f32;
    ui.painter().rect_filled(rect, 5.0, palette.line);
    // Whatever is there shows, however little it is.
    let width_of = |bytes: u64| match bytes {
        0 => 0.0,
        bytes => (rect.width() * bytes as f32 / total).max(3.0),
    };
    let own = width_of(disk.own);
    let other = width_of(disk.other).min(rect.width() - own);
    let part = |from: f32, width: f32| {
        Rect::from_min_size(
            pos2(rect.min.x + from, rect.min.y),
            vec2(width, rect.height()),
        )
    };
    let other_ink = palette.weak.gamma_multiply(0.55);
    ui.painter()
        .rect_filled(part(0.0, own + other), 5.0, other_ink);
    ui.painter()
        .rect_filled(part(0.0, own), 5.0, palette.accent);
    let inks = [palette.accent, other_ink, palette.line];
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        for (ink, words) in inks.into_iter().zip(disk.words()) {
            let (rect, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, ink);
            ui.label(RichText::new(words).small().color(palette.weak));
            ui.add_space(space::S);
        }
    });
}
