//! How a repository stores: layout, codec and level, each with what it means. For making one and for converting.

use egui::{Grid, RichText, Slider, Ui};

use crate::error::Result;
use crate::format::compression::Codec;
use crate::gui::theme::{palette, space};
use crate::gui::widgets::group_title_ui;
use crate::repository::settings::{Layout, Settings};

/// Settings that are being chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingsForm {
    layout: Layout,
    codec: Codec,
    level: i32,
}

impl SettingsForm {
    pub fn new(settings: Settings) -> SettingsForm {
        SettingsForm {
            layout: settings.layout,
            codec: settings.codec,
            level: settings.level,
        }
    }

    pub fn settings(&self) -> Result<Settings> {
        Settings::new(self.layout, self.codec, Some(self.level))
    }

    pub fn ui(&mut self, ui: &mut Ui) {
        group_title_ui(ui, "How files lie on the disk");
        Grid::new("layout")
            .num_columns(2)
            .spacing([space::L, space::XS])
            .show(ui, |ui| {
                let packs = "Recommended: fast, small, and few files on the disk.";
                if choice_ui(ui, self.layout == Layout::Packed, "In packs", packs) {
                    self.set_layout(Layout::Packed);
                }
                let loose = "Each can be read with zcat, without Gibus. Slower and larger.";
                if choice_ui(ui, self.layout == Layout::Loose, "One by one", loose) {
                    self.set_layout(Layout::Loose);
                }
            });
        ui.add_space(space::S);
        group_title_ui(ui, "How they are compressed");
        Grid::new("codec")
            .num_columns(2)
            .spacing([space::L, space::XS])
            .show(ui, |ui| {
                for (codec, label, explanation) in [
                    (Codec::Zstd, "zstd", "Recommended: small and fast."),
                    (
                        Codec::Gzip,
                        "gzip",
                        "Larger and slower; every system can read it.",
                    ),
                    (Codec::None, "Not at all", "Takes the most space."),
                ] {
                    if choice_ui(ui, self.codec == codec, label, explanation) {
                        self.set_codec(codec);
                    }
                }
            });
        let (lowest, highest) = self.codec.levels();
        if lowest < highest {
            ui.add_space(space::XS);
            let slider = Slider::new(&mut self.level, lowest..=highest)
                .text("Compression level: higher is smaller, and slower to write");
            ui.add(slider);
        }
    }

    fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
        // Whoever wants one file for each content wants to read them with zcat.
        self.set_codec(match layout {
            Layout::Packed => Codec::Zstd,
            Layout::Loose => Codec::Gzip,
        });
    }

    fn set_codec(&mut self, codec: Codec) {
        self.codec = codec;
        self.level = codec.default_level();
    }
}

fn choice_ui(ui: &mut Ui, is_chosen: bool, label: &str, explanation: &str) -> bool {
    let weak = palette(ui.ctx()).weak;
    let is_clicked = ui.radio(is_chosen, label).clicked();
    ui.label(RichText::new(explanation).small().color(weak));
    ui.end_row();
    is_clicked && !is_chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_chosen_can_be_used() {
        let mut form =
            SettingsForm::new(Settings::new(Layout::Packed, Codec::Zstd, Some(19)).unwrap());
        form.set_layout(Layout::Loose);
        let settings = form.settings().unwrap();
        assert_eq!((settings.codec, settings.level), (Codec::Gzip, 6));
        form.set_codec(Codec::None);
        assert_eq!(form.settings().unwrap().level, 0);
    }
}
