//! Draws the rules: what is to be backed up, what is left out, and beside each what it does.

use std::path::Path;

use egui::{Align, Label, Layout, RichText, Role, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use super::data::{Held, Rule, Taken, globs, open_suggestions};
use super::editor::{Edit, Editor};
use super::{Message, Rules, data, wording};
use crate::fs::{escaped, escaped_path};
use crate::gui::command::Tone;
use crate::gui::cx::Cx;
use crate::gui::overview::RepositoryOverview;
use crate::gui::theme::{CONTROL_HEIGHT, palette, space, text};
use crate::gui::widgets::{
    Button, card_ui, error_ui, group_title_ui, icon_button_ui, labelled_ui, loading_ui, notice_ui,
    text_field_ui,
};
use crate::gui::words::{left_out_words, uncapitalized};
use crate::human::counted;
use crate::snapshot::globs::GlobKind;
use crate::snapshot::places::RepositoryName;

/// Room for `123 456 files, 999 MiB`.
const FIGURES_WIDTH: f32 = 164.0;
/// Height of the line that says whether the figures are those of now.
const STATUS_HEIGHT: f32 = 18.0;
/// Room for the button beside a path.
const ADD_WIDTH: f32 = 116.0;

/// Draws what all rules together do.
pub fn totals_ui(ui: &mut Ui, editor: &Editor, messages: &mut Vec<Message>) {
    let palette = palette(ui.ctx());
    let preview = &editor.preview;
    card_ui(ui, |ui| {
        let right = CONTROL_HEIGHT;
        columns_ui(
            ui,
            right,
            |ui| {
                let ink = if preview.is_current() {
                    palette.text
                } else {
                    palette.weak
                };
                let so_far = preview.so_far();
                match (preview.counted(), &so_far) {
                    (Some(counted), _) => headline_ui(ui, &counted.sentence(), ink),
                    (None, Some(so_far)) => {
                        headline_ui(ui, &format!("So far {}", so_far.sentence()), ink);
                    }
                    (None, None) => headline_ui(ui, "Not counted yet", ink),
                }
            },
            |ui| {
                if icon_button_ui(ui, Icon::RefreshCw, "Count again").clicked() {
                    messages.push(Message::Edit(Edit::Again));
                }
            },
        );
        // Always of one height: what is below must not move while somebody is about to click it.
        let size = vec2(ui.available_width(), STATUS_HEIGHT);
        let layout = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.set_min_size(size);
            ui.spacing_mut().interact_size.y = STATUS_HEIGHT;
            status_ui(ui, editor);
        });
        if let Some(error) = preview.error() {
            error_ui(ui, error);
        }
        if let Some(counted) = preview.counted() {
            for warning in counted.warnings() {
                notice_ui(ui, Tone::Warning, &warning, "");
            }
        }
    });
}

/// Whether the figures are those of now, and how far the new ones are.
fn status_ui(ui: &mut Ui, editor: &Editor) {
    let preview = &editor.preview;
    if preview.is_waiting() {
        ui.ctx().request_repaint_after(super::preview::PAUSE);
    }
    if !preview.is_counting() && !preview.is_waiting() {
        let words = match preview.is_current() {
            true => "By these rules, as the disk is now",
            false => "",
        };
        let words = RichText::new(words).small();
        ui.label(words.color(palette(ui.ctx()).weak));
        return;
    }
    let so_far = preview.so_far().map(|so_far| {
        let (left_out, _) = so_far.left_out();
        let looked_at = so_far.survey.included.files + left_out;
        format!(": {} so far", counted(looked_at, "file", "files"))
    });
    let what = match preview.counted() {
        Some(_) => "Counting anew",
        None => "Counting",
    };
    let what = format!("{what}{}", so_far.unwrap_or_default());
    loading_ui(ui, &what, preview.is_not_answering());
}

fn headline_ui(ui: &mut Ui, words: &str, ink: egui::Color32) {
    let words = RichText::new(words).text_style(text::strong()).color(ink);
    ui.add(Label::new(words).wrap());
}

/// Draws the editor of includes and excludes.
pub fn rules_ui(ui: &mut Ui, editor: &mut Editor, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    includes_ui(ui, editor, cx, messages);
    globs_ui(ui, editor, GlobKind::Directories, messages);
    globs_ui(ui, editor, GlobKind::Files, messages);
    suggestions_ui(ui, editor, cx, messages);
    switches_ui(ui, editor, messages);
}

