//! Getting files back: where to, what will happen, then how far it is and what came of it.
//!
//! Nothing is written before the plan has been seen and its button pressed. The plan on show is always the one that
//! would be carried out: when a choice changes, it is made anew, and the button waits for that.

mod data;
mod ui;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Ui;

use self::data::{Filter, PlanView};
use super::{DialogWindow, Stay};
use crate::gui::command::{Command, Outbox, Tone};
use crate::gui::cx::Cx;
use crate::gui::picker::PickWhat;
use crate::gui::widgets::table::TableState;
use crate::gui::widgets::{Button, PathField};
use crate::gui::words;
use crate::jobs::get_back::{Prepared, Request, Target, prepare};
use crate::jobs::history::HistoryResult;
use crate::jobs::{Fetch, Job, JobId, Work};
use crate::progress::Severity;

/// The plan is made anew when typing has paused for so long.
const TYPING_PAUSE: Duration = Duration::from_millis(350);
/// What is suggested to extract into, below the home folder.
const SUGGESTED: &str = "Restored";

/// The dialog.
pub struct GetBack {
    request: Request,
    choices: Choices,
    /// What the plan on show, or the one being made, is for.
    planned_for: Option<Wanted>,
    plan: Fetch<Planned>,
    steps: Steps,
    stage: Stage,
}

/// What can be chosen.
struct Choices {
    /// Restore to where things came from, rather than extract to a folder.
    is_origin: bool,
    folder: PathField,
    overwrite: bool,
    /// When something was typed last.
    typed: Option<Instant>,
}

/// The choices as a plan needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    target: Target,
    overwrite: bool,
}

struct Planned {
    prepared: Arc<Prepared>,
    view: Arc<PlanView>,
}

/// Which steps of the plan are shown.
#[derive(Default)]
struct Steps {
    filter: Filter,
    /// What `shown` is for.
    applied: Filter,
    /// `None` in a fetch that is empty: all of them.
    shown: Fetch<Vec<u32>>,
    table: TableState,
}

enum Stage {
    Choosing,
    /// The job was asked for, and is not in the list yet.
    Starting(Arc<Prepared>),
    Running(JobId),
    Ended(Summary),
}

/// What came of it.
struct Summary {
    tone: Tone,
    title: &'static str,
    sentence: String,
    /// What went wrong, by path: what, and whether it matters for the outcome.
    problems: Vec<(String, String, bool)>,
    table: TableState,
}

/// What was asked for while drawing.
enum Message {
    Extract,
    Restore,
    Overwrite(bool),
    /// The folder was typed or chosen.
    FolderChanged,
    /// Extract into a folder that is certainly new.
    NewFolder,
    PlanAgain,
    Filter(Filter),
}

impl GetBack {
    /// The dialog for a request; where its folder is empty, one below `home` is suggested.
    pub fn new(request: Request, home: Option<&Path>) -> GetBack {
        let mut folder = PathField::new(PickWhat::Folder, "Folder to extract to");
        match (&request.target, home) {
            (Target::Folder(given), _) if !given.as_os_str().is_empty() => folder.set(given),
            (_, Some(home)) => folder.set(&home.join(SUGGESTED)),
            _ => {}
        }
        GetBack {
            choices: Choices {
                is_origin: request.target == Target::Origin,
                folder,
                overwrite: request.overwrite,
                typed: None,
            },
            request,
            planned_for: None,
            plan: Fetch::default(),
            steps: Steps::default(),
            stage: Stage::Choosing,
        }
    }

    /// Makes the plan for what is chosen now, unless it is there or on its way.
    fn plan_what_is_wanted(&mut self, cx: &Cx<'_>) {
        let pause = self.choices.typed.map(|typed| typed.elapsed());
        if pause.is_some_and(|pause| pause < TYPING_PAUSE) {
            return;
        }
        self.choices.typed = None;
        let wanted = self.choices.wanted(cx).ok();
        if wanted == self.planned_for {
            return;
        }
        self.planned_for.clone_from(&wanted);
        let Some(wanted) = wanted else {
            self.plan.clear();
            return;
        };
        let request = Request {
            target: wanted.target,
            overwrite: wanted.overwrite,
            ..self.request.clone()
        };
        let catalog = cx.catalog.clone();
        self.plan.start(cx.workers, "plan", move |monitor| {
            let prepared = prepare(&catalog, request, monitor)?;
            let view = prepared.look(|parts| PlanView::new(&prepared.request, parts, monitor))?;
            Ok(Planned {
                prepared: Arc::new(prepared),
                view: Arc::new(view),
            })
        });
    }

