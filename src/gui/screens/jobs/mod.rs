//! Jobs: what is happening, and what came of what happened?
//!
//! Above, what is running; below, what has ended, of this session and of earlier days, and the one of them that
//! is looked at with everything that went wrong in it.

mod data;
mod details;
mod ui;

use egui::Ui;
use jiff::Timestamp;

use self::data::{Findings, Row};
use super::Screen;
use crate::gui::command::Outbox;
use crate::gui::cx::Cx;
use crate::gui::lines::{back_up, of_work};
use crate::gui::widgets::table::TableState;
use crate::jobs::{JobId, Work};

/// The state of the screen.
#[derive(Default)]
pub struct JobsScreen {
    rows: Vec<Row>,
    table: TableState,
    /// The one that is looked at: when it began tells it from all others.
    selected: Option<Timestamp>,
    findings: Findings,
    list: TableState,
    /// Is shown as soon as it has ended.
    awaited: Option<JobId>,
    /// How many had ended when the rows were made.
    made_for: (usize, usize),
}

impl JobsScreen {
    /// Shows this job.
    pub fn show(&mut self, job: JobId) {
        self.awaited = Some(job);
        // The rows are looked through for it.
        self.made_for = (usize::MAX, usize::MAX);
    }

    fn make_rows(&mut self, cx: &Cx<'_>) {
        let ended = cx.jobs.all().filter(|job| !job.is_running()).count();
        let made_for = (ended, cx.history.entries.len());
        if self.made_for == made_for {
            return;
        }
        self.made_for = made_for;
        self.rows = data::rows(cx.jobs, cx.history);
        let awaited = self.awaited.and_then(|job| {
            let row = self.rows.iter().find(|row| row.job == Some(job))?;
            Some(row.entry.started)
        });
        let newest = self.rows.first().map(|row| row.entry.started);
        if awaited.is_some() {
            self.awaited = None;
        }
        // Whoever has chosen nothing sees the newest.
        let is_chosen = self.table.cursor.is_some_and(|cursor| cursor > 0);
        let kept = self.selected.filter(|_| is_chosen);
        self.select(awaited.or(kept).or(newest), cx);
    }

    fn select(&mut self, started: Option<Timestamp>, cx: &Cx<'_>) {
        let place = self
            .rows
            .iter()
            .position(|row| Some(row.entry.started) == started);
        match place {
            Some(place) if self.table.cursor != Some(place) => self.table.go_to(place),
            _ => {}
        }
        if self.selected == started && place.is_some() {
            return;
        }
        self.selected = started;
        self.list.reset();
        self.findings = match place.map(|place| &self.rows[place]) {
            None => Findings::default(),
            Some(row) => match row.job.and_then(|job| cx.jobs.get(job)) {
                Some(job) => Findings::of_job(&job.problems()),
                None => Findings::of_entry(&row.entry),
            },
        };
    }

    fn selected_row(&self) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| Some(row.entry.started) == self.selected)
    }

    /// What the selected job did, if it can be done again.
    fn work_again(&self, cx: &Cx<'_>) -> Option<Work> {
        let row = self.selected_row()?;
        let its_own = row.job.and_then(|job| cx.jobs.get(job));
        let is_plain = |work: &&Work| data::can_be_done_again(work);
        match its_own.map(|job| &job.work).filter(is_plain) {
            Some(work) => Some(work.clone()),
            None => data::work_again(&row.entry),
        }
    }
}

impl Screen for JobsScreen {
    fn update(&mut self, cx: &Cx<'_>, is_shown: bool, _: &mut Outbox) {
        if is_shown {
            self.make_rows(cx);
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) {
        self.jobs_ui(ui, cx, out);
    }

    fn command_lines(&self, cx: &Cx<'_>) -> Vec<String> {
        let running: Vec<String> = cx
            .jobs
            .running()
            .flat_map(|job| of_work(&job.work, cx.overview))
            .collect();
        if !running.is_empty() {
            return running;
        }
        let row = self.selected_row();
        let job = row.and_then(|row| cx.jobs.get(row.job?));
        let selected = match (job, row) {
            (Some(job), _) => of_work(&job.work, cx.overview),
            (None, Some(row)) => data::work_again(&row.entry)
                .map(|work| of_work(&work, cx.overview))
                .unwrap_or_default(),
            (None, None) => Vec::new(),
        };
        let archives = &cx.overview.archives;
        if !selected.is_empty() || archives.is_empty() {
            return selected;
        }
        // What most jobs are.
        vec![back_up(archives.iter().map(|archive| &archive.name))]
    }
}
