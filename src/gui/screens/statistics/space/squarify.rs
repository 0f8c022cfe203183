//! The rectangles of a treemap: their areas are in proportion to numbers, and they are as near to squares as can
//! be had cheaply.
//!
//! After Bruls, Huizing and van Wijk, Squarified Treemaps (2000): rectangles are put in a row along the shorter side
//! of what is left of the frame, as long as that makes the longest of them less long; then the next row begins.

use egui::{Rect, pos2};

/// A rectangle for each of `weights`, in their order, which together fill `frame` without overlapping. Largest
/// first looks best. A weight of 0 has an empty rectangle.
pub fn squarify(weights: &[u64], frame: Rect) -> Vec<Rect> {
    let total: f64 = weights.iter().map(|weight| *weight as f64).sum();
    let mut rest = Frame {
        x: f64::from(frame.min.x),
        y: f64::from(frame.min.y),
        width: f64::from(frame.width()).max(0.0),
        height: f64::from(frame.height()).max(0.0),
    };
    let scale = match total > 0.0 {
        true => rest.width * rest.height / total,
        false => 0.0,
    };
    let areas: Vec<f64> = weights
        .iter()
        .map(|weight| *weight as f64 * scale)
        .collect();
    let mut rects = Vec::with_capacity(areas.len());
    let mut left = areas.as_slice();
    while !left.is_empty() {
        let (row, others) = left.split_at(row_length(left, rest.shorter_side()));
        rest.take_row(row, others.is_empty(), &mut rects);
        left = others;
    }
    rects
}

/// How many of `areas` make the best row along a side of this length; at least one.
fn row_length(areas: &[f64], side: f64) -> usize {
    let Some((first, others)) = areas.split_first() else {
        return 0;
    };
    let (mut sum, mut least, mut most) = (*first, *first, *first);
    let mut worst = worst_ratio(sum, least, most, side);
    for (index, area) in others.iter().enumerate() {
        sum += area;
        least = least.min(*area);
        most = most.max(*area);
        let with_it = worst_ratio(sum, least, most, side);
        if with_it > worst {
            return index + 1;
        }
        worst = with_it;
    }
    areas.len()
}

/// How much longer than wide the longest rectangle of a row is.
fn worst_ratio(sum: f64, least: f64, most: f64, side: f64) -> f64 {
    if least <= 0.0 || side <= 0.0 {
        return f64::INFINITY;
    }
    let (side, sum) = (side * side, sum * sum);
    (side * most / sum).max(sum / (side * least))
}

/// What is left to be filled.
struct Frame {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Frame {
    fn shorter_side(&self) -> f64 {
        self.width.min(self.height)
    }

