//! Pictures of parts of the window: what is shown, as it is shown.
//!
//! A part may be scrolled out of sight, or be drawn otherwise while its picture is taken (without its buttons). So
//! it takes some frames: it is asked for, the part is brought into sight, the window is asked for a picture of the
//! next frame, and that is cut out when it comes.

use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use egui::{Align, ColorImage, Rect, Ui};

/// In so many frames what is scrolled to is in its place.
const SETTLING: u32 = 3;

/// A picture that may be wanted.
#[derive(Default)]
pub struct Shot {
    wanted: Option<Wanted>,
}

struct Wanted {
    part: &'static str,
    frames: u32,
    /// The window was asked for it, and this is where the part is.
    asked: Option<(Receiver<Arc<ColorImage>>, Rect)>,
}

impl Shot {
    /// Asks for a picture of the part of this name.
    pub fn ask(&mut self, part: &'static str) {
        self.wanted = Some(Wanted {
            part,
            frames: 0,
            asked: None,
        });
    }

    /// A picture of it is wanted: what is not to be in it is not to be drawn.
    pub fn is_of(&self, part: &str) -> bool {
        self.wanted
            .as_ref()
            .is_some_and(|wanted| wanted.part == part)
    }

    /// To be called when the part has been drawn, with its place.
    pub fn see(&mut self, ui: &Ui, part: &str, place: Rect) {
        let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.part == part) else {
            return;
        };
        if wanted.asked.is_some() {
            return;
        }
        wanted.frames += 1;
        ui.ctx().request_repaint();
        if wanted.frames == 1 {
            let animation = egui::style::ScrollAnimation::none();
            ui.scroll_to_rect_animation(place, Some(Align::Min), animation);
        }
        if wanted.frames <= SETTLING {
            return;
        }
        let seen = place.intersect(ui.clip_rect());
        if !seen.is_positive() {
            self.wanted = None;
            return;
        }
        let (send, picture) = bounded(1);
        let ctx = ui.ctx().clone();
        ui.ctx().request_screenshot(move |image| {
            // An error: nobody waits for it any more.
            let _ = send.send(image);
            ctx.request_repaint();
        });
        wanted.asked = Some((picture, seen));
    }

    /// The picture, once it is there.
    pub fn take(&mut self, pixels_per_point: f32) -> Option<(&'static str, ColorImage)> {
        let wanted = self.wanted.as_ref()?;
        let (picture, place) = wanted.asked.as_ref()?;
        let picture = picture.try_recv().ok()?;
        let part = wanted.part;
        let place = *place;
        self.wanted = None;
        Some((part, cut_out(&picture, place, pixels_per_point)))
    }
}

/// The pixels of a place, which is in points.
fn cut_out(picture: &ColorImage, place: Rect, pixels_per_point: f32) -> ColorImage {
    let [width, height] = picture.size;
    let pixel = |points: f32, most: usize| {
        let pixel = (points * pixels_per_point).round().max(0.0) as usize;
        pixel.min(most)
    };
    let (left, top) = (pixel(place.min.x, width), pixel(place.min.y, height));
    let (right, bottom) = (pixel(place.max.x, width), pixel(place.max.y, height));
    let (right, bottom) = (right.max(left), bottom.max(top));
    picture.region_by_pixels([left, top], [right - left, bottom - top])
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Color32, pos2};

    #[test]
    fn only_the_part_is_in_the_picture_and_what_is_outside_the_window_is_not() {
        let pixels = (0..6_u8).map(Color32::from_gray).collect();
        let window = ColorImage::new([3, 2], pixels);
        let place = |right, bottom| Rect::from_min_max(pos2(0.5, 0.5), pos2(right, bottom));
        // Two pixels for each point.
        let part = cut_out(&window, place(1.0, 1.0), 2.0);
        assert_eq!(part.size, [1, 1]);
        assert_eq!(part.pixels, [Color32::from_gray(4)]);
        let part = cut_out(&window, place(50.0, 50.0), 2.0);
        assert_eq!(part.size, [2, 1]);
    }
}
