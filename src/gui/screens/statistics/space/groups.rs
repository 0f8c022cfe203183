//! Kinds of files by colour. There are more kinds than colours that everybody can tell apart, so some have one
//! together.

use egui::Color32;

use crate::gui::theme::Palette;
use crate::snapshot::usage::FileKind;

/// Kinds of one colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Pictures,
    Videos,
    Sound,
    Documents,
    Code,
    Archives,
    Programs,
    Other,
}

impl Group {
    pub const ALL: [Group; 8] = [
        Group::Pictures,
        Group::Videos,
        Group::Sound,
        Group::Documents,
        Group::Code,
        Group::Archives,
        Group::Programs,
        Group::Other,
    ];

    pub fn of(kind: FileKind) -> Group {
        match kind {
            FileKind::Picture => Group::Pictures,
            FileKind::Video => Group::Videos,
            FileKind::Sound => Group::Sound,
            FileKind::Document | FileKind::Text => Group::Documents,
            FileKind::Code => Group::Code,
            FileKind::Archive | FileKind::DiskImage => Group::Archives,
            FileKind::Database | FileKind::Program => Group::Programs,
            FileKind::Other => Group::Other,
        }
    }

    /// That of the kind with most bytes, of bytes in the order of [`FileKind::ALL`].
    pub fn of_most(kinds: &[u64; FileKind::COUNT]) -> Group {
        let all = FileKind::ALL.into_iter().zip(kinds);
        let most = all.max_by_key(|(_, bytes)| **bytes);
        match most {
            Some((kind, bytes)) if *bytes > 0 => Group::of(kind),
            _ => Group::Other,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Group::Pictures => "Pictures",
            Group::Videos => "Videos",
            Group::Sound => "Sound",
            Group::Documents => "Documents",
            Group::Code => "Code",
            Group::Archives => "Archives",
            Group::Programs => "Programs",
            Group::Other => "Other",
        }
    }

    /// All kinds that have its colour.
    pub fn explanation(self) -> &'static str {
        match self {
            Group::Documents => "Documents and text",
            Group::Archives => "Archives and disk images",
            Group::Programs => "Programs and databases",
            other => other.label(),
        }
    }

    fn ink(self, palette: &Palette) -> Color32 {
        palette.series(match self {
            Group::Pictures => 0,
            Group::Videos => 1,
            Group::Documents => 2,
            Group::Archives => 3,
            Group::Sound => 4,
            Group::Code => 5,
            Group::Programs => 6,
            Group::Other => 7,
        })
    }

    /// What its rectangles are filled with: light enough in a light window, and dark enough in a dark one, that
    /// text can be read on it.
    pub fn fill(self, palette: &Palette) -> Color32 {
        let part = if palette.is_dark { 0.42 } else { 0.46 };
        palette.card.lerp_to_gamma(self.ink(palette), part)
    }

    /// What a folder is filled with around the things in it.
    pub fn wash(self, palette: &Palette) -> Color32 {
        palette.card.lerp_to_gamma(self.ink(palette), 0.16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::theme::{DARK, LIGHT, contrast};

    #[test]
    fn every_kind_has_a_group_and_names_can_be_read_on_its_colour() {
        let groups: std::collections::BTreeSet<Group> =
            FileKind::ALL.into_iter().map(Group::of).collect();
        assert_eq!(groups.len(), Group::ALL.len());
        for palette in [LIGHT, DARK] {
            for group in Group::ALL {
                for paper in [group.fill(&palette), group.wash(&palette)] {
                    let ratio = contrast(palette.text, paper);
                    assert!(ratio >= 4.5, "{group:?}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn a_folder_is_of_the_kind_that_most_of_its_bytes_are_of() {
        let mut kinds = [0; FileKind::COUNT];
        assert_eq!(Group::of_most(&kinds), Group::Other);
        kinds[FileKind::Text.index()] = 10;
        kinds[FileKind::Video.index()] = 11;
        assert_eq!(Group::of_most(&kinds), Group::Videos);
    }
}
