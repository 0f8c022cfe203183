//! The window as a whole: takes in what threads have to say, carries out commands, draws the frame around the
//! screens.
//!
//! The order in each frame: results are taken in ([`App::update`]), then everything is drawn, then what was asked
//! for while drawing is carried out. Nothing here waits: what has to be read or written is started on a thread.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eframe::Frame;
use egui::{
    CentralPanel, Context, Margin, Panel, RichText, Role, ScrollArea, Sense, Ui, ViewportCommand,
    WidgetInfo, vec2,
};
use jiff::Zoned;
use lucide_icons::Icon;

use super::changes::Changes;
use super::command::{Action, Command, Outbox, Tone};
use super::cx::Cx;
use super::dialogs::{
    Dialog, DialogWindow, FirstRun, GetBack, QuitWhileRunning, SettingsDialog, Shortcuts,
    dialogs_ui,
};
use super::disks::FindDisks;
use super::grown::Grown;
use super::holdings::HoldingsCache;
use super::overview::Overview;
use super::picker::Picker;
use super::route::Route;
use super::screens::{Screen, Screens};
use super::settings::{SCALES, Settings};
use super::theme::{self, palette, space, text};
use super::widgets::{self, Toasts, command_lines_ui, icon_button_ui, progress_bar_ui};
use super::words;
use crate::catalog::Catalog;
use crate::jobs::fetch::PATIENCE;
use crate::jobs::history::{History, HistoryResult};
use crate::jobs::{Fetch, Jobs, Wake, Work, Workers};
use crate::progress::lock;

/// How often figures are looked at while a job runs.
const POLL: Duration = Duration::from_millis(100);
/// How long jobs that were told to stop are waited for when the window is closed.
const PARTING: Duration = Duration::from_secs(3);

/// Shows a folder in the file manager; waits until that is done, so it is called on a thread.
pub type OpenFolder = Arc<dyn Fn(&Path) -> crate::error::Result<()> + Send + Sync>;

/// What surrounds the window, so that tests can put something else in its place.
pub struct Platform {
    pub catalog: Catalog,
    pub picker: Arc<dyn Picker>,
    /// Finds out which disks are mounted.
    pub disks: FindDisks,
    /// Shows a folder in the file manager.
    pub open_folder: OpenFolder,
    /// The clock.
    pub now: Box<dyn Fn() -> Zoned>,
    /// What was remembered; read before the window is there.
    pub settings: Settings,
}

/// The window.
pub struct App {
    platform: Platform,
    workers: Workers,
    overview: Overview,
    holdings: HoldingsCache,
    grown: Grown,
    jobs: Jobs,
    history: Fetch<History>,
    no_history: History,
    /// A folder that the desktop is asked to show.
    opening: Fetch<()>,
    route: Route,
    screens: Screens,
    dialogs: Vec<Dialog>,
    changes: Changes,
    toasts: Toasts,
    out: Outbox,
    /// What was saved last.
    saved: Settings,
    /// What is to be saved, and whose turn it is: threads that save may overtake each other.
    saving: Arc<(Mutex<Settings>, Mutex<()>)>,
    is_focused: bool,
    is_quitting: bool,
    is_first_run_offered: bool,
}

impl App {
    /// The window, before anything has been read.
    pub fn new(ctx: &Context, platform: Platform) -> App {
        theme::install(ctx);
        ctx.set_theme(egui::ThemePreference::from(platform.settings.theme));
        ctx.set_zoom_factor(platform.settings.scale);
        // Egui's own keys for that would change the size behind the back of what is remembered.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let its_ctx = ctx.clone();
        let wake: Wake = Arc::new(move || its_ctx.request_repaint());
        let workers = Workers::new(wake);
        let mut app = App {
            saved: platform.settings.clone(),
            saving: Arc::new((Mutex::new(platform.settings.clone()), Mutex::new(()))),
            workers,
            overview: Overview::default(),
            holdings: HoldingsCache::default(),
            grown: Grown::default(),
            jobs: Jobs::default(),
            history: Fetch::default(),
            no_history: History::default(),
            opening: Fetch::default(),
            route: Route::Home,
            screens: Screens::default(),
            dialogs: Vec::new(),
            changes: Changes::default(),
            toasts: Toasts::default(),
            out: Outbox::default(),
            is_focused: true,
            is_quitting: false,
            is_first_run_offered: false,
            platform,
        };
        app.overview.refresh(&app.platform.catalog, &app.workers);
        let config_dir = app.platform.catalog.config_dir.clone();
        app.history.start(&app.workers, "history", move |_| {
            Ok(History::load(&config_dir))
        });
        app
    }

    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    pub fn overview(&self) -> &Overview {
        &self.overview
    }

