//! Buttons: an icon where it helps, one of four weights, and a reason where it cannot be pressed.

use egui::{Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use super::paint_icon;
use crate::gui::theme::{CONTROL_HEIGHT, CONTROL_RADIUS, palette, space};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do here.
    Primary,
    #[default]
    Normal,
    /// Deletes something.
    Danger,
    /// Without a frame until the pointer is over it.
    Quiet,
}

/// A button.
pub struct Button<'a> {
    label: &'a str,
    name: Option<&'a str>,
    icon: Option<Icon>,
    kind: ButtonKind,
    explanation: Option<&'a str>,
    disabled: Option<&'a str>,
}

impl<'a> Button<'a> {
    pub fn new(label: &'a str) -> Button<'a> {
        Button {
            label,
            name: None,
            icon: None,
            kind: ButtonKind::Normal,
            explanation: None,
            disabled: None,
        }
    }

    pub fn primary(label: &'a str) -> Button<'a> {
        Button::new(label).kind(ButtonKind::Primary)
    }

    pub fn danger(label: &'a str) -> Button<'a> {
        Button::new(label).kind(ButtonKind::Danger)
    }

    pub fn quiet(label: &'a str) -> Button<'a> {
        Button::new(label).kind(ButtonKind::Quiet)
    }

    /// What screen readers call it, where the label alone stands on several buttons.
    pub fn named(mut self, name: &'a str) -> Button<'a> {
        self.name = Some(name);
        self
    }

    pub fn kind(mut self, kind: ButtonKind) -> Button<'a> {
        self.kind = kind;
        self
    }

    pub fn icon(mut self, icon: Icon) -> Button<'a> {
        self.icon = Some(icon);
        self
    }

    /// Shown when the pointer rests on it.
    pub fn explain(mut self, explanation: &'a str) -> Button<'a> {
        self.explanation = Some(explanation);
        self
    }

    /// Cannot be pressed, for this reason; `None`: it can.
    pub fn disabled_because(mut self, reason: Option<&'a str>) -> Button<'a> {
        self.disabled = reason;
        self
    }

    /// Draws it; true when it was pressed.
    pub fn show(self, ui: &mut Ui) -> bool {
        self.response_ui(ui).clicked()
    }

    /// Draws it.
    pub fn response_ui(self, ui: &mut Ui) -> Response {
        let palette = palette(ui.ctx());
        let is_enabled = self.disabled.is_none() && ui.is_enabled();
        let (ink, icon_ink) = match self.kind {
            ButtonKind::Primary if is_enabled => (palette.on_accent, palette.on_accent),
            ButtonKind::Danger if is_enabled => (palette.error, palette.error),
            _ if !is_enabled => (palette.weak, palette.weak),
            _ => (palette.text, palette.accent),
        };
        // The icon is painted beside the text: its glyph must not be a part of the name.
        let text = RichText::new(self.label).color(ink);
        let mut button = match self.icon {
            Some(_) => egui::Button::new((
                egui::AtomExt::atom_size(egui::Atom::default(), vec2(14.0, 14.0)),
                text,
            )),
            None => egui::Button::new(text),
        };
        button = button
            .min_size(vec2(0.0, CONTROL_HEIGHT))
            .corner_radius(CONTROL_RADIUS);
        match self.kind {
            ButtonKind::Primary if is_enabled => {
                button = button.fill(palette.accent).stroke((1.0, palette.accent));
            }
            ButtonKind::Danger if is_enabled => button = button.stroke((1.0, palette.error)),
            ButtonKind::Quiet => button = button.frame_when_inactive(false),
            _ => {}
        }
        let response = ui.add_enabled(self.disabled.is_none(), button);
        focus_ring(ui, &response);
        if let Some(name) = self.name {
            ui.ctx()
                .accesskit_node_builder(response.id, |node| node.set_label(name));
        }
        if let Some(icon) = self.icon {
            let mut place = response.rect;
            place.min.x += space::M - 2.0;
            place.max.x = place.min.x + 16.0;
            paint_icon(ui, place, icon, 15.0, icon_ink);
        }
        match (self.disabled, self.explanation) {
            (Some(reason), _) => response.on_disabled_hover_text(reason),
            (None, Some(explanation)) => response.on_hover_text(explanation),
            (None, None) => response,
        }
    }
}

/// A square button that shows only an icon; `name` is said by screen readers and when the pointer rests on it.
pub fn icon_button_ui(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    let palette = palette(ui.ctx());
    let size = vec2(CONTROL_HEIGHT, CONTROL_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let ink = match ui.is_enabled() {
        true if response.hovered() => palette.text,
        _ => palette.weak,
    };
    if response.hovered() {
        ui.painter()
            .rect_filled(rect, f32::from(CONTROL_RADIUS), palette.hover);
    }
    focus_ring(ui, &response);
    paint_icon(ui, rect, icon, 17.0, ink);
    response.on_hover_text(name)
}

/// Text that leads somewhere.
pub fn link_ui(ui: &mut Ui, text: &str) -> Response {
    let palette = palette(ui.ctx());
    let response = ui.link(RichText::new(text).color(palette.accent));
    focus_ring(ui, &response);
    response
}

/// Shows where the keyboard is.
pub(super) fn focus_ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        let palette = palette(ui.ctx());
        ui.painter().rect_stroke(
            response.rect.expand(1.0),
            f32::from(CONTROL_RADIUS),
            (2.0, palette.accent),
            egui::StrokeKind::Outside,
        );
    }
}
