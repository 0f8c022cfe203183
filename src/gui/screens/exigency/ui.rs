//! Draws the two ways to begin, and what was found.

use std::sync::atomic::Ordering;
use std::time::Duration;

use egui::{Label, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::data::{FoundArchive, FoundRepository, place_text, progress_line};
use super::{Card, Exigency, Found, Looked, Message, reason_known, reason_known_repository};
use crate::gui::command::Tone;
use crate::gui::cx::Cx;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::{
    Button, PathField, badge_ui, card_ui, empty_ui, error_ui, facts_ui, follow_focus,
    group_title_ui, icon_ui, labelled_ui, notice_ui, text_field_ui,
};
use crate::gui::words;
use crate::human::counted;

/// How often figures are looked at during a search.
const POLL: Duration = Duration::from_millis(100);
/// With less room than this the two ways to begin stand below each other.
const LEAST_FOR_TWO: f32 = 860.0;
/// Named at most; the rest is counted.
const MOST_PROBLEMS: usize = 20;

impl Exigency {
    pub(super) fn screen_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
        ScrollArea::vertical()
            .id_salt("exigency")
            .auto_shrink(false)
            .show(ui, |ui| {
                let calm = "Do not worry: your files are in the backups, and nothing here changes \
                            those. Find a backup, look into it, and take out what you need. Gibus \
                            needs no settings for that.";
                ui.add(Label::new(calm).wrap());
                ui.add_space(space::S);
                self.ways_ui(ui, cx, messages);
                ui.add_space(space::M);
                self.result_ui(ui, cx, messages);
                follow_focus(ui);
            });
    }

    /// The two ways to begin, beside each other where there is room.
    fn ways_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
        if ui.available_width() < LEAST_FOR_TWO {
            card_ui(ui, |ui| self.open_ui(ui, cx, messages));
            ui.add_space(space::S);
            card_ui(ui, |ui| self.search_ui(ui, cx, messages));
            return;
        }
        ui.columns(2, |columns| {
            // Columns justify what is in them, which is for buttons and not for sentences.
            let layout = egui::Layout::top_down(egui::Align::Min);
            if let [left, right] = columns {
                card_ui(left, |ui| {
                    ui.with_layout(layout, |ui| self.open_ui(ui, cx, messages));
                });
                card_ui(right, |ui| {
                    ui.with_layout(layout, |ui| self.search_ui(ui, cx, messages));
                });
            }
        });
    }

    fn open_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
        group_title_ui(ui, "I know where a backup is");
        weak_ui(
            ui,
            "Choose a snapshot file, whose name ends in .snapshot, or type the folder that has them.",
        );
        let path = self.file.path(cx);
        let reason = path.is_none().then_some("Choose a file or a folder first");
        let button = Button::new("Open").icon(Icon::FolderOpen);
        if field_and_button_ui(ui, &mut self.file, cx, button.disabled_because(reason))
            && let Some(path) = path
        {
            messages.push(Message::Open(path));
        }
    }

    fn search_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
        group_title_ui(ui, "Search for backups");
        weak_ui(
            ui,
            "Plug in the disk or connect the share that your backups are on. Then search it, with all that \
             is below it.",
        );
        let is_searching = self.finding.is_loading();
        let busy = is_searching.then_some("A search is going on");
        ui.horizontal_wrapped(|ui| {
            let disks = self.disks.value().map(Vec::as_slice).unwrap_or_default();
            for disk in disks {
                let label = format!("Search {}", place_text(disk));
                let button = Button::new(&label).icon(Icon::HardDrive);
                if button.disabled_because(busy).show(ui) {
                    messages.push(Message::Search(vec![disk.clone()]));
                }
            }
            let again = Button::quiet("Look for disks again").icon(Icon::RefreshCw);
            if again.show(ui) {
                messages.push(Message::LookForDisks);
            }
        });
        let folder = self.folder.path(cx);
        let reason = match folder {
            None => Some("Choose a disk or a folder first"),
            Some(_) => busy,
        };
        let button = Button::primary("Search").icon(Icon::Search);
        if field_and_button_ui(ui, &mut self.folder, cx, button.disabled_because(reason))
            && let Some(folder) = folder
        {
            messages.push(Message::Search(vec![folder]));
        }
    }

    fn result_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
        if let Some(monitor) = self.finding.monitor() {
            ui.ctx().request_repaint_after(POLL);
            let looked_at = monitor.files_done.load(Ordering::Relaxed);
            let line = progress_line(looked_at, &monitor.current());
            ui.horizontal(|ui| {
                ui.add(egui::Spinner::new().size(15.0));
                if Button::new("Cancel the search").show(ui) {
                    messages.push(Message::CancelSearch);
                }
                ui.add(Label::new(line).truncate());
            });
            return;
        }
        if let Some(error) = self.finding.error() {
            error_ui(ui, error);
            if let Some(Looked::At(path)) = &self.looked {
                let button = Button::new("Search below it instead").icon(Icon::Search);
                if button.show(ui) {
                    messages.push(Message::Search(vec![path.clone()]));
                }
            }
            return;
        }
        let is_adopting = self.adopting.is_loading();
        if let Some(error) = self.adopting.error() {
            error_ui(ui, error);
        }
        if let Some(found) = &mut self.found {
            found_ui(ui, found, is_adopting, cx, messages);
        }
    }
}