fn includes_ui(ui: &mut Ui, editor: &mut Editor, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    let palette = palette(ui.ctx());
    let is_current = editor.preview.is_current();
    card_ui(ui, |ui| {
        group_title_ui(ui, "Back up these");
        if editor.specification.includes.is_empty() {
            let words = "Nothing yet. Add a folder below.";
            ui.label(RichText::new(words).color(palette.warning));
        }
        for include in &editor.specification.includes {
            let shown = escaped_path(include).to_string();
            let held = editor.preview.counted();
            let held = held.and_then(|counted| counted.held(include));
            let right = FIGURES_WIDTH + CONTROL_HEIGHT + space::S;
            columns_ui(
                ui,
                right,
                |ui| {
                    ui.add(Label::new(&shown).truncate()).on_hover_text(&shown);
                },
                |ui| {
                    let (words, ink) = match &held {
                        None => ("…".to_owned(), palette.weak),
                        Some(Held::Missing(_)) => ("Missing".to_owned(), palette.warning),
                        Some(Held::Files { files, bytes }) => {
                            let ink = if is_current {
                                palette.text
                            } else {
                                palette.weak
                            };
                            (data::files_and_bytes(*files, *bytes), ink)
                        }
                    };
                    figures_ui(ui, &shown, &words, ink);
                    let name = format!("Stop backing up {shown}");
                    if icon_button_ui(ui, Icon::Trash2, &name).clicked() {
                        messages.push(Message::Edit(Edit::RemoveInclude(include.clone())));
                    }
                },
            );
            if let Some(Held::Missing(why)) = held {
                let words = format!("{shown} is missing: {why}. Backups go on without it.");
                let words = RichText::new(words).small().color(palette.warning);
                ui.add(Label::new(words).wrap());
            }
        }
        ui.add_space(space::XS);
        labelled_ui(ui, "Another folder or file", |ui| {
            ui.horizontal_top(|ui| {
                let width = ui.available_width() - ADD_WIDTH;
                let is_changed = ui.vertical(|ui| {
                    ui.set_max_width(width);
                    editor.include.ui(ui, cx)
                });
                if is_changed.inner {
                    editor.include_error = None;
                }
                let path = editor.include.path(cx);
                let reason = path.is_none().then_some("Write or choose a path first");
                let is_pressed = Button::new("Add path")
                    .icon(Icon::Plus)
                    .disabled_because(reason)
                    .show(ui);
                let is_entered = editor.include.take_entered();
                if let Some(path) = path.filter(|_| is_pressed || is_entered) {
                    messages.push(Message::Edit(Edit::AddInclude(path)));
                }
            });
        });
        if let Some(error) = &editor.include_error {
            error_ui(ui, error);
        }
    });
}

fn globs_ui(ui: &mut Ui, editor: &mut Editor, kind: GlobKind, messages: &mut Vec<Message>) {
    let palette = palette(ui.ctx());
    let (title, help, name, hint, add) = match kind {
        GlobKind::Directories => (
            "Leave out folders",
            "By name (node_modules), by the end of the path (project/build) or by the whole path \
             (/home/me/tmp), with all that is in them. * stands for any letters of a name.",
            "Folders to leave out",
            "a name or a path",
            "Add folder rule",
        ),
        GlobKind::Files => (
            "Leave out files",
            "By name, by the end of the path or by the whole path. *.o is every file that ends with .o",
            "Files to leave out",
            "*.o",
            "Add file rule",
        ),
    };
    card_ui(ui, |ui| {
        group_title_ui(ui, title);
        ui.add(Label::new(RichText::new(help).small().color(palette.weak)).wrap());
        for glob in globs(&editor.specification, kind) {
            let shown = escaped(glob.as_bytes()).to_string();
            let rule = Rule::of_glob(kind, glob);
            rule_ui(ui, editor, &rule, &shown, messages, |ui, messages| {
                let name = format!("Remove the rule {shown}");
                if icon_button_ui(ui, Icon::Trash2, &name).clicked() {
                    messages.push(Message::Edit(Edit::RemoveGlob(kind, glob.clone())));
                }
            });
        }
        let field = match kind {
            GlobKind::Directories => &mut editor.folder_glob,
            GlobKind::Files => &mut editor.file_glob,
        };
        let mut is_entered = false;
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 160.0).clamp(100.0, 360.0);
            let response = text_field_ui(ui, &mut field.text, name, hint, width);
            if response.changed() {
                let typed = field.text.trim();
                field.problem = match typed.is_empty() {
                    true => None,
                    false => data::glob_problem(&editor.specification, kind, typed),
                };
            }
            let reason = match field.text.trim().is_empty() {
                true => Some("Write what to leave out first"),
                false => field.problem.as_deref(),
            };
            let is_enter = ui.input(|input| input.key_pressed(egui::Key::Enter));
            if response.lost_focus() && is_enter {
                is_entered = reason.is_none();
                response.request_focus();
            }
            is_entered |= Button::new(add).disabled_because(reason).show(ui);
        });
        if let Some(problem) = &field.problem {
            let problem = RichText::new(problem).color(palette.error);
            ui.add(Label::new(problem).wrap());
        }
        if is_entered {
            let glob = field.text.trim().to_owned();
            messages.push(Message::Edit(Edit::AddGlob(kind, glob)));
        }
    });
}