    pub fn route(&self) -> Route {
        self.route
    }

    pub fn screens_mut(&mut self) -> &mut Screens {
        &mut self.screens
    }

    /// Asks for something, as a screen would.
    pub fn send(&mut self, command: Command) {
        self.out.send(command);
    }

    /// Takes in what has come from threads.
    fn update(&mut self, ctx: &Context) {
        self.overview.update(&self.platform.catalog, &self.workers);
        self.holdings.update();
        let (overview, holdings) = (&self.overview, &self.holdings);
        self.grown
            .update(overview, holdings, &self.workers, &mut self.out);
        self.history.poll();
        if self.opening.poll()
            && let Some(error) = self.opening.error()
        {
            self.out.tell(Tone::Error, words::sentence(error));
        }
        let ended = self.jobs.poll();
        for id in &ended {
            self.job_ended(*id);
        }
        if !ended.is_empty() {
            self.out.send(Command::Refresh);
        }
        // What others have done meanwhile shows when one comes back to the window.
        let is_focused = ctx.input(|input| input.focused);
        if is_focused && !self.is_focused {
            self.out.send(Command::Refresh);
        }
        self.is_focused = is_focused;
        if self.overview.is_empty() && !self.is_first_run_offered {
            self.is_first_run_offered = true;
            self.out.send(Command::FirstRun);
        }
        let now = (self.platform.now)();
        let mut out = std::mem::take(&mut self.out);
        let (cx, screens, dialogs) = self.parts(&now);
        for route in Route::ALL {
            let is_shown = route == cx.route;
            screens.get_mut(route).update(&cx.cx, is_shown, &mut out);
        }
        for dialog in dialogs.iter_mut() {
            dialog.update(&cx.cx, &mut out);
        }
        let catalog = &self.platform.catalog;
        self.changes.update(catalog, &self.workers, &mut out);
        self.out = out;
        self.carry_out(ctx);
        if self.jobs.is_any_running() {
            ctx.request_repaint_after(POLL);
        }
        if self.overview.is_waiting() {
            ctx.request_repaint_after(PATIENCE);
        }
    }

