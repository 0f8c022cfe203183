//! The timeline: snapshots as points in time, the newest at the right, and the disk as it is now beside it.

use egui::{
    Align, Align2, Id, Key, Layout, Modifiers, Popup, Rect, Role, ScrollArea, Sense, TextStyle, Ui,
    WidgetInfo, pos2, vec2,
};
use lucide_icons::Icon;

use super::super::act::Ask;
use super::super::axis::{MARK_WIDTH, Mark, axis};
use super::super::data::Moment;
use super::super::{Browse, View};
use super::weak_ui;
use crate::gui::cx::Cx;
use crate::gui::theme::{CONTROL_HEIGHT, ROW_HEIGHT, palette, space};
use crate::gui::widgets::{Button, icon_button_ui};
use crate::human::counted;

const STRIP_HEIGHT: f32 = 46.0;
const NOW_WIDTH: f32 = 56.0;

impl Browse {
    pub(super) fn timeline_ui(&self, ui: &mut Ui, cx: &Cx<'_>, asks: &mut Vec<Ask>) {
        let Some(at) = self.moment else {
            return;
        };
        ui.horizontal(|ui| {
            ui.add_enabled_ui(self.series.older(at).is_some(), |ui| {
                if icon_button_ui(ui, Icon::ChevronLeft, "Older snapshot").clicked() {
                    asks.push(Ask::Older);
                }
            });
            let title = self.series.moment_title(at);
            let button = Button::new(&title)
                .icon(Icon::Calendar)
                .explain("Choose a snapshot by its date");
            let button = button.response_ui(ui);
            Popup::menu(&button).show(|ui| {
                self.moments_ui(ui, "", asks, Ask::Moment);
            });
            ui.add_enabled_ui(self.series.newer(at).is_some(), |ui| {
                if icon_button_ui(ui, Icon::ChevronRight, "Newer snapshot").clicked() {
                    asks.push(Ask::Newer);
                }
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = Button::quiet("Compare with…")
                    .icon(Icon::GitCompare)
                    .explain("Lists what differs between this and another moment")
                    .response_ui(ui);
                Popup::menu(&button).show(|ui| {
                    self.moments_ui(ui, "Compare with ", asks, |moment| Ask::Compare {
                        old: at,
                        new: moment,
                    });
                });
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    weak_ui(ui, &self.what_changed());
                });
            });
        });
        self.strip_ui(ui, cx, at, asks);
    }

    /// What changed in this folder since the snapshot before, in words.
    fn what_changed(&self) -> String {
        let shown = self.shown.value().filter(|_| self.view == View::Folder);
        let Some(shown) = shown else {
            return String::new();
        };
        let Some(marks) = &shown.contents.marks else {
            return String::new();
        };
        if shown.wanted.before.is_none() {
            return "The oldest snapshot".to_owned();
        }
        let [new, changed, removed] = marks.counts;
        let parts: Vec<String> = [(new, "new"), (changed, "changed"), (removed, "deleted")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{} {word}", crate::human::count(number)))
            .collect();
        match (parts.is_empty(), self.moment) {
            // Folders on the disk are not looked into.
            (true, Some(Moment::Now)) => {
                "No file here itself changed since the newest snapshot".to_owned()
            }
            (true, _) => "Nothing changed in this folder since the snapshot before".to_owned(),
            (false, Some(Moment::Now)) => {
                format!("Here: {} since the newest snapshot", parts.join(", "))
            }
            (false, _) => format!("Here: {} since the snapshot before", parts.join(", ")),
        }
    }

    /// A list of all moments, the newest first.
    fn moments_ui(
        &self,
        ui: &mut Ui,
        before: &str,
        asks: &mut Vec<Ask>,
        ask: impl Fn(Moment) -> Ask,
    ) {
        let count = self.series.points.len();
        self.some_moments_ui(ui, before, count + 1, asks, ask, |row| match row {
            0 => Moment::Now,
            row => Moment::Snapshot(count - row),
        });
    }

    fn some_moments_ui(
        &self,
        ui: &mut Ui,
        before: &str,
        rows: usize,
        asks: &mut Vec<Ask>,
        ask: impl Fn(Moment) -> Ask,
        moment: impl Fn(usize) -> Moment,
    ) {
        ui.set_width(if before.is_empty() { 240.0 } else { 320.0 });
        ScrollArea::vertical().max_height(320.0).show_rows(
            ui,
            CONTROL_HEIGHT,
            rows,
            |ui, range| {
                for row in range {
                    let moment = moment(row);
                    let title = match (moment, before) {
                        (Moment::Now, "") => "Now, on the disk".to_owned(),
                        (Moment::Now, _) => "now, on the disk".to_owned(),
                        (moment, _) => self.series.moment_title(moment),
                    };
                    let is_current = self.moment == Some(moment);
                    let label = format!("{before}{title}");
                    let label = egui::Button::selectable(is_current, label)
                        .min_size(vec2(ui.available_width(), CONTROL_HEIGHT));
                    // Nothing differs from itself.
                    let is_enabled = before.is_empty() || !is_current;
                    if ui.add_enabled(is_enabled, label).clicked() {
                        asks.push(ask(moment));
                        ui.close();
                    }
                }
            },
        );
    }

    fn strip_ui(&self, ui: &mut Ui, cx: &Cx<'_>, at: Moment, asks: &mut Vec<Ask>) {
        let palette = palette(ui.ctx());
        let size = vec2(ui.available_width(), STRIP_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let id = ui.scope_id().with("timeline");
        self.strip_keys(ui, rect, id, at, asks);
        let mut line = rect;
        line.max.x -= NOW_WIDTH + space::S;
        let y = rect.min.y + 14.0;
        ui.painter().hline(
            line.min.x..=rect.max.x - NOW_WIDTH / 2.0,
            y,
            (1.5, palette.line),
        );
        let times: Vec<_> = self.series.points.iter().map(|p| p.name.time()).collect();
        let axis = axis(&times, cx.now.datetime(), line.width());
        let font = TextStyle::Small.resolve(ui.style());
        for tick in &axis.ticks {
            let x = line.min.x + tick.x;
            ui.painter()
                .vline(x, y + 8.0..=y + 13.0, (1.0, palette.line));
            ui.painter().text(
                pos2(x, y + 15.0),
                Align2::CENTER_TOP,
                &tick.label,
                font.clone(),
                palette.weak,
            );
        }
        for mark in &axis.marks {
            let centre = pos2(line.min.x + mark.x, y);
            self.mark_ui(ui, id, centre, mark, at, asks);
        }
        self.now_ui(ui, id, rect, at, asks);
    }

    /// The line is one stop of the Tab key; arrows go along it.
    fn strip_keys(&self, ui: &Ui, rect: Rect, id: Id, at: Moment, asks: &mut Vec<Ask>) {
        let focus = ui.interact(rect, id.with("focus"), Sense::FOCUSABLE);
        focus.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "Timeline"));
        let title = self.series.moment_title(at);
        ui.ctx()
            .accesskit_node_builder(focus.id, |node| node.set_value(title));
        if !focus.has_focus() {
            return;
        }
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(
                focus.id,
                egui::EventFilter {
                    horizontal_arrows: true,
                    ..egui::EventFilter::default()
                },
            );
        });
        let palette = palette(ui.ctx());
        ui.painter()
            .rect_stroke(rect, 6.0, (1.5, palette.accent), egui::StrokeKind::Inside);
        ui.input_mut(|input| {
            for (key, ask) in [
                (Key::ArrowLeft, Ask::Older),
                (Key::ArrowRight, Ask::Newer),
                (Key::Home, Ask::Moment(Moment::Snapshot(0))),
                (Key::End, Ask::Moment(Moment::Now)),
            ] {
                if input.consume_key(Modifiers::NONE, key) {
                    asks.push(ask);
                }
            }
        });
    }

    fn mark_ui(
        &self,
        ui: &Ui,
        id: Id,
        centre: egui::Pos2,
        mark: &Mark,
        at: Moment,
        asks: &mut Vec<Ask>,
    ) {
        let palette = palette(ui.ctx());
        let (first, count) = (mark.points.start, mark.points.len());
        let place = Rect::from_center_size(centre, vec2(MARK_WIDTH, ROW_HEIGHT));
        let response = ui.interact(place, id.with(("mark", first)), Sense::CLICK);
        let is_current = matches!(at, Moment::Snapshot(current) if mark.points.contains(&current));
        let name = match count {
            1 => format!(
                "Snapshot of {}",
                self.series.moment_title(Moment::Snapshot(first))
            ),
            _ => self.series.span(first, mark.points.end - 1, count),
        };
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_current, &name));
        let points = self.series.points.get(mark.points.clone());
        let is_complete = points.is_none_or(|points| points.iter().all(|p| p.is_complete));
        let ink = match (is_current, is_complete) {
            (true, _) => palette.accent,
            (false, false) => palette.warning,
            (false, true) => palette.weak,
        };
        let radius = if count > 1 { 9.0 } else { 5.5 };
        let radius = if response.hovered() {
            radius + 1.0
        } else {
            radius
        };
        let painter = ui.painter();
        if count > 1 || !is_current {
            painter.circle(centre, radius, palette.card, (2.0, ink));
        }
        if is_current && count == 1 {
            painter.circle_filled(centre, 7.0, ink);
        }
        if count > 1 {
            if is_current {
                painter.circle_filled(centre, radius, ink);
            }
            let text = match count {
                2..100 => count.to_string(),
                _ => "…".to_owned(),
            };
            let ink = if is_current {
                palette.on_accent
            } else {
                palette.text
            };
            let font = egui::FontId::proportional(10.0);
            painter.text(centre, Align2::CENTER_CENTER, text, font, ink);
        }
        if count == 1 {
            if response.clicked() {
                asks.push(Ask::Moment(Moment::Snapshot(first)));
            }
        } else {
            let last = mark.points.end - 1;
            Popup::menu(&response).show(|ui| {
                self.some_moments_ui(ui, "", count, asks, Ask::Moment, |row| {
                    Moment::Snapshot(last - row)
                });
            });
        }
        let hover = match is_complete {
            true => name,
            false => format!("{name}\nNot complete: something could not be backed up"),
        };
        response.on_hover_text(hover);
    }

    fn now_ui(&self, ui: &Ui, id: Id, rect: Rect, at: Moment, asks: &mut Vec<Ask>) {
        let palette = palette(ui.ctx());
        let place = Rect::from_min_max(pos2(rect.max.x - NOW_WIDTH, rect.min.y), rect.max);
        let response = ui.interact(place, id.with("now"), Sense::CLICK);
        let is_current = at == Moment::Now;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_current, "Now"));
        let ink = if is_current {
            palette.accent
        } else {
            palette.weak
        };
        let centre = pos2(place.center().x, rect.min.y + 14.0);
        let icon = Rect::from_center_size(centre, vec2(24.0, 24.0));
        ui.painter().circle_filled(centre, 13.0, palette.page);
        crate::gui::widgets::paint_icon(ui, icon, Icon::HardDrive, 18.0, ink);
        let font = TextStyle::Small.resolve(ui.style());
        let below = pos2(centre.x, centre.y + 15.0);
        let ink = if is_current {
            palette.text
        } else {
            palette.weak
        };
        ui.painter()
            .text(below, Align2::CENTER_TOP, "Now", font, ink);
        if response.clicked() {
            asks.push(Ask::Moment(Moment::Now));
        }
        response.on_hover_text("The disk as it is now");
    }
}

/// `3 snapshots`, for those that a search or a list of versions went through.
pub(super) fn snapshots(number: usize) -> String {
    counted(number as u64, "snapshot", "snapshots")
}