fn suggestions_ui(ui: &mut Ui, editor: &Editor, cx: &Cx<'_>, messages: &mut Vec<Message>) {
    let home = cx.catalog.home_dir.as_deref();
    let mut suggestions = open_suggestions(&editor.specification, home).peekable();
    if suggestions.peek().is_none() {
        return;
    }
    card_ui(ui, |ui| {
        group_title_ui(ui, "What others leave out");
        ui.horizontal_wrapped(|ui| {
            for kind in suggestions {
                let (name, explanation) = left_out_words(kind);
                let label = format!("Leave out {}", uncapitalized(name));
                if Button::new(&label).explain(explanation).show(ui) {
                    let home = home.map(Path::to_owned);
                    messages.push(Message::Edit(Edit::Follow(kind, home)));
                }
            }
        });
    });
}

fn switches_ui(ui: &mut Ui, editor: &mut Editor, messages: &mut Vec<Message>) {
    let palette = palette(ui.ctx());
    let specification = &editor.specification;
    let switches = [
        (
            Rule::LargerThan,
            specification.exclude_larger_than.is_some(),
        ),
        (Rule::Caches, specification.exclude_caches),
        (Rule::OtherFileSystems, specification.one_file_system),
        (Rule::IgnoreFiles, specification.ignore_files),
        (Rule::NoDump, specification.exclude_nodump),
        (Rule::BrokenLinks, specification.keep_broken_links),
    ];
    let mut is_uncompressed = !specification.compress_snapshots;
    card_ui(ui, |ui| {
        group_title_ui(ui, "More rules");
        ui.spacing_mut().item_spacing.y = space::XS;
        for (rule, mut is_on) in switches {
            let (title, help) = wording::switch(&rule);
            switch_ui(ui, editor, &rule, title, &mut is_on, messages);
            let help = RichText::new(help).small().color(palette.weak);
            indented_ui(ui, |ui| {
                ui.add(Label::new(help).wrap());
            });
            if rule == Rule::LargerThan && is_on {
                limit_ui(ui, editor, messages);
            }
        }
        if ui
            .checkbox(&mut is_uncompressed, "Do not compress snapshots")
            .changed()
        {
            messages.push(Message::Edit(Edit::Compress(!is_uncompressed)));
        }
        let help = "Snapshots are lists of names; what is in the files is compressed all the same. \
                    Larger, and a little faster to open";
        indented_ui(ui, |ui| {
            ui.add(Label::new(RichText::new(help).small().color(palette.weak)).wrap());
        });
    });
}

fn switch_ui(
    ui: &mut Ui,
    editor: &Editor,
    rule: &Rule,
    title: &str,
    is_on: &mut bool,
    messages: &mut Vec<Message>,
) {
    let mut change = None;
    let taken = taken(editor, rule);
    let right = match rule.is_in(&editor.specification) {
        true => FIGURES_WIDTH + CONTROL_HEIGHT + space::S,
        false => 0.0,
    };
    columns_ui(
        ui,
        right,
        |ui| {
            if ui.checkbox(is_on, title).changed() {
                change = Some(Edit::Switch(rule.clone(), *is_on));
            }
        },
        |ui| {
            if rule.is_in(&editor.specification) {
                taken_ui(ui, editor, title, taken.as_ref());
                examples_button_ui(ui, editor, rule, title, taken.as_ref(), messages);
            }
        },
    );
    messages.extend(change.map(Message::Edit));
    examples_ui(ui, editor, rule, taken.as_ref());
}

fn limit_ui(ui: &mut Ui, editor: &mut Editor, messages: &mut Vec<Message>) {
    let palette = palette(ui.ctx());
    indented_ui(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label("Larger than");
            let field = text_field_ui(ui, &mut editor.limit, "Largest size", "100M", 100.0);
            if field.changed() {
                messages.push(Message::Edit(Edit::SetLimit(editor.limit.clone())));
            }
        });
        if let Some(problem) = &editor.limit_problem {
            ui.add(Label::new(RichText::new(problem).color(palette.error)).wrap());
        }
    });
}

/// A rule with a name of its own.
fn rule_ui(
    ui: &mut Ui,
    editor: &Editor,
    rule: &Rule,
    shown: &str,
    messages: &mut Vec<Message>,
    end_ui: impl FnOnce(&mut Ui, &mut Vec<Message>),
) {
    let taken = taken(editor, rule);
    let right = FIGURES_WIDTH + 2.0 * (CONTROL_HEIGHT + space::S);
    columns_ui(
        ui,
        right,
        |ui| {
            ui.add(Label::new(shown).truncate()).on_hover_text(shown);
        },
        |ui| {
            taken_ui(ui, editor, shown, taken.as_ref());
            examples_button_ui(ui, editor, rule, shown, taken.as_ref(), messages);
            end_ui(ui, messages);
        },
    );
    examples_ui(ui, editor, rule, taken.as_ref());
}

