//! What opens on top of a screen: one at a time, closed with Escape, opened by a command.

mod about_keys;
mod confirm;
mod delete;
mod first_run;
mod get_back;
mod quit;
mod settings;

use egui::{Frame, Id, Key, Modal, Modifiers, RichText, ScrollArea, Ui};

pub use about_keys::Shortcuts;
pub use confirm::Confirm;
pub use delete::{DeleteSnapshots, Planned, not_yet_ui};
pub use first_run::FirstRun;
pub use get_back::GetBack;
pub use quit::QuitWhileRunning;
pub use settings::SettingsDialog;

use super::command::Outbox;
use super::cx::Cx;
use super::theme::{space, text};
use super::widgets::{Button, command_lines_ui, follow_focus};

/// A dialog. It is plain data with a function that draws it.
pub trait DialogWindow {
    fn title(&self) -> String;

    /// In points; it is never wider than the window.
    fn width(&self) -> f32 {
        480.0
    }

    /// Takes in what threads have worked out.
    fn update(&mut self, cx: &Cx<'_>, out: &mut Outbox) {
        let _ = (cx, out);
    }

    /// Draws what is above the buttons; it scrolls when it is long.
    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox);

    /// What to type in a terminal for the same, once it could be done.
    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        let _ = cx;
        Vec::new()
    }

    /// Draws the buttons, from the right: the one that does it first. Says whether the dialog stays.
    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay;

    /// True while a thread does what was asked for, and may be waited for: it is not closed then, as what comes of
    /// it would not be told.
    fn is_busy(&self) -> bool {
        false
    }
}

/// Whether a dialog stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    Open,
    Close,
}

/// Draws "Cancel", which waits while the dialog is busy.
pub fn cancel_ui(ui: &mut Ui, is_busy: bool) -> Stay {
    let reason = is_busy.then_some("It is being done");
    match Button::new("Cancel").disabled_because(reason).show(ui) {
        true => Stay::Close,
        false => Stay::Open,
    }
}

pub type Dialog = Box<dyn DialogWindow>;

/// Draws the topmost dialog; takes it off the stack when it is closed.
pub fn dialogs_ui(ui: &mut Ui, stack: &mut Vec<Dialog>, cx: &Cx<'_>, out: &mut Outbox) {
    let depth = stack.len();
    let Some(dialog) = stack.last_mut() else {
        return;
    };
    let ctx = ui.ctx().clone();
    let room = ctx.content_rect().size();
    let mut stay = Stay::Open;
    let frame = Frame::popup(ui.style()).inner_margin(ui.spacing().window_margin);
    let modal = Modal::new(Id::unique(("dialog", depth))).frame(frame);
    modal.show(&ctx, |ui| {
        ui.set_width(dialog.width().min(room.x - 60.0));
        ui.label(RichText::new(dialog.title()).text_style(text::headline()));
        ui.add_space(space::S);
        // As high as it needs to be at once: by itself it would grow a little in each frame.
        let height = (room.y - 180.0).max(120.0);
        ScrollArea::vertical()
            .max_height(height)
            .min_scrolled_height(height)
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                dialog.body_ui(ui, cx, out);
                // They scroll with the rest: unfolded, they can be long.
                command_lines_ui(ui, &dialog.command_lines(cx), out);
                follow_focus(ui);
            });
        ui.add_space(space::M);
        ui.allocate_ui_with_layout(
            egui::vec2(ui.available_width(), super::theme::CONTROL_HEIGHT),
            egui::Layout::right_to_left(egui::Align::Center),
            |ui| stay = dialog.buttons_ui(ui, cx, out),
        );
    });
    let is_escaped = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let is_escaped = is_escaped && !dialog.is_busy();
    if stay == Stay::Close || is_escaped {
        // Only this one: a command may have opened another on top of it by the next frame.
        stack.truncate(depth - 1);
    }
}