    /// What is looked at, beside what is changed.
    fn parts<'a>(
        &'a mut self,
        now: &'a Zoned,
    ) -> (Shown<'a>, &'a mut Screens, &'a mut Vec<Dialog>) {
        let cx = Cx {
            catalog: &self.platform.catalog,
            workers: &self.workers,
            picker: &self.platform.picker,
            disks: &self.platform.disks,
            overview: &self.overview,
            holdings: &self.holdings,
            grown: &self.grown,
            jobs: &self.jobs,
            history: self.history.value().unwrap_or(&self.no_history),
            settings: &self.platform.settings,
            now,
        };
        let shown = Shown {
            cx,
            route: self.route,
        };
        (shown, &mut self.screens, &mut self.dialogs)
    }

    fn job_ended(&mut self, id: crate::jobs::JobId) {
        let Some(job) = self.jobs.get(id) else {
            return;
        };
        if let Some(entry) = words::history_entry(job) {
            let tone = match entry.result {
                HistoryResult::Done => Tone::Good,
                HistoryResult::WithWarnings => Tone::Warning,
                HistoryResult::Failed => Tone::Error,
                HistoryResult::Cancelled => Tone::Information,
            };
            let mut told = format!("{}: {}", entry.title, entry.summary);
            if entry.warnings > 0 {
                let files = crate::human::counted(entry.warnings, "problem", "problems");
                told.push_str(&format!(" {files}: see Jobs."));
            }
            self.out.tell(tone, told);
            let config_dir = self.platform.catalog.config_dir.clone();
            if let Some(history) = self.history.value_mut() {
                history.entries.push(entry.clone());
            }
            self.workers
                .spawn("history", move || entry.append(&config_dir));
        }
    }

    fn carry_out(&mut self, ctx: &Context) {
        for command in self.out.take() {
            self.carry_out_one(command, ctx);
            ctx.request_repaint();
        }
    }

    fn carry_out_one(&mut self, command: Command, ctx: &Context) {
        match command {
            Command::Go(route) => self.route = route,
            Command::Browse(target) => {
                self.screens.browse.show(target);
                self.route = Route::Browse;
            }
            Command::ShowArchive(archive) => {
                self.screens.archives.show(archive);
                self.route = Route::Archives;
            }
            Command::NewArchive => {
                self.screens.archives.begin_new();
                self.route = Route::Archives;
            }
            Command::ShowRepository(repository) => {
                self.screens.repositories.show(repository);
                self.route = Route::Repositories;
            }
            Command::ShowStatistics(archive) => {
                self.screens.statistics.show(archive);
                self.route = Route::Statistics;
            }
            Command::ShowGrowth { archive, snapshot } => {
                self.screens.statistics.show_growth(archive, snapshot);
                self.route = Route::Statistics;
            }
            Command::OpenHoldings(repository) => {
                let (catalog, overview) = (&self.platform.catalog, &self.overview);
                if self.holdings.is_stale(repository, overview) {
                    self.holdings
                        .open(repository, overview, catalog, &self.workers);
                }
            }
            Command::FindGrowth { archive, snapshot } => self.grown.ask(archive, snapshot),
            Command::ShowJob(job) => {
                self.screens.jobs.show(job);
                self.route = Route::Jobs;
            }
            Command::FirstRun => self.dialogs.push(Box::new(FirstRun::default())),
            Command::BackUp(archive) => {
                if self.jobs.backing_up(&archive).is_none() {
                    self.start(Work::BackUp { archive });
                }
            }
            Command::BackUpAll => {
                let archives = self.overview.archives.iter();
                let names: Vec<_> = archives.map(|archive| archive.name.clone()).collect();
                for archive in names {
                    self.out.send(Command::BackUp(archive));
                }
                // Sent while commands are carried out: taken up in the next frame.
                ctx.request_repaint();
            }
            Command::Start(work) => self.start(work),
            Command::Cancel(job) => self.jobs.cancel(job),
            Command::GetBack(request) => {
                let home = self.platform.catalog.home_dir.as_deref();
                self.dialogs.push(Box::new(GetBack::new(request, home)));
            }
            Command::Exclude { archive, rule } => self.changes.exclude(archive, rule),
            Command::ProposeExclude { archive, rule } => {
                self.screens.archives.propose(archive, rule);
                self.route = Route::Archives;
            }
            Command::Open(dialog) => self.dialogs.push(dialog),
            Command::Refresh => self.overview.refresh(&self.platform.catalog, &self.workers),
            Command::Remember {
                archive,
                folder,
                sort,
            } => {
                let settings = &mut self.platform.settings;
                settings.sort = sort;
                if archive.is_some() {
                    (settings.archive, settings.folder) = (archive, folder);
                }
            }
            Command::SetTheme(theme) => {
                ctx.set_theme(theme);
                self.platform.settings.theme = theme.into();
            }
            Command::SetScale(scale) => {
                let scale = scale.clamp(*SCALES.start(), *SCALES.end());
                ctx.set_zoom_factor(scale);
                self.platform.settings.scale = scale;
            }
            Command::OpenFolder(folder) => {
                let open = Arc::clone(&self.platform.open_folder);
                self.opening
                    .start(&self.workers, "file manager", move |_| open(&folder));
            }
            Command::CopyText(text) => {
                ctx.copy_text(text);
                self.toasts.add(Tone::Information, "Copied");
            }
            Command::Tell(tone, text) => self.toasts.add(tone, text),
            Command::Find => {
                // Where nothing can be searched, files are what somebody looks for.
                if !self.screens.get_mut(self.route).find() {
                    self.route = Route::Browse;
                    self.screens.browse.find();
                }
            }
            Command::Quit => self.quit(ctx),
            Command::QuitNow => {
                self.is_quitting = true;
                self.jobs.cancel_all();
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        }
        if self.platform.settings != self.saved {
            self.saved = self.platform.settings.clone();
            *lock(&self.saving.0) = self.saved.clone();
            let (saving, config_dir) = (
                Arc::clone(&self.saving),
                self.platform.catalog.config_dir.clone(),
            );
            self.workers.spawn("settings", move || {
                let _turn = lock(&saving.1);
                let newest = lock(&saving.0).clone();
                newest.save(&config_dir);
            });
        }
    }

    fn start(&mut self, work: Work) {
        self.jobs.start(work, &self.platform.catalog, &self.workers);
    }

    fn quit(&mut self, ctx: &Context) {
        if self.jobs.is_any_running() {
            self.ask_before_quitting();
        } else {
            self.is_quitting = true;
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// The window's own close button was pressed.
    fn close_requested(&mut self, ctx: &Context) {
        if !ctx.input(|input| input.viewport().close_requested()) {
            return;
        }
        if self.jobs.is_any_running() && !self.is_quitting {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.ask_before_quitting();
        }
    }

    /// On top of whatever dialog is open, and once.
    fn ask_before_quitting(&mut self) {
        let title = QuitWhileRunning.title();
        if self.dialogs.iter().all(|dialog| dialog.title() != title) {
            self.dialogs.push(Box::new(QuitWhileRunning));
        }
    }

    fn keys(&mut self, ctx: &Context) {
        for action in Action::ALL {
            // A dialog has the keyboard for itself, but for what concerns the window as a whole.
            if !self.dialogs.is_empty() && !action.is_of_window() {
                continue;
            }
            let is_pressed = ctx.input_mut(|input| {
                input.consume_shortcut(&action.shortcut())
                    // Where + is on the same key, few press Shift for it.
                    || (action == Action::Larger
                        && input.consume_key(egui::Modifiers::COMMAND, egui::Key::Equals))
            });
            if is_pressed {
                let command = self.command_of(action);
                self.out.send(command);
            }
        }
    }

    fn command_of(&self, action: Action) -> Command {
        let scale = self.platform.settings.scale;
        match action {
            Action::Go(route) => Command::Go(route),
            Action::BackUpAll => Command::BackUpAll,
            Action::NewArchive => Command::NewArchive,
            Action::Find => Command::Find,
            Action::Refresh => Command::Refresh,
            Action::Settings => Command::Open(Box::new(SettingsDialog::new(scale))),
            Action::Shortcuts => Command::Open(Box::new(Shortcuts)),
            Action::Larger => Command::SetScale(scale + 0.1),
            Action::Smaller => Command::SetScale(scale - 0.1),
            Action::OriginalSize => Command::SetScale(1.0),
            Action::Quit => Command::Quit,
        }
    }

    /// Draws everything.
    fn frame_ui(&mut self, ui: &mut Ui) {
        let palette = palette(ui.ctx());
        let now = (self.platform.now)();
        let mut out = std::mem::take(&mut self.out);
        let sidebar = egui::Frame::new()
            .fill(palette.sidebar)
            .inner_margin(Margin::symmetric(10, 14));
        Panel::left("sidebar")
            .exact_size(196.0)
            .resizable(false)
            .show_separator_line(false)
            .frame(sidebar)
            .show(ui, |ui| self.sidebar_ui(ui, &mut out));
        let (shown, screens, dialogs) = self.parts(&now);
        let route = shown.route;
        let page = egui::Frame::new().fill(palette.page).inner_margin(Margin {
            left: 24,
            right: 24,
            top: 18,
            bottom: 10,
        });
        CentralPanel::no_frame().frame(page).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            let screen = screens.get_mut(route);
            ui.horizontal(|ui| {
                ui.label(RichText::new(route.title()).text_style(text::title()));
                ui.label(RichText::new(route.question()).color(palette.weak));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    screen.head_ui(ui, &shown.cx, &mut out);
                });
            });
            ui.add_space(space::S);
            let lines = screen.command_lines(&shown.cx);
            Panel::bottom("command lines")
                .show_separator_line(false)
                .frame(egui::Frame::new().inner_margin(Margin::symmetric(0, 4)))
                .show(ui, |ui| command_lines_ui(ui, &lines, &mut out));
            screen.ui(ui, &shown.cx, &mut out);
        });
        dialogs_ui(ui, dialogs, &shown.cx, &mut out);
        self.toasts.ui(ui.ctx());
        self.out = out;
    }

    fn sidebar_ui(&mut self, ui: &mut Ui, out: &mut Outbox) {
        let palette = palette(ui.ctx());
        ui.horizontal(|ui| {
            ui.add_space(space::XS);
            widgets::hat_ui(ui, 26.0);
            ui.label(RichText::new("Gibus").text_style(text::title()));
        });
        ui.add_space(space::M);
        for route in Route::ALL {
            let note = match route {
                Route::Jobs => self.jobs.running().count(),
                _ => 0,
            };
            if nav_item_ui(ui, route, route == self.route, note) {
                out.send(Command::Go(route));
            }
        }
        ui.with_layout(egui::Layout::bottom_up(egui::Align::Min), |ui| {
            ui.horizontal(|ui| {
                for (icon, action) in [
                    (Icon::Settings, Action::Settings),
                    (Icon::Keyboard, Action::Shortcuts),
                    (Icon::RefreshCw, Action::Refresh),
                ] {
                    if icon_button_ui(ui, icon, action.label()).clicked() {
                        out.send(self.command_of(action));
                    }
                }
            });
            ScrollArea::vertical()
                .id_salt("running")
                .max_height(220.0)
                .show(ui, |ui| {
                    ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                        for job in self.jobs.running() {
                            let progress = job.progress();
                            let title = words::work_title(&job.work);
                            ui.add(
                                egui::Label::new(RichText::new(&title).small().color(palette.text))
                                    .truncate(),
                            );
                            let name = format!("Progress of: {title}");
                            let bar = progress_bar_ui(ui, words::fraction(&progress), &name);
                            let line = words::progress_line(&progress);
                            if bar.interact(Sense::CLICK).on_hover_text(line).clicked() {
                                out.send(Command::ShowJob(job.id));
                            }
                            ui.add_space(space::S);
                        }
                    });
                });
        });
    }
}

