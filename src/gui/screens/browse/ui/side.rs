//! One file at the right: what is in it, or all its versions.

use egui::{
    Align, ColorImage, Layout, Margin, RichText, ScrollArea, TextStyle, TextureOptions, Ui, vec2,
};
use lucide_icons::Icon;

use super::super::act::{Ask, ItemAction};
use super::super::data::{Moment, parent, shown};
use super::super::preview::{Body, Picture, Text, title};
use super::super::versions::{OnDisk, VersionSpan, VersionsView};
use super::super::{Browse, Item, SideTab};
use super::{named, weak_ui};
use crate::gui::command::Tone;
use crate::gui::theme::{palette, space, text};
use crate::gui::widgets::{
    Button, badge_ui, card_frame, error_ui, facts_ui, icon_button_ui, loading_ui,
};
use crate::gui::words;
use crate::human::{counted, size};

const VERSION_HEIGHT: f32 = 84.0;

impl Browse {
    pub(super) fn side_ui(&mut self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let frame = card_frame(ui).inner_margin(Margin::same(12));
        frame.show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            let item = self.side.item.clone();
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                if icon_button_ui(ui, Icon::X, "Close the details").clicked() {
                    asks.push(Ask::Side(None));
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    let name = match &item {
                        Some(item) => title(&item.path),
                        None => "Nothing chosen".to_owned(),
                    };
                    let name = RichText::new(name).text_style(text::strong());
                    ui.add(egui::Label::new(name).truncate());
                    if let Some(item) = &item {
                        let folder = shown(parent(&item.path).unwrap_or(b"/"));
                        weak_ui(ui, &folder);
                    }
                });
            });
            let Some(item) = item else {
                weak_ui(ui, "Choose a file in the table.");
                return;
            };
            match self.side.tab {
                Some(SideTab::Preview) => self.preview_ui(ui, &item),
                Some(SideTab::Versions) => self.versions_ui(ui, &item, asks),
                None => {}
            }
        });
    }

    fn preview_ui(&mut self, ui: &mut Ui, item: &Item) {
        if let Some(error) = self.side.preview.error() {
            error_ui(ui, error);
            return;
        }
        let side = &mut self.side;
        let known = side.preview.value();
        let Some(preview) =
            known.filter(|preview| preview.path == item.path && preview.place == item.place())
        else {
            loading_ui(ui, "Reading", side.preview.is_not_answering());
            return;
        };
        ui.scope(|ui| {
            ui.spacing_mut().interact_size.y = 18.0;
            facts_ui(ui, "facts", &preview.facts);
        });
        ui.add_space(space::S);
        match &preview.body {
            Body::Text(text) => text_ui(ui, text),
            Body::Picture(picture) => {
                let texture = side.texture.get_or_insert_with(|| {
                    let size = [picture.width as usize, picture.height as usize];
                    let image = ColorImage::from_rgba_unmultiplied(size, &picture.rgba);
                    ui.ctx()
                        .load_texture("preview", image, TextureOptions::LINEAR)
                });
                picture_ui(ui, picture, texture, &title(&preview.path));
            }
            Body::Nothing(why) => {
                let weak = palette(ui.ctx()).weak;
                ui.add(egui::Label::new(RichText::new(why).color(weak)).wrap());
            }
            Body::Failed(error) => error_ui(ui, error),
        }
    }

    fn versions_ui(&self, ui: &mut Ui, item: &Item, asks: &mut Vec<Ask>) {
        if let Some(error) = self.side.versions.error() {
            error_ui(ui, error);
            return;
        }
        let found = self.side.versions.value();
        let Some(found) = found.filter(|found| found.path == item.path) else {
            loading_ui(
                ui,
                "Looking through all snapshots",
                self.side.versions.is_not_answering(),
            );
            return;
        };
        let number = counted(found.versions as u64, "version", "versions");
        weak_ui(
            ui,
            &format!(
                "{number} in {}",
                super::timeline::snapshots(self.series.points.len())
            ),
        );
        let tone = match found.now {
            OnDisk::Same => Tone::Good,
            OnDisk::Deleted => Tone::Error,
            OnDisk::Different => Tone::Warning,
            OnDisk::Unknown => Tone::Information,
        };
        badge_ui(ui, tone, found.now.words());
        if found.unreadable > 0 {
            let unreadable = super::timeline::snapshots(found.unreadable);
            badge_ui(ui, Tone::Warning, &format!("{unreadable} cannot be read"));
        }
        ui.add_space(space::XS);
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical()
            .id_salt("versions")
            .auto_shrink(false)
            .show_rows(ui, VERSION_HEIGHT, found.spans.len(), |ui, range| {
                for span in found.spans.get(range).unwrap_or_default() {
                    let room = vec2(ui.available_width(), VERSION_HEIGHT);
                    ui.allocate_ui(room, |ui| {
                        ui.set_min_height(VERSION_HEIGHT);
                        self.span_ui(ui, found, span, asks);
                    });
                }
            });
    }

    fn span_ui(&self, ui: &mut Ui, found: &VersionsView, span: &VersionSpan, asks: &mut Vec<Ask>) {
        let palette = palette(ui.ctx());
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.separator();
        let count = span.last + 1 - span.first;
        let dates = self.series.span(span.first, span.last, count);
        let Some(version) = &span.version else {
            ui.add(egui::Label::new(RichText::new(&dates).color(palette.weak)).truncate());
            ui.label(RichText::new("Not there").color(palette.removed));
            return;
        };
        ui.add(egui::Label::new(dates.as_str()).truncate());
        let facts = format!(
            "Version {}: {}, {}",
            version.number + 1,
            size(version.size),
            words::file_time(version.modified)
        );
        ui.add(egui::Label::new(RichText::new(facts).small().color(palette.weak)).truncate());
        let Some(point) = self.series.points.get(span.last) else {
            return;
        };
        let item = Item {
            path: found.path.clone(),
            kind: version.kind,
            bytes: version.size,
            snapshot: Some((point.path.clone(), point.name)),
        };
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let date = words::date_time(point.name.time());
            for (label, ask) in [
                (
                    "Show",
                    Ask::Reveal {
                        path: found.path.clone(),
                        moment: Moment::Snapshot(span.last),
                    },
                ),
                ("Extract…", Ask::Do(ItemAction::Extract, item.clone())),
                ("Restore…", Ask::Do(ItemAction::Restore, item.clone())),
            ] {
                let button = Button::quiet(label).response_ui(ui);
                let what = label.trim_end_matches('…');
                let button = named(ui, button, &format!("{what} the version of {date}"));
                if button.clicked() {
                    asks.push(ask);
                }
            }
        });
    }
}

