//! Fields to type into, each with its name.

use egui::{Response, RichText, TextEdit, Ui, vec2};
use lucide_icons::Icon;

use super::paint_icon;
use crate::gui::theme::{CONTROL_HEIGHT, palette};

/// A name above whatever is to be filled in.
pub fn labelled_ui<R>(ui: &mut Ui, label: &str, add_contents: impl FnOnce(&mut Ui) -> R) -> R {
    let weak = palette(ui.ctx()).weak;
    ui.vertical(|ui| {
        ui.label(RichText::new(label).color(weak).small());
        add_contents(ui)
    })
    .inner
}

/// One line of text; `name` is for screen readers, `hint` stands in it while it is empty.
pub fn text_field_ui(
    ui: &mut Ui,
    value: &mut String,
    name: &str,
    hint: &str,
    width: f32,
) -> Response {
    let edit = TextEdit::singleline(value)
        .hint_text(hint)
        .desired_width(width)
        .margin(egui::Margin::symmetric(8, 6));
    named(ui.add(edit), ui, name)
}

/// A field to search with, marked by a glass.
pub fn search_field_ui(
    ui: &mut Ui,
    value: &mut String,
    name: &str,
    hint: &str,
    width: f32,
) -> Response {
    let edit = TextEdit::singleline(value)
        .hint_text(hint)
        .desired_width(width - 28.0)
        .margin(egui::Margin {
            left: 28,
            right: 8,
            top: 6,
            bottom: 6,
        });
    let response = ui.add(edit);
    let place = egui::Rect::from_min_size(response.rect.min, vec2(28.0, CONTROL_HEIGHT));
    paint_icon(ui, place, Icon::Search, 14.0, palette(ui.ctx()).weak);
    named(response, ui, name)
}

/// Gives a text field a name beside its value.
fn named(response: Response, ui: &Ui, name: &str) -> Response {
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}
