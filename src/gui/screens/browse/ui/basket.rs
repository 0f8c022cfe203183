//! What is picked, below everything: how much, and what to do with it.

use egui::{Align, Layout, Popup, PopupCloseBehavior, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::super::Browse;
use super::super::act::{Ask, ON_DISK};
use super::super::data::{Moment, shown};
use super::weak_ui;
use crate::gui::theme::{CONTROL_HEIGHT, palette, text};
use crate::gui::widgets::{Button, icon_button_ui};
use crate::gui::words;
use crate::jobs::get_back::Target;

impl Browse {
    pub(super) fn basket_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        let nothing = match (self.basket.is_empty(), self.moment) {
            (false, _) => None,
            (true, Some(Moment::Now)) => Some(ON_DISK),
            (true, _) => Some("Tick the boxes before what you want back"),
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let restore = Button::new("Restore…")
                .icon(Icon::Undo2)
                .explain(
                    "Puts what is picked back where it came from, after showing what will happen",
                )
                .disabled_because(nothing);
            if restore.show(ui) {
                asks.push(Ask::GetPicked(Target::Origin));
            }
            let extract = Button::primary("Extract…")
                .icon(Icon::Download)
                .explain("Copies what is picked into a folder that you choose")
                .disabled_because(nothing);
            if extract.show(ui) {
                asks.push(Ask::GetPicked(Target::Folder(Default::default())));
            }
            if !self.basket.is_empty() {
                if Button::quiet("Clear").show(ui) {
                    asks.push(Ask::ClearPicked);
                }
                let list = Button::quiet("List what is picked").response_ui(ui);
                Popup::menu(&list)
                    .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
                    .show(|ui| self.picked_ui(ui, asks));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                self.summary_ui(ui);
            });
        });
    }

    fn summary_ui(&self, ui: &mut Ui) {
        if self.basket.is_empty() {
            let hint = match self.moment {
                Some(Moment::Now) => {
                    "This is your disk as it is now. What was deleted can be ticked."
                }
                _ => {
                    "Tick what you want back: from several folders and several dates, if you like."
                }
            };
            weak_ui(ui, hint);
            return;
        }
        ui.label(RichText::new(&self.picked_words).text_style(text::strong()));
        let here = self.moment.and_then(|moment| self.series.get(moment));
        if let (Some(point), Some(folder)) = (here, self.folder())
            && let Some(around) = match self.basket.contains(&point.path, folder) {
                true => Some(folder),
                false => self.basket.folder_around(&point.path, folder),
            }
        {
            weak_ui(ui, &format!("{} is picked as a whole", shown(around)));
        }
    }

    /// Everything that is picked, to take single things out.
    fn picked_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        ui.set_min_width(420.0);
        let weak = palette(ui.ctx()).weak;
        let lines = self.basket.lines();
        ScrollArea::vertical().max_height(300.0).show_rows(
            ui,
            CONTROL_HEIGHT,
            lines.len(),
            |ui, range| {
                for (part, path, text) in lines.get(range).unwrap_or_default() {
                    ui.horizontal(|ui| {
                        let name = format!("Take out {text}");
                        if icon_button_ui(ui, Icon::X, &name).clicked() {
                            asks.push(Ask::Unpick {
                                file: part.file.clone(),
                                path: path.to_vec(),
                            });
                        }
                        let date = words::date_time(part.name.time());
                        ui.label(RichText::new(date).small().color(weak));
                        ui.add(egui::Label::new(text).truncate());
                    });
                }
            },
        );
    }
}