    /// Why the plan cannot be carried out now.
    fn reason_against(&self, cx: &Cx<'_>) -> Option<String> {
        let wanted = match self.choices.wanted(cx) {
            Ok(wanted) => wanted,
            Err(why) => return Some(why),
        };
        if self.plan.is_loading() || self.planned_for != Some(wanted) {
            return Some("The plan is still being made".to_owned());
        }
        match self.plan.value() {
            Some(planned) => planned.view.reason_against().map(str::to_owned),
            None => Some("There is no plan, for the reason above".to_owned()),
        }
    }

    fn handle(&mut self, message: Message, cx: &Cx<'_>) {
        let choices = &mut self.choices;
        match message {
            Message::Extract => choices.is_origin = false,
            Message::Restore => choices.is_origin = true,
            Message::Overwrite(overwrite) => choices.overwrite = overwrite,
            Message::FolderChanged => choices.typed = Some(Instant::now()),
            Message::NewFolder => {
                if let Some(folder) = choices.folder.path(cx) {
                    let folder = data::folder_below(&folder, cx.now.datetime());
                    choices.folder.set(&folder);
                }
            }
            Message::PlanAgain => self.planned_for = None,
            Message::Filter(filter) => self.steps.filter = filter,
        }
    }

    fn carry_out(&mut self, out: &mut Outbox) {
        if let Some(planned) = self.plan.value() {
            let prepared = Arc::clone(&planned.prepared);
            out.send(Command::Start(Work::GetBack(Arc::clone(&prepared))));
            self.request.target = match self.planned_for.take() {
                // The folder that has all of it is what is opened afterwards.
                Some(Wanted { target, .. }) if target != Target::Origin => target,
                _ => Target::Folder(planned.view.folder.clone()),
            };
            self.stage = Stage::Starting(prepared);
            // From here on the plan is the job's, and goes when that has ended.
            self.plan.clear();
            self.steps = Steps::default();
        }
    }
}

impl Choices {
    /// Errors: what is missing, for a person.
    fn wanted(&self, cx: &Cx<'_>) -> Result<Wanted, String> {
        let target = match self.is_origin {
            true => Target::Origin,
            false => {
                let folder = self.folder.path(cx);
                match (data::reason_against_folder(folder.as_deref()), folder) {
                    (None, Some(folder)) => Target::Folder(folder),
                    (why, _) => return Err(why.unwrap_or_default()),
                }
            }
        };
        Ok(Wanted {
            target,
            overwrite: self.overwrite,
        })
    }
}

impl Steps {
    fn update(&mut self, view: Option<&Arc<PlanView>>, is_new_plan: bool, cx: &Cx<'_>) {
        if is_new_plan {
            self.shown.clear();
            self.applied = Filter::default();
            self.table.reset();
        }
        if self.shown.poll() {
            self.table.reset();
        }
        let Some(view) = view.filter(|_| self.filter != self.applied) else {
            return;
        };
        self.applied = self.filter.clone();
        let (view, filter) = (Arc::clone(view), self.filter.clone());
        self.shown.start(cx.workers, "filter", move |monitor| {
            filter.apply(&view.rows, monitor)
        });
    }
}

impl Summary {
    fn of(job: &Job) -> Summary {
        let problems = job.problems();
        let (tone, title) = match words::result(job) {
            Some(HistoryResult::Done) | None => (Tone::Good, "Done"),
            Some(HistoryResult::WithWarnings) => (Tone::Warning, "Done, but not all of it"),
            Some(HistoryResult::Failed) => (Tone::Error, "It could not be finished"),
            Some(HistoryResult::Cancelled) => (Tone::Information, "Stopped"),
        };
        let problems = problems.kept.iter().map(|problem| {
            let path = crate::fs::escaped(&problem.path).to_string();
            let what = format!("could not {}: {}", problem.attempted, problem.why);
            let matters = problem.severity == Severity::Warning;
            (path, words::capitalized(&what), matters)
        });
        Summary {
            tone,
            title,
            sentence: words::outcome(job),
            problems: problems.collect(),
            table: TableState::default(),
        }
    }
}

