//! Counting what a specification would take, by the backup's own rules, while somebody looks.

use std::sync::{Arc, Mutex};

use crate::error::Error;
use crate::jobs::{Fetch, Workers};
use crate::progress::lock;
use crate::snapshot::preview::{Survey, survey};
use crate::snapshot::specification::Specification;

/// A survey that is under way or done.
#[derive(Default)]
pub struct Counting {
    /// What is counted.
    specification: Option<Specification>,
    end: Fetch<()>,
    so_far: Arc<Mutex<Survey>>,
    /// What was looked at last.
    survey: Survey,
}

impl Counting {
    /// Counts this, unless it is being counted or is done already.
    pub fn count(&mut self, specification: &Specification, workers: &Workers) {
        if self.specification.as_ref() == Some(specification) {
            return;
        }
        self.specification = Some(specification.clone());
        self.survey = Survey::default();
        // A walk that is cancelled may tell once more: it has the old one to tell it to.
        let so_far = Arc::new(Mutex::new(Survey::default()));
        self.so_far = Arc::clone(&so_far);
        let (specification, wake) = (specification.clone(), Arc::clone(workers.wake()));
        self.end.start(workers, "counting", move |monitor| {
            let mut tell = |survey: &Survey| {
                *lock(&so_far) = survey.clone();
                wake();
            };
            survey(&specification, &[], monitor, &mut tell).map(|_| ())
        });
    }

    /// Takes in how far it is.
    pub fn update(&mut self) {
        if self.end.is_loading() {
            self.end.poll();
            self.survey.clone_from(&lock(&self.so_far));
        }
    }

    /// The sums so far; whole once it is done.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    pub fn is_done(&self) -> bool {
        self.survey.is_complete
    }

    pub fn error(&self) -> Option<&Error> {
        self.end.error()
    }

    /// Nothing was asked for.
    pub fn is_stopped(&self) -> bool {
        self.specification.is_none()
    }

    /// Stops; counting the same again begins anew.
    pub fn stop(&mut self) {
        self.end.clear();
        self.specification = None;
    }
}