fn taken(editor: &Editor, rule: &Rule) -> Option<Taken> {
    editor.preview.counted()?.taken(rule)
}

fn taken_ui(ui: &mut Ui, editor: &Editor, name: &str, taken: Option<&Taken>) {
    let palette = palette(ui.ctx());
    let words = taken.map_or("…".to_owned(), Taken::in_words);
    let ink = match (editor.preview.is_current(), words.as_str()) {
        (false, _) | (_, "nothing" | "not counted") => palette.weak,
        _ => palette.text,
    };
    figures_ui(ui, name, &words, ink);
}

/// Figures of something that is named, in a column of their own.
fn figures_ui(ui: &mut Ui, name: &str, words: &str, ink: egui::Color32) {
    let size = vec2(FIGURES_WIDTH, CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        let response = ui.add(Label::new(RichText::new(words).color(ink)).truncate());
        let named = format!("{name}: {words}");
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &named));
    });
}

fn examples_button_ui(
    ui: &mut Ui,
    editor: &Editor,
    rule: &Rule,
    name: &str,
    taken: Option<&Taken>,
    messages: &mut Vec<Message>,
) {
    if taken.is_none_or(|taken| taken.examples.is_empty()) {
        ui.allocate_space(vec2(CONTROL_HEIGHT, CONTROL_HEIGHT));
        return;
    }
    let (icon, what) = match editor.expanded.contains(rule) {
        true => (Icon::ChevronUp, "Hide examples"),
        false => (Icon::ChevronDown, "Show examples"),
    };
    if icon_button_ui(ui, icon, &format!("{what}: {name}")).clicked() {
        messages.push(Message::Edit(Edit::Expand(rule.clone())));
    }
}

fn examples_ui(ui: &mut Ui, editor: &Editor, rule: &Rule, taken: Option<&Taken>) {
    let palette = palette(ui.ctx());
    let Some(taken) = taken.filter(|_| editor.expanded.contains(rule)) else {
        return;
    };
    indented_ui(ui, |ui| {
        for example in &taken.examples {
            let shown = escaped(example).to_string();
            let label = RichText::new(&shown).small().color(palette.weak);
            ui.add(Label::new(label).truncate()).on_hover_text(&shown);
        }
    });
}

/// Draws which repository the next backups go into.
pub fn repository_ui(
    ui: &mut Ui,
    repositories: &[RepositoryOverview],
    current: &RepositoryName,
    saved: &Rules,
    messages: &mut Vec<Message>,
) {
    let palette = palette(ui.ctx());
    card_ui(ui, |ui| {
        group_title_ui(ui, "Where the next backups go");
        for repository in repositories {
            let place = repository.entry.as_ref();
            let place = place.map_or("cannot be read".to_owned(), |entry| {
                escaped_path(&entry.place).to_string()
            });
            ui.horizontal(|ui| {
                let is_current = repository.name == *current;
                if ui.radio(is_current, repository.name.as_str()).clicked() {
                    messages.push(Message::SetRepository(repository.name.clone()));
                }
                let place = RichText::new(place).small().color(palette.weak);
                ui.add(Label::new(place).truncate());
            });
        }
        if *current != saved.repository {
            let words = format!(
                "The snapshots that are there keep their contents in {}, which is still needed.",
                saved.repository
            );
            ui.add(Label::new(RichText::new(words).small().color(palette.warning)).wrap());
        }
    });
}

/// Two parts side by side: what the second leaves is the first one's.
pub fn columns_ui(
    ui: &mut Ui,
    right_width: f32,
    left_ui: impl FnOnce(&mut Ui),
    right_ui: impl FnOnce(&mut Ui),
) {
    ui.horizontal(|ui| {
        let width = (ui.available_width() - right_width - space::S).max(60.0);
        let layout = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(vec2(width, CONTROL_HEIGHT), layout, |ui| {
            ui.set_min_size(vec2(width, CONTROL_HEIGHT));
            ui.set_max_width(width);
            left_ui(ui);
        });
        ui.allocate_ui_with_layout(vec2(right_width, CONTROL_HEIGHT), layout, right_ui);
    });
}

/// Below a control that has a box before it.
fn indented_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        // As high as its text, and not as a button.
        ui.spacing_mut().interact_size.y = 0.0;
        ui.horizontal(|ui| {
            ui.add_space(26.0);
            ui.vertical(add);
        });
    });
}
