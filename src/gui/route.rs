//! The screens, in the order in which the sidebar shows them.

use lucide_icons::Icon;

/// One of the screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Route {
    #[default]
    Home,
    Archives,
    Browse,
    Statistics,
    Repositories,
    Jobs,
    Exigency,
}

impl Route {
    pub const ALL: [Route; 7] = [
        Route::Home,
        Route::Archives,
        Route::Browse,
        Route::Statistics,
        Route::Repositories,
        Route::Jobs,
        Route::Exigency,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Route::Home => "Home",
            Route::Archives => "Archives",
            Route::Browse => "Browse",
            Route::Statistics => "Statistics",
            Route::Repositories => "Repositories",
            Route::Jobs => "Jobs",
            Route::Exigency => "Exigency",
        }
    }

    /// The question that the screen answers.
    pub fn question(self) -> &'static str {
        match self {
            Route::Home => "Am I safe?",
            Route::Archives => "What is backed up?",
            Route::Browse => "Where is my file?",
            Route::Statistics => "What does it cost?",
            Route::Repositories => "Is it healthy?",
            Route::Jobs => "What is happening?",
            Route::Exigency => "I have lost everything",
        }
    }

    pub fn icon(self) -> Icon {
        match self {
            Route::Home => Icon::House,
            Route::Archives => Icon::Archive,
            Route::Browse => Icon::FolderSearch,
            Route::Statistics => Icon::ChartColumn,
            Route::Repositories => Icon::HardDrive,
            Route::Jobs => Icon::ListChecks,
            Route::Exigency => Icon::LifeBuoy,
        }
    }
}