    /// Fills a strip along the shorter side. The last row takes all that is left, and in each row the last
    /// rectangle does, so that nothing is lost by rounding.
    fn take_row(&mut self, row: &[f64], is_last: bool, rects: &mut Vec<Rect>) {
        let is_column = self.width >= self.height;
        let side = self.shorter_side();
        let sum: f64 = row.iter().sum();
        let longer = self.width.max(self.height);
        let depth = match is_last {
            true => longer,
            false if side > 0.0 => (sum / side).min(longer),
            false => 0.0,
        };
        let (mut from, mut before) = (0.0, 0.0);
        for (index, area) in row.iter().enumerate() {
            before += area;
            let to = match sum > 0.0 {
                true if index + 1 == row.len() => side,
                true => side * before / sum,
                false => from,
            };
            rects.push(match is_column {
                true => rect(self.x, self.y + from, self.x + depth, self.y + to),
                false => rect(self.x + from, self.y, self.x + to, self.y + depth),
            });
            from = to;
        }
        match is_column {
            true => {
                self.x += depth;
                self.width -= depth;
            }
            false => {
                self.y += depth;
                self.height -= depth;
            }
        }
    }
}

fn rect(left: f64, top: f64, right: f64, bottom: f64) -> Rect {
    Rect::from_min_max(
        pos2(left as f32, top as f32),
        pos2(right as f32, bottom as f32),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    fn frame(width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(20.0, 30.0), vec2(width, height))
    }

    /// Areas in proportion, inside the frame, no two overlapping, nothing left over.
    fn check(weights: &[u64], frame: Rect) -> Vec<Rect> {
        let rects = squarify(weights, frame);
        assert_eq!(rects.len(), weights.len());
        let total: u64 = weights.iter().sum();
        let area = |rect: &Rect| f64::from(rect.width()) * f64::from(rect.height());
        for (weight, rect) in weights.iter().zip(&rects) {
            let wanted = *weight as f64 / total as f64 * area(&frame);
            let slack = 0.01 * wanted + 0.05 * f64::from(frame.width().max(frame.height()));
            assert!(
                (area(rect) - wanted).abs() <= slack,
                "{weight} of {total}: {} instead of {wanted}",
                area(rect)
            );
            assert!(frame.expand(0.01).contains_rect(*rect), "{rect:?}");
        }
        for (index, one) in rects.iter().enumerate() {
            for other in &rects[index + 1..] {
                let both = one.intersect(*other);
                let is_apart = both.width() <= 0.01 || both.height() <= 0.01;
                assert!(is_apart, "{one:?} and {other:?}");
            }
        }
        let sum: f64 = rects.iter().map(area).sum();
        assert!((sum - area(&frame)).abs() < 0.001 * area(&frame), "{sum}");
        rects
    }

    #[test]
    fn the_example_of_the_paper_comes_out_as_there() {
        // Six by four, and areas of 6, 6, 4, 3, 2, 2, 1: the first two stand one above the other, three wide.
        let rects = check(&[6, 6, 4, 3, 2, 2, 1], frame(600.0, 400.0));
        let is_near = |one: f32, other: f32| (one - other).abs() < 0.1;
        for rect in &rects[..2] {
            assert!(is_near(rect.width(), 300.0) && is_near(rect.height(), 200.0));
        }
        assert!(is_near(rects[2].left(), 320.0) && is_near(rects[2].top(), 30.0));
    }

    #[test]
    fn areas_are_in_proportion_whatever_the_numbers_and_the_frame() {
        let mut state = 7_u64;
        let mut random = move |end: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(11);
            (state >> 33) % end
        };
        for round in 0..200 {
            let number = 1 + random(60);
            let mut weights: Vec<u64> = (0..number)
                .map(|_| {
                    let bits = 1 + random(30);
                    1 + random(1 << bits)
                })
                .collect();
            if round % 3 > 0 {
                weights.sort_unstable_by(|one, other| other.cmp(one));
            }
            let size = frame(1.0 + random(1500) as f32, 1.0 + random(900) as f32);
            check(&weights, size);
        }
    }

    #[test]
    fn alike_weights_are_nearly_squares() {
        for rect in check(&[5; 40], frame(1000.0, 400.0)) {
            let ratio = rect.width() / rect.height();
            assert!((0.5..2.0).contains(&ratio), "{ratio}");
        }
    }

    #[test]
    fn nothing_and_no_room_do_no_harm() {
        assert!(squarify(&[], frame(10.0, 10.0)).is_empty());
        for rect in squarify(&[0, 0], frame(10.0, 10.0)) {
            assert_eq!(rect.area(), 0.0);
        }
        let rects = squarify(&[4, 0], frame(10.0, 10.0));
        assert_eq!(rects[0].area(), 100.0);
        assert_eq!(rects[1].area(), 0.0);
        for rect in squarify(&[3, 2, 1], frame(0.0, 50.0)) {
            assert_eq!(rect.area(), 0.0);
        }
        let huge = squarify(&[u64::MAX, u64::MAX], frame(100.0, 10.0));
        assert!((huge[0].width() - 50.0).abs() < 0.01);
    }
}
