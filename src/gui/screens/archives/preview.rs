//! The live preview: what the rules, as they are being changed, would take and leave out.
//!
//! It is the engine's own survey on a thread. When the rules change it begins anew after a short pause, so that
//! typing does not start a walk of the disk with every letter; until it is done the figures from before stay,
//! and are marked as being of before.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::data::Counted;
use crate::error::{Error, ErrorKind};
use crate::gui::cx::Cx;
use crate::jobs::Fetch;
use crate::progress::lock;
use crate::snapshot::preview::{Survey, survey};
use crate::snapshot::specification::Specification;

/// So long the rules have to stay as they are before something is worked out anew.
pub const PAUSE: Duration = Duration::from_millis(400);

/// What a preview is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub specification: Specification,
    /// The folders of the archive and of its repository.
    pub own: Vec<PathBuf>,
}

/// Tells when something that depends on a subject has to be worked out anew.
#[derive(Default)]
pub struct Settling {
    begun_for: Option<Subject>,
    wanted: Option<(Subject, Instant)>,
}

impl Settling {
    /// True once, when `subject` is another than before and has stayed so for a while. The first is taken at once.
    pub fn is_due(&mut self, subject: &Subject) -> bool {
        if self.begun_for.as_ref() == Some(subject) {
            self.wanted = None;
            return false;
        }
        let is_settled = match &self.wanted {
            Some((wanted, since)) if wanted == subject => since.elapsed() >= PAUSE,
            _ => {
                self.wanted = Some((subject.clone(), Instant::now()));
                self.begun_for.is_none()
            }
        };
        if is_settled {
            self.wanted = None;
            self.begun_for = Some(subject.clone());
        }
        is_settled
    }

    /// Something is going to be worked out anew in a moment.
    pub fn is_waiting(&self) -> bool {
        self.wanted.is_some()
    }

    /// What was begun last.
    pub fn begun_for(&self) -> Option<&Subject> {
        self.begun_for.as_ref()
    }

    /// Takes the next subject at once, even if it is the same.
    pub fn restart(&mut self) {
        *self = Settling::default();
    }
}

/// The figures of an archive's rules.
#[derive(Default)]
pub struct Preview {
    counted: Fetch<Counted>,
    so_far: Arc<Mutex<Option<Survey>>>,
    settling: Settling,
    /// Why nothing can be counted: the rules cannot be carried out.
    refused: Option<Error>,
}

impl Preview {
    /// Takes in what was counted; begins to count anew where that is due.
    pub fn update(&mut self, subject: &Subject, cx: &Cx<'_>) {
        self.counted.poll();
        if !self.settling.is_due(subject) {
            return;
        }
        self.refused = subject.specification.validate().err();
        if self.refused.is_some() {
            self.counted.cancel();
            return;
        }
        // A place of its own, so that a walk that is being cancelled does not tell its figures as the new one's.
        self.so_far = Arc::default();
        let (subject, so_far) = (subject.clone(), Arc::clone(&self.so_far));
        let wake = Arc::clone(cx.workers.wake());
        self.counted.start(cx.workers, "preview", move |monitor| {
            let mut progress = |survey: &Survey| {
                *lock(&so_far) = Some(survey.clone());
                wake();
            };
            let Subject { specification, own } = subject;
            let survey = survey(&specification, &own, monitor, &mut progress)?;
            Ok(Counted {
                specification,
                survey,
            })
        });
    }

    /// Counts anew, for the disk has changed.
    pub fn again(&mut self) {
        self.settling.restart();
    }

    /// Stops counting, for nobody looks; what was counted stays.
    pub fn rest(&mut self) {
        if self.counted.is_loading() {
            self.counted.cancel();
            self.settling.restart();
        }
    }

    /// The figures there are; of before, unless [`Preview::is_current`].
    pub fn counted(&self) -> Option<&Counted> {
        self.counted.value()
    }

    /// The figures are those of the rules as they are now.
    pub fn is_current(&self) -> bool {
        let is_over = !self.counted.is_loading() && !self.settling.is_waiting();
        is_over && self.refused.is_none() && self.counted.value().is_some()
    }

    pub fn is_counting(&self) -> bool {
        self.counted.is_loading()
    }

    pub fn is_waiting(&self) -> bool {
        self.settling.is_waiting()
    }

    pub fn is_not_answering(&self) -> bool {
        // A long walk is no silence.
        self.counted.is_not_answering() && lock(&self.so_far).is_none()
    }

    /// What has been found since the walk began, while it goes on.
    pub fn so_far(&self) -> Option<Counted> {
        let specification = &self.settling.begun_for()?.specification;
        let survey = lock(&self.so_far).clone()?;
        self.counted.is_loading().then(|| Counted {
            specification: specification.clone(),
            survey,
        })
    }

    /// Why there are no figures.
    pub fn error(&self) -> Option<&Error> {
        let begun_for = self.settling.begun_for();
        // The list of includes says so itself, in better words.
        if begun_for.is_some_and(|subject| subject.specification.includes.is_empty()) {
            return None;
        }
        let error = self.refused.as_ref().or(self.counted.error())?;
        (error.kind() != ErrorKind::Cancelled).then_some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(path: &str) -> Subject {
        Subject {
            specification: Specification::of(vec![path.into()]),
            own: Vec::new(),
        }
    }

    #[test]
    fn the_first_subject_is_taken_at_once_and_each_only_once() {
        let mut settling = Settling::default();
        assert!(settling.is_due(&subject("/a")));
        assert!(!settling.is_due(&subject("/a")));
    }

    #[test]
    fn another_subject_has_to_stay_for_a_while() {
        let mut settling = Settling::default();
        assert!(settling.is_due(&subject("/a")));
        assert!(!settling.is_due(&subject("/b")));
        assert!(settling.is_waiting());
        std::thread::sleep(PAUSE);
        assert!(settling.is_due(&subject("/b")));
        assert!(!settling.is_waiting());
    }

    #[test]
    fn going_back_to_what_was_begun_needs_nothing() {
        let mut settling = Settling::default();
        settling.is_due(&subject("/a"));
        settling.is_due(&subject("/b"));
        assert!(!settling.is_due(&subject("/a")));
        assert!(!settling.is_waiting());
    }
}