/// What is looked at while drawing.
struct Shown<'a> {
    cx: Cx<'a>,
    route: Route,
}

/// A screen's place in the sidebar; true when it was chosen.
fn nav_item_ui(ui: &mut Ui, route: Route, is_current: bool, note: usize) -> bool {
    let palette = palette(ui.ctx());
    let size = vec2(ui.available_width(), 36.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_current, route.title()));
    let fill = match (is_current, response.hovered()) {
        (true, _) => palette.accent_wash,
        (_, true) => palette.hover,
        _ => palette.sidebar,
    };
    ui.painter().rect_filled(rect, 7.0, fill);
    if response.has_focus() {
        ui.painter()
            .rect_stroke(rect, 7.0, (2.0, palette.accent), egui::StrokeKind::Inside);
    }
    let ink = if is_current {
        palette.text
    } else {
        palette.weak
    };
    let icon = egui::Rect::from_min_size(rect.min, vec2(40.0, rect.height()));
    let icon_ink = if is_current {
        palette.accent
    } else {
        palette.weak
    };
    widgets::paint_icon(ui, icon, route.icon(), 18.0, icon_ink);
    let style = if is_current {
        text::strong()
    } else {
        egui::TextStyle::Body
    };
    let at = egui::pos2(rect.min.x + 42.0, rect.center().y);
    let font = style.resolve(ui.style());
    ui.painter()
        .text(at, egui::Align2::LEFT_CENTER, route.title(), font, ink);
    if note > 0 {
        let at = egui::pos2(rect.max.x - 16.0, rect.center().y);
        ui.painter().circle_filled(at, 9.0, palette.accent);
        let font = egui::TextStyle::Small.resolve(ui.style());
        ui.painter().text(
            at,
            egui::Align2::CENTER_CENTER,
            note,
            font,
            palette.on_accent,
        );
    }
    response.on_hover_text(route.question()).clicked()
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _: &mut Frame) {
        self.close_requested(ctx);
        self.update(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Frame) {
        let ctx = ui.ctx().clone();
        self.keys(&ctx);
        self.frame_ui(ui);
        let size = ctx.content_rect().size() * ctx.zoom_factor();
        self.platform.settings.size = Some([size.x.round(), size.y.round()]);
        self.carry_out(&ctx);
    }

    fn clear_color(&self, _: &egui::Visuals) -> [f32; 4] {
        theme::LIGHT.page.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        self.jobs.cancel_all();
        // They stop within a second and then leave nothing behind; one that hangs on a share is not waited for.
        let deadline = Instant::now() + PARTING;
        while self.jobs.is_any_running() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
            for id in self.jobs.poll() {
                self.job_ended(id);
            }
        }
        self.platform
            .settings
            .save(&self.platform.catalog.config_dir);
    }
}
