//! "Really?", with what will happen in words, and a name to be typed where there is no way back.

use egui::Ui;

use super::{DialogWindow, Stay};
use crate::gui::command::{Command, Outbox};
use crate::gui::cx::Cx;
use crate::gui::lines::of_work;
use crate::gui::theme::space;
use crate::gui::widgets::{Button, labelled_ui, text_field_ui};

/// A question before something is done.
pub struct Confirm {
    pub title: String,
    /// What will happen, a paragraph each.
    pub explanation: Vec<String>,
    /// On the button that does it.
    pub label: String,
    pub is_danger: bool,
    /// Has to be typed before it is done.
    pub typed_name: Option<String>,
    /// What is sent when the answer is yes.
    pub command: Option<Command>,
    typed: String,
}

impl Confirm {
    pub fn new(title: impl Into<String>, label: impl Into<String>, command: Command) -> Confirm {
        Confirm {
            title: title.into(),
            explanation: Vec::new(),
            label: label.into(),
            is_danger: false,
            typed_name: None,
            command: Some(command),
            typed: String::new(),
        }
    }

    pub fn explain(mut self, paragraph: impl Into<String>) -> Confirm {
        self.explanation.push(paragraph.into());
        self
    }

    pub fn danger(mut self) -> Confirm {
        self.is_danger = true;
        self
    }

    /// Asks for `name` to be typed.
    pub fn typed(mut self, name: impl Into<String>) -> Confirm {
        self.typed_name = Some(name.into());
        self
    }

    fn reason_against(&self) -> Option<String> {
        let name = self.typed_name.as_ref()?;
        (self.typed.trim() != name).then(|| format!("Type {name} above first"))
    }
}

impl DialogWindow for Confirm {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn body_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, _: &mut Outbox) {
        for paragraph in &self.explanation {
            ui.add(egui::Label::new(paragraph).wrap());
        }
        if let Some(name) = &self.typed_name {
            ui.add_space(space::S);
            labelled_ui(ui, &format!("Type {name} to confirm"), |ui| {
                text_field_ui(ui, &mut self.typed, "Name to confirm", name, 240.0);
            });
        }
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        match &self.command {
            Some(Command::Start(work)) => of_work(work, cx.overview),
            _ => Vec::new(),
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, out: &mut Outbox) -> Stay {
        let reason = self.reason_against();
        let button = match self.is_danger {
            true => Button::danger(&self.label),
            false => Button::primary(&self.label),
        };
        if button.disabled_because(reason.as_deref()).show(ui) {
            if let Some(command) = self.command.take() {
                out.send(command);
            }
            return Stay::Close;
        }
        if Button::new("Cancel").show(ui) {
            return Stay::Close;
        }
        Stay::Open
    }
}