/// A field for a path with its button beside it; true when the button was pressed.
fn field_and_button_ui(
    ui: &mut Ui,
    field: &mut PathField,
    cx: &Cx<'_>,
    button: Button<'_>,
) -> bool {
    const BUTTON_WIDTH: f32 = 98.0;
    let mut is_pressed = false;
    ui.horizontal_top(|ui| {
        let width = ui.available_width() - BUTTON_WIDTH;
        ui.vertical(|ui| {
            ui.set_width(width);
            field.ui(ui, cx);
        });
        is_pressed = button.show(ui);
    });
    is_pressed
}

fn found_ui(
    ui: &mut Ui,
    found: &mut Found,
    is_adopting: bool,
    cx: &Cx<'_>,
    messages: &mut Vec<Message>,
) {
    let is_nothing = found.discovery.archives.is_empty() && found.discovery.repositories.is_empty();
    if is_nothing {
        empty_ui(
            ui,
            Icon::SearchX,
            "No backups were found there",
            "Is it the right disk? Backups are in a folder called gibus.d.",
        );
    } else {
        let all = found.all_to_adopt(cx);
        ui.horizontal(|ui| {
            let headline = RichText::new(found.discovery.headline());
            let response = ui.label(headline.text_style(text::headline()));
            if std::mem::take(&mut found.is_new) {
                response.scroll_to_me(Some(egui::Align::Min));
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let reason = match (is_adopting, all.is_empty()) {
                    (true, _) => Some("It is being taken in"),
                    (_, true) => Some("There is nothing more that could be taken in"),
                    _ => None,
                };
                let button = Button::new("Take all into the configuration").icon(Icon::Import);
                let explanation =
                    "Gibus has these archives and repositories again as it had them before";
                if button
                    .explain(explanation)
                    .disabled_because(reason)
                    .show(ui)
                {
                    messages.push(Message::AdoptAll);
                }
            });
        });
    }
    for index in 0..found.discovery.archives.len() {
        let archive = found.discovery.archives.get_mut(index);
        if let (Some(archive), Some(card)) = (archive, found.cards.get_mut(index)) {
            ui.add_space(space::S);
            card_ui(ui, |ui| {
                ui.push_id(("archive", index), |ui| {
                    archive_ui(ui, archive, card, index, is_adopting, cx, messages);
                });
            });
        }
    }
    for (index, repository) in found.discovery.repositories.iter().enumerate() {
        ui.add_space(space::S);
        card_ui(ui, |ui| {
            let mut refused = found.refused.iter();
            let refused = refused.rfind(|(place, _)| *place == repository.place);
            repository_ui(ui, repository, index, is_adopting, cx, messages);
            if let Some((_, error)) = refused {
                error_ui(ui, error);
            }
        });
    }
    problems_ui(ui, found);
}

fn archive_ui(
    ui: &mut Ui,
    archive: &FoundArchive,
    card: &mut Card,
    index: usize,
    is_adopting: bool,
    cx: &Cx<'_>,
    messages: &mut Vec<Message>,
) {
    let title = archive.title();
    let known = reason_known(archive, cx);
    ui.horizontal(|ui| {
        icon_ui(ui, Icon::Archive, 17.0, palette(ui.ctx()).accent);
        group_title_ui(ui, &title);
        if known.is_some() {
            badge_ui(ui, Tone::Good, "In the configuration");
        }
    });
    let repository = match &archive.repository {
        Ok(place) => place_text(place),
        Err(_) => format!("not found; it was in {}", place_text(&archive.wanted.place)),
    };
    facts_ui(
        ui,
        "facts",
        &[
            ("Snapshots", archive.range()),
            ("Place", place_text(&archive.path)),
            ("Repository", repository),
        ],
    );
    if let Err(error) = &archive.repository {
        locate_ui(ui, card, index, error, cx, messages);
    }
    for problem in archive.problems.iter().take(MOST_PROBLEMS) {
        damage_ui(ui, &words::sentence(problem));
    }
    if let Some(error) = &card.refused {
        error_ui(ui, error);
        if card.wants_name() {
            labelled_ui(ui, "Take it in under another name", |ui| {
                let name = format!("Name for {title}");
                text_field_ui(ui, &mut card.name, &name, "A name", 220.0);
            });
        }
    }
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        let reason = archive
            .newest
            .is_none()
            .then_some("There is no snapshot in it");
        let browse = Button::primary("Browse")
            .icon(Icon::FolderSearch)
            .explain("Look into its snapshots, and take out what you need")
            .disabled_because(reason);
        if named_ui(ui, browse, &format!("Browse {title}")) {
            messages.push(Message::Browse(index));
        }
        let restore = Button::new("Restore everything…")
            .icon(Icon::RotateCcw)
            .explain("All files of the newest snapshot; you see first what will happen")
            .disabled_because(archive.reason_against_restoring());
        if named_ui(ui, restore, &format!("Restore everything of {title}")) {
            messages.push(Message::RestoreEverything(index));
        }
        let reason = match (is_adopting, known) {
            (true, _) => Some("It is being taken in".to_owned()),
            (_, Some(known)) => Some(known),
            _ => archive.reason_against_adopting().map(str::to_owned),
        };
        let adopt = Button::new("Take into the configuration")
            .icon(Icon::Import)
            .explain("Gibus goes on with this archive: its rules, its snapshots, its repository")
            .disabled_because(reason.as_deref());
        if named_ui(ui, adopt, &format!("Take into the configuration: {title}")) {
            messages.push(Message::AdoptArchive(index));
        }
        if archive.is_one_file {
            let button = Button::quiet("Open its whole folder").icon(Icon::FolderOpen);
            if named_ui(ui, button, &format!("Open the whole folder of {title}")) {
                messages.push(Message::Open(archive.place.clone()));
            }
        }
    });
}

