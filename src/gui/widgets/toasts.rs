//! A word on something that was done or failed: at the lower edge for some seconds, longer where it is bad
//! news.
//!
//! Our own, since what there is for egui cannot be read by screen readers, does not wrap, and draws the window
//! anew all the time while something stands there. These are a live region, are as wide as there is room, and wake
//! the window once, when the next one is to go.

use std::time::Duration;

use egui::accesskit::Live;
use egui::{Align2, Area, Context, Frame, Id, Margin, Order, Role, Sense, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use super::{icon_button_ui, icon_ui};
use crate::gui::command::Tone;
use crate::gui::theme::{palette, space};

/// The older ones make room.
const MOST: usize = 5;
const WIDTH: f32 = 400.0;

/// What stands there now.
#[derive(Default)]
pub struct Toasts {
    toasts: Vec<Toast>,
    next: u64,
}

struct Toast {
    id: u64,
    tone: Tone,
    text: String,
    /// In seconds on egui's clock; set when it is drawn first.
    until: Option<f64>,
}

impl Toasts {
    pub fn add(&mut self, tone: Tone, text: impl Into<String>) {
        self.next += 1;
        self.toasts.push(Toast {
            id: self.next,
            tone,
            text: text.into(),
            until: None,
        });
        if self.toasts.len() > MOST {
            self.toasts.remove(0);
        }
    }

    /// Draws them, the newest at the bottom, on top of everything.
    pub fn ui(&mut self, ctx: &Context) {
        if self.toasts.is_empty() {
            return;
        }
        let now = ctx.input(|input| input.time);
        for toast in &mut self.toasts {
            toast.until.get_or_insert(now + seconds(toast.tone));
        }
        self.toasts
            .retain(|toast| toast.until.is_some_and(|until| now < until));
        let next = self.toasts.iter().filter_map(|toast| toast.until);
        if let Some(next) = next.min_by(f64::total_cmp) {
            ctx.request_repaint_after(Duration::from_secs_f64(next - now));
        }
        let mut closed = None;
        Area::new(Id::unique("toasts"))
            .order(Order::Foreground)
            .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -space::L))
            .show(ctx, |ui| {
                ui.set_max_width(WIDTH.min(ctx.content_rect().width() - 2.0 * space::L));
                for toast in &self.toasts {
                    if toast_ui(ui, toast) {
                        closed = Some(toast.id);
                    }
                }
            });
        self.toasts.retain(|toast| Some(toast.id) != closed);
    }
}

/// True when it was closed.
fn toast_ui(ui: &mut Ui, toast: &Toast) -> bool {
    let palette = palette(ui.ctx());
    let (ink, icon) = match toast.tone {
        Tone::Good => (palette.good, Icon::CircleCheck),
        Tone::Information => (palette.weak, Icon::Info),
        Tone::Warning => (palette.warning, Icon::TriangleAlert),
        Tone::Error => (palette.error, Icon::CircleAlert),
    };
    let mut is_closed = false;
    let frame = Frame::popup(ui.style())
        .inner_margin(Margin::symmetric(12, 8))
        .stroke((1.0, ink));
    let drawn = frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            icon_ui(ui, icon, 18.0, ink);
            let room = ui.available_width() - 36.0;
            ui.allocate_ui(vec2(room, 0.0), |ui| {
                ui.set_width(room);
                // Named by the region around it.
                let galley = ui.painter().layout(
                    toast.text.clone(),
                    egui::TextStyle::Body.resolve(ui.style()),
                    palette.text,
                    room,
                );
                let (rect, _) = ui.allocate_exact_size(galley.size(), Sense::hover());
                ui.painter().galley(rect.min, galley, palette.text);
            });
            is_closed = icon_button_ui(ui, Icon::X, "Close this message").clicked();
        });
    });
    let region = ui.interact(
        drawn.response.rect,
        Id::unique(("toast", toast.id)),
        Sense::hover(),
    );
    region.widget_info(|| WidgetInfo::labeled(Role::Status, true, &toast.text));
    ui.ctx()
        .accesskit_node_builder(region.id, |node| node.set_live(Live::Polite));
    is_closed
}

fn seconds(tone: Tone) -> f64 {
    match tone {
        Tone::Good | Tone::Information => 6.0,
        Tone::Warning => 12.0,
        Tone::Error => 30.0,
    }
}