/// A text, numbered line by line; only the lines that are seen are drawn.
fn text_ui(ui: &mut Ui, text: &Text) {
    let palette = palette(ui.ctx());
    let height = ui.text_style_height(&TextStyle::Monospace);
    let digits = text.lines.len().to_string().len();
    let extra = usize::from(text.is_cut);
    let frame = egui::Frame::new()
        .fill(palette.field)
        .corner_radius(6)
        .inner_margin(Margin::same(6));
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        // Lines are as high as their letters.
        ui.spacing_mut().interact_size.y = height;
        ScrollArea::both()
            .id_salt("text")
            .auto_shrink(false)
            .show_rows(ui, height, text.lines.len() + extra, |ui, range| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
                for place in range {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = space::S;
                        let Some(line) = text.lines.get(place) else {
                            ui.label(RichText::new("The rest is not shown.").color(palette.weak));
                            return;
                        };
                        let number = format!("{:>digits$}", place + 1);
                        let number = RichText::new(number).monospace().color(palette.weak);
                        ui.label(number);
                        let line = RichText::new(line).monospace();
                        ui.add(egui::Label::new(line).selectable(true));
                    });
                }
            });
    });
}

fn picture_ui(ui: &mut Ui, picture: &Picture, texture: &egui::TextureHandle, name: &str) {
    let room = ui.available_size();
    let (width, height) = (picture.width as f32, picture.height as f32);
    // Never larger than it is.
    let scale = (room.x / width).min(room.y.max(80.0) / height).min(1.0);
    let image = egui::Image::new(texture)
        .fit_to_exact_size(vec2(width * scale, height * scale))
        .alt_text(format!("Picture {name}"));
    ui.add(image);
}