/// Asks where a repository is.
fn locate_ui(
    ui: &mut Ui,
    card: &mut Card,
    index: usize,
    why: &crate::error::Error,
    cx: &Cx<'_>,
    messages: &mut Vec<Message>,
) {
    let given = card.repository.path(cx);
    match card.locating.error() {
        Some(error) => error_ui(ui, error),
        None => notice_ui(
            ui,
            Tone::Warning,
            "Its repository is not found: the names of the files are here, their contents are there",
            &words::error_rest(why),
        ),
    }
    let reason = match (&given, card.locating.is_loading()) {
        (_, true) => Some("It is being looked at"),
        (None, _) => Some("Choose the folder of the repository first"),
        _ => None,
    };
    labelled_ui(ui, "Where is it? The folder with repository.toml", |ui| {
        let button = Button::new("It is here").disabled_because(reason);
        if field_and_button_ui(ui, &mut card.repository, cx, button) {
            messages.push(Message::Locate(index));
        }
    });
}

fn repository_ui(
    ui: &mut Ui,
    repository: &FoundRepository,
    index: usize,
    is_adopting: bool,
    cx: &Cx<'_>,
    messages: &mut Vec<Message>,
) {
    let known = reason_known_repository(repository, cx);
    let place = place_text(&repository.place);
    ui.horizontal(|ui| {
        icon_ui(ui, Icon::HardDrive, 17.0, palette(ui.ctx()).accent);
        group_title_ui(ui, "Repository");
        if known.is_some() {
            badge_ui(ui, Tone::Good, "In the configuration");
        }
        let reason = match (is_adopting, known) {
            (true, _) => Some("It is being taken in".to_owned()),
            (_, Some(known)) => Some(known),
            _ if repository.id.is_err() => Some("It cannot be read".to_owned()),
            _ => None,
        };
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let adopt = Button::quiet("Take into the configuration")
                .explain("Only the repository: archives that use it bring it along")
                .disabled_because(reason.as_deref());
            if named_ui(ui, adopt, &format!("Take into the configuration: {place}")) {
                messages.push(Message::AdoptRepository(index));
            }
            let place = RichText::new(&place).color(palette(ui.ctx()).weak);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(Label::new(place).truncate());
            });
        });
    });
    if let Err(error) = &repository.id {
        damage_ui(ui, &words::sentence(error));
    }
}

fn problems_ui(ui: &mut Ui, found: &Found) {
    let problems = &found.discovery.problems;
    if !problems.is_empty() {
        ui.add_space(space::S);
        let title = format!(
            "{} cannot be read",
            counted(
                problems.len() as u64,
                "part of a backup",
                "parts of backups"
            )
        );
        let mut lines: Vec<String> = problems
            .iter()
            .take(MOST_PROBLEMS)
            .map(words::sentence)
            .collect();
        if problems.len() > MOST_PROBLEMS {
            lines.push(format!("… and {} more", problems.len() - MOST_PROBLEMS));
        }
        notice_ui(ui, Tone::Warning, &title, &lines.join("\n"));
    }
    let not_entered = found.discovery.not_entered;
    if not_entered > 0 {
        let folders = counted(not_entered, "folder was", "folders were");
        weak_ui(
            ui,
            &format!("{folders} left out of the search, because you may not look into them."),
        );
    }
}

fn damage_ui(ui: &mut Ui, sentence: &str) {
    let ink = palette(ui.ctx()).warning;
    ui.horizontal_top(|ui| {
        icon_ui(ui, Icon::TriangleAlert, 14.0, ink);
        ui.add(Label::new(RichText::new(sentence).small().color(ink)).wrap());
    });
}

fn weak_ui(ui: &mut Ui, text: &str) {
    let weak = palette(ui.ctx()).weak;
    ui.add(Label::new(RichText::new(text).color(weak)).wrap());
}

/// A button whose label stands on several cards, with a name of its own for screen readers.
fn named_ui(ui: &mut Ui, button: Button<'_>, name: &str) -> bool {
    let response = button.response_ui(ui);
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(name));
    response.clicked()
}
