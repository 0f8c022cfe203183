//! The rule for what to keep: numbers, which tick the others at once.

use egui::{DragValue, RichText, Ui};

use super::{Ask, Cleanup};
use crate::gui::theme::{palette, space};
use crate::gui::widgets::{Button, group_title_ui};
use crate::snapshot::archive::keep::KeepRule;

/// What many people are well served with.
const USUAL: KeepRule = KeepRule {
    last: 3,
    days: 7,
    weeks: 4,
    months: 12,
    years: 5,
};

impl Cleanup {
    pub(super) fn rule_ui(&self, ui: &mut Ui, asks: &mut Vec<Ask>) {
        group_title_ui(ui, "What to keep");
        let mut rule = self.rule;
        egui::Grid::new("keep")
            .num_columns(3)
            .spacing([space::S, space::XS])
            .show(ui, |ui| {
                let row_ui =
                    |ui: &mut Ui, before: &str, number: &mut u32, after: &str, name: &str| {
                        ui.label(before);
                        let response = ui.add(DragValue::new(number).range(0..=999).speed(0.08));
                        ui.ctx()
                            .accesskit_node_builder(response.id, |node| node.set_label(name));
                        ui.label(after);
                        ui.end_row();
                    };
                row_ui(
                    ui,
                    "The newest",
                    &mut rule.last,
                    "snapshots",
                    "Keep the newest",
                );
                row_ui(
                    ui,
                    "One a day for",
                    &mut rule.days,
                    "days",
                    "Keep one a day",
                );
                row_ui(
                    ui,
                    "One a week for",
                    &mut rule.weeks,
                    "weeks",
                    "Keep one a week",
                );
                row_ui(
                    ui,
                    "One a month for",
                    &mut rule.months,
                    "months",
                    "Keep one a month",
                );
                row_ui(
                    ui,
                    "One a year for",
                    &mut rule.years,
                    "years",
                    "Keep one a year",
                );
            });
        if rule != self.rule {
            asks.push(Ask::Rule(rule));
        }
        ui.horizontal(|ui| {
            let usual = Button::new("Usual rule")
                .explain("3 newest, 7 days, 4 weeks, 12 months, 5 years; it can be changed then");
            if usual.show(ui) {
                asks.push(Ask::Rule(USUAL));
            }
            let is_empty = self.ticks.is_empty() && self.rule.is_empty();
            let reason = is_empty.then_some("Nothing is ticked");
            if Button::new("Tick none").disabled_because(reason).show(ui) {
                asks.push(Ask::None);
            }
        });
        let hint = match self.rule.is_empty() {
            true => {
                "Set numbers here and the others are ticked, or tick snapshots yourself. Nothing is deleted before you say so."
            }
            false => "Of each archive by itself. Days without a backup do not count.",
        };
        let weak = palette(ui.ctx()).weak;
        ui.add(egui::Label::new(RichText::new(hint).small().color(weak)).wrap());
    }
}
