//! What the window remembers from one day to the next: `window.toml` in the configuration folder.
//!
//! Losing it loses nothing of value, so a file that cannot be read counts as none, and one that cannot be
//! written is no reason to trouble anybody. It is read before the window is there, and written on a thread.

use std::fs;
use std::path::{Path, PathBuf};

use egui::ThemePreference;
use serde::{Deserialize, Serialize};

use crate::config::write::{Existing, make_folder, write};
use crate::snapshot::path_text;
use crate::snapshot::places::ArchiveName;

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub theme: ThemeChoice,
    /// How large everything is drawn.
    pub scale: f32,
    /// Width and height of the window, in points.
    pub size: Option<[f32; 2]>,
    /// The archive that was looked at last, and the folder in it.
    pub archive: Option<ArchiveName>,
    #[serde(with = "path_text::one")]
    pub folder: PathBuf,
    /// The column by which tables of files are sorted, and the direction.
    pub sort: Sort,
}

/// Light, dark, or as the desktop says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    #[default]
    Desktop,
    Light,
    Dark,
}

/// The order of a table of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    #[default]
    Name,
    Size,
    Modified,
    Kind,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            theme: ThemeChoice::Desktop,
            scale: 1.0,
            size: None,
            archive: None,
            folder: PathBuf::new(),
            sort: Sort::default(),
        }
    }
}

/// Scales beyond these cannot be used.
pub const SCALES: std::ops::RangeInclusive<f32> = 0.7..=2.5;

impl Settings {
    /// What the configuration folder has; the usual where it has nothing that can be read.
    pub fn load(config_dir: &Path) -> Settings {
        let text = fs::read_to_string(path_in(config_dir)).unwrap_or_default();
        let mut settings: Settings = toml::from_str(&text).unwrap_or_default();
        if !settings.scale.is_finite() {
            settings.scale = 1.0;
        }
        settings.scale = settings.scale.clamp(*SCALES.start(), *SCALES.end());
        settings.size = settings
            .size
            .filter(|size| size.iter().all(|side| (300.0..20_000.0).contains(side)));
        settings
    }

    /// Writes them; quietly does nothing where that is not possible.
    pub fn save(&self, config_dir: &Path) {
        if let Ok(text) = toml::to_string(self)
            && make_folder(config_dir).is_ok()
        {
            let _ = write(&path_in(config_dir), text.as_bytes(), Existing::Replace);
        }
    }
}

impl From<ThemeChoice> for ThemePreference {
    fn from(choice: ThemeChoice) -> ThemePreference {
        match choice {
            ThemeChoice::Desktop => ThemePreference::System,
            ThemeChoice::Light => ThemePreference::Light,
            ThemeChoice::Dark => ThemePreference::Dark,
        }
    }
}

impl From<ThemePreference> for ThemeChoice {
    fn from(preference: ThemePreference) -> ThemeChoice {
        match preference {
            ThemePreference::System => ThemeChoice::Desktop,
            ThemePreference::Light => ThemeChoice::Light,
            ThemePreference::Dark => ThemeChoice::Dark,
        }
    }
}

fn path_in(config_dir: &Path) -> PathBuf {
    config_dir.join("window.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings {
            theme: ThemeChoice::Dark,
            scale: 1.25,
            size: Some([1200.0, 800.0]),
            archive: Some(ArchiveName::new("home").unwrap()),
            folder: PathBuf::from("/home/me"),
            sort: Sort {
                by: SortBy::Size,
                descending: true,
            },
        };
        settings.save(dir.path());
        assert_eq!(Settings::load(dir.path()), settings);
    }

    #[test]
    fn what_makes_no_sense_is_replaced_by_the_usual() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "\0", "scale = nan", "scale = 1e30\nsize = [1.0, -5.0]"] {
            fs::write(dir.path().join("window.toml"), text).unwrap();
            let settings = Settings::load(dir.path());
            assert!(SCALES.contains(&settings.scale), "{text:?}");
            assert_eq!(settings.size, None);
        }
    }
}