impl DialogWindow for GetBack {
    fn title(&self) -> String {
        let is_origin = self.choices.is_origin;
        match (&self.stage, is_origin) {
            (Stage::Choosing, _) => "Get files back",
            (Stage::Starting(_) | Stage::Running(_), false) => "Extracting files",
            (Stage::Starting(_) | Stage::Running(_), true) => "Restoring files",
            (Stage::Ended(_), false) => "Extracting files has ended",
            (Stage::Ended(_), true) => "Restoring files has ended",
        }
        .to_owned()
    }

    fn width(&self) -> f32 {
        match self.stage {
            Stage::Choosing => 920.0,
            _ => 640.0,
        }
    }

    fn update(&mut self, cx: &Cx<'_>, _: &mut Outbox) {
        match &self.stage {
            Stage::Choosing => {
                self.choices.folder.update(cx);
                let is_new_plan = self.plan.poll();
                self.plan_what_is_wanted(cx);
                let view = self.plan.value().map(|planned| &planned.view);
                self.steps.update(view, is_new_plan, cx);
            }
            Stage::Starting(prepared) => {
                let is_ours = |job: &&Job| matches!(&job.work, Work::GetBack(its) if Arc::ptr_eq(its, prepared));
                if let Some(job) = cx.jobs.all().find(is_ours) {
                    self.stage = Stage::Running(job.id);
                }
            }
            Stage::Running(_) | Stage::Ended(_) => {}
        }
        if let Stage::Running(id) = self.stage
            && let Some(job) = cx.jobs.get(id).filter(|job| !job.is_running())
        {
            self.stage = Stage::Ended(Summary::of(job));
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, _: &mut Outbox) {
        match &mut self.stage {
            Stage::Choosing => {
                let mut messages = Vec::new();
                self.choosing_ui(ui, cx, &mut messages);
                for message in messages {
                    self.handle(message, cx);
                }
            }
            Stage::Starting(_) => ui::progress_ui(ui, None),
            Stage::Running(id) => ui::progress_ui(ui, cx.jobs.get(*id)),
            Stage::Ended(summary) => ui::summary_ui(ui, summary),
        }
    }

    fn command_lines(&self, _: &Cx<'_>) -> Vec<String> {
        let planned = self.plan.value();
        planned
            .filter(|planned| planned.view.reason_against().is_none())
            .map(|planned| planned.view.command_lines.clone())
            .unwrap_or_default()
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, out: &mut Outbox) -> Stay {
        let mut stay = Stay::Open;
        match &self.stage {
            Stage::Choosing => {
                let reason = self.reason_against(cx);
                let label = if self.choices.is_origin {
                    "Restore"
                } else {
                    "Extract"
                };
                let button = Button::primary(label).disabled_because(reason.as_deref());
                if button.show(ui) {
                    self.carry_out(out);
                }
                if Button::new("Cancel").show(ui) {
                    stay = Stay::Close;
                }
            }
            Stage::Starting(_) => {}
            Stage::Running(id) => {
                let is_stopping = cx
                    .jobs
                    .get(*id)
                    .is_some_and(|job| job.progress().is_stopping);
                if Button::primary("Continue in the background").show(ui) {
                    stay = Stay::Close;
                }
                let reason = is_stopping.then_some("It is being stopped");
                if Button::new("Cancel").disabled_because(reason).show(ui) {
                    out.send(Command::Cancel(*id));
                }
            }
            Stage::Ended(_) => {
                if Button::primary("Close").show(ui) {
                    stay = Stay::Close;
                }
                if let Target::Folder(folder) = &self.request.target
                    && Button::new("Open the folder").show(ui)
                {
                    out.send(Command::OpenFolder(folder.clone()));
                }
            }
        }
        stay
    }
}
