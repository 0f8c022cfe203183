//! Draws a new archive that is being made up: name, place, rules, what they do, and the button that makes it.

use egui::{CollapsingHeader, Frame, Label, Margin, Panel, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::new::{NewArchive, usual_codec};
use super::{Message, editor_ui};
use crate::format::compression::Codec;
use crate::fs::escaped_path;
use crate::gui::command::Tone;
use crate::gui::cx::Cx;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::{
    Button, card_ui, error_ui, follow_focus, group_title_ui, labelled_ui, loading_ui, notice_ui,
    text_field_ui,
};
use crate::repository::settings::Layout as RepositoryLayout;

/// Draws the form, or what comes after it.
pub fn new_ui(new: &mut NewArchive, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    if let Some(made) = &new.made {
        made_ui(ui, made.as_str(), messages);
        return;
    }
    ui.label(RichText::new("A new archive").text_style(text::headline()));
    Panel::bottom("make the archive")
        .show_separator_line(false)
        .frame(Frame::new().inner_margin(Margin::symmetric(0, 6)))
        .show(ui, |ui| make_ui(new, ui, cx, messages));
    ui.add_space(space::S);
    ScrollArea::vertical()
        .id_salt("new archive")
        .auto_shrink(false)
        .show(ui, |ui| {
            name_ui(new, ui, cx);
            place_ui(new, ui, cx);
            editor_ui::rules_ui(ui, &mut new.editor, cx, messages);
            follow_focus(ui);
        });
}

fn name_ui(new: &mut NewArchive, ui: &mut Ui, cx: &Cx<'_>) {
    let palette = palette(ui.ctx());
    card_ui(ui, |ui| {
        group_title_ui(ui, "What is it called?");
        let problem = new.name_problem(cx);
        let field = text_field_ui(ui, &mut new.name, "Name of the archive", "home", 260.0);
        if std::mem::take(&mut new.wants_focus) {
            field.request_focus();
        }
        match problem {
            Some(problem) => {
                ui.add(Label::new(RichText::new(problem).color(palette.error)).wrap());
            }
            None => {
                let help = "One word for all that is backed up together, such as home or photos.";
                ui.label(RichText::new(help).small().color(palette.weak));
            }
        }
    });
}

fn place_ui(new: &mut NewArchive, ui: &mut Ui, cx: &Cx<'_>) {
    let palette = palette(ui.ctx());
    card_ui(ui, |ui| {
        group_title_ui(ui, "Where does it go?");
        for repository in &cx.overview.repositories {
            let is_chosen = new.repository.as_ref() == Some(&repository.name);
            ui.horizontal(|ui| {
                if ui.radio(is_chosen, repository.name.as_str()).clicked() {
                    new.repository = Some(repository.name.clone());
                }
                let entry = repository.entry.as_ref();
                let place = entry.map_or("cannot be read".to_owned(), |entry| {
                    escaped_path(&entry.place).to_string()
                });
                let place = RichText::new(place).small().color(palette.weak);
                ui.add(Label::new(place).truncate());
            });
        }
        if ui
            .radio(new.repository.is_none(), "A new repository")
            .clicked()
        {
            new.repository = None;
        }
        if new.repository.is_none() {
            new_repository_ui(new, ui, cx);
        }
    });
}

fn new_repository_ui(new: &mut NewArchive, ui: &mut Ui, cx: &Cx<'_>) {
    let palette = palette(ui.ctx());
    labelled_ui(ui, "On which disk, or in which folder", |ui| {
        new.location.ui(ui, cx);
    });
    if new.location.path(cx).is_none() {
        let words = format!(
            "Left empty, it goes to {}. Another disk is safer: a backup beside the files is lost \
             with them.",
            escaped_path(&cx.catalog.data_dir)
        );
        ui.add(Label::new(RichText::new(words).small().color(palette.warning)).wrap());
    }
    labelled_ui(ui, "What to call it", |ui| {
        let field = &mut new.new_repository;
        text_field_ui(ui, field, "Name of the new repository", "main", 260.0);
    });
    if let Some(problem) = new.repository_problem(cx) {
        ui.add(Label::new(RichText::new(problem).color(palette.error)).wrap());
    }
    CollapsingHeader::new("Advanced").show(ui, |ui| {
        for (layout, label) in [
            (
                RepositoryLayout::Packed,
                "Packed: few large files, small and fast",
            ),
            (
                RepositoryLayout::Loose,
                "Loose: one file each, to be read without Gibus",
            ),
        ] {
            if ui.radio(new.layout == layout, label).clicked() {
                new.layout = layout;
                new.codec = usual_codec(layout);
            }
        }
        ui.add_space(space::XS);
        for (codec, label) in [
            (Codec::Zstd, "Compressed with zstd: fast"),
            (Codec::Gzip, "Compressed with gzip: known everywhere"),
            (Codec::None, "Not compressed"),
        ] {
            if ui.radio(new.codec == codec, label).clicked() {
                new.codec = codec;
            }
        }
    });
}

/// What the rules do in all, and the button.
fn make_ui(new: &NewArchive, ui: &mut Ui, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    if let Some(error) = new.error() {
        error_ui(ui, error);
    }
    editor_ui::totals_ui(ui, &new.editor, messages);
    let wish = new.wish(cx);
    let reason = match new.is_making() {
        true => Some("It is being made"),
        false => wish.as_ref().err().map(String::as_str),
    };
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        let is_pressed = Button::primary("Make the archive")
            .disabled_because(reason)
            .show(ui);
        let cannot_cancel = new.is_making().then_some("It is being made");
        if Button::new("Cancel")
            .disabled_because(cannot_cancel)
            .show(ui)
        {
            messages.push(Message::CancelNew);
        }
        if new.is_making() {
            loading_ui(ui, "Making it", new.is_not_answering());
        } else if let Some(reason) = reason {
            let weak = palette(ui.ctx()).weak;
            let reason = RichText::new(reason).small().color(weak);
            ui.add(Label::new(reason).truncate());
        }
        if is_pressed && let Ok(wish) = &wish {
            messages.push(Message::Make(wish.clone()));
        }
    });
}

fn made_ui(ui: &mut Ui, name: &str, messages: &mut Vec<Message>) {
    ui.add_space(space::L);
    notice_ui(
        ui,
        Tone::Good,
        &format!("The archive {name} is made"),
        "Nothing is backed up yet. The first backup reads everything and takes longest.",
    );
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        let first = Button::primary("Back up now").icon(Icon::Play).show(ui);
        let later = Button::new("Later").show(ui);
        if first || later {
            messages.push(Message::LeaveNew { and_back_up: first });
        }
    });
}
