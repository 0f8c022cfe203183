//! "Convert": another layout, codec or level, with what that means and what it needs.

use egui::Ui;

use super::data::settings_words;
use super::form::SettingsForm;
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::dialogs::{DialogWindow, Stay};
use crate::gui::lines::convert_repository;
use crate::gui::theme::space;
use crate::gui::widgets::{Button, notice_ui};
use crate::human::size;
use crate::jobs::Work;
use crate::repository::settings::Settings;
use crate::snapshot::places::RepositoryName;

/// The dialog.
pub struct ConvertRepository {
    name: RepositoryName,
    now: Settings,
    form: SettingsForm,
}

impl ConvertRepository {
    pub fn new(name: RepositoryName, now: Settings) -> ConvertRepository {
        ConvertRepository {
            name,
            now,
            form: SettingsForm::new(now),
        }
    }
}

impl DialogWindow for ConvertRepository {
    fn title(&self) -> String {
        format!("Convert {}", self.name)
    }

    fn width(&self) -> f32 {
        560.0
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        let explanation = format!(
            "Everything in it is read, and written again in another form. Now it is: {}. Snapshots stay as they \
             are. It can be stopped at any time, and goes on where it stopped when it is started again.",
            settings_words(&self.now)
        );
        ui.add(egui::Label::new(explanation).wrap());
        ui.add_space(space::S);
        self.form.ui(ui);
        ui.add_space(space::S);
        let overview = cx.overview.repository(&self.name);
        let stored = overview.and_then(|overview| overview.stats.value());
        let free = overview.and_then(|overview| overview.state.value());
        if let (Some(stats), Some(state)) = (stored, free) {
            let (needed, free) = (stats.stored_bytes(), state.space.free);
            let line = format!(
                "Up to {} are needed meanwhile, since the old form is removed last; {} are free.",
                size(needed),
                size(free)
            );
            let (tone, title) = match needed > free {
                true => (Tone::Warning, "There may not be enough space"),
                false => (Tone::Information, "Space"),
            };
            notice_ui(ui, tone, title, &line);
        }
        let is_same = self
            .form
            .settings()
            .is_ok_and(|settings| settings == self.now);
        if is_same {
            let text = "It has this form already. Converting again finishes a conversion that was stopped.";
            ui.add(egui::Label::new(text).wrap());
        }
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        let settings = self.form.settings();
        let line = settings.map(|settings| convert_repository(&self.name, &settings));
        line.into_iter().collect()
    }

    fn buttons_ui(&mut self, ui: &mut Ui, _: &Cx<'_>, out: &mut Outbox) -> Stay {
        let settings = self.form.settings();
        let reason = settings.as_ref().err().map(|error| error.why().to_owned());
        if Button::primary("Convert")
            .disabled_because(reason.as_deref())
            .show(ui)
            && let Ok(settings) = settings
        {
            out.send(Command::Start(Work::Convert {
                repository: self.name.clone(),
                settings,
            }));
            return Stay::Close;
        }
        match Button::new("Cancel").show(ui) {
            true => Stay::Close,
            false => Stay::Open,
        }
    }
}
