//! The screens: one folder each.
//!
//! `mod.rs` holds the state, takes in what threads have worked out and starts what is needed; `data.rs` is plain
//! data and what is worked out from it; `ui.rs` draws. Screens do not know each other: they send commands.

pub mod archives;
pub mod browse;
pub mod exigency;
pub mod home;
pub mod jobs;
pub mod repositories;
pub mod statistics;

use egui::Ui;

use super::command::Outbox;
use super::cx::Cx;
use super::route::Route;

/// A screen.
pub trait Screen {
    /// Takes in what threads have worked out; starts what is needed, if the screen is shown. Called before every
    /// drawing of the window, for all screens.
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, out: &mut Outbox);

    /// Draws it, below its title.
    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox);

    /// Draws what stands at the right of its title: the things to do.
    fn head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        let _ = (ui, cx, out);
    }

    /// What to type in a terminal for what is shown or about to be done.
    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String>;

    /// Puts the cursor into its search field; false if it has none.
    fn find(&mut self) -> bool {
        false
    }
}

/// All screens, with what each of them remembers.
#[derive(Default)]
pub struct Screens {
    pub home: home::Home,
    pub archives: archives::Archives,
    pub browse: browse::Browse,
    pub statistics: statistics::Statistics,
    pub repositories: repositories::Repositories,
    pub jobs: jobs::JobsScreen,
    pub exigency: exigency::Exigency,
}

impl Screens {
    pub fn get_mut(&mut self, route: Route) -> &mut dyn Screen {
        match route {
            Route::Home => &mut self.home,
            Route::Archives => &mut self.archives,
            Route::Browse => &mut self.browse,
            Route::Statistics => &mut self.statistics,
            Route::Repositories => &mut self.repositories,
            Route::Jobs => &mut self.jobs,
            Route::Exigency => &mut self.exigency,
        }
    }
}
