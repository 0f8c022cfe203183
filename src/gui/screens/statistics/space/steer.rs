//! Where arrows lead from one rectangle to the next.

use egui::{Rect, Vec2};

/// The nearest rectangle in a direction, which is one of the four unit vectors; what is in the same row or column
/// before what is not. Those that have others in them are not gone to, as their parts are.
pub fn next(rects: &[(Rect, bool)], from: usize, direction: Vec2) -> Option<usize> {
    let (at, _) = rects.get(from)?;
    let across = Vec2::new(direction.y.abs(), direction.x.abs());
    let cost = |rect: &Rect| {
        let way = rect.center() - at.center();
        let ahead = way.dot(direction);
        // From edge to edge: large ones have their middle far away.
        let gap = match direction.x + direction.y > 0.0 {
            true => (rect.min - at.max).dot(direction),
            false => (rect.max - at.min).dot(direction),
        };
        let (low, high) = (
            rect.min.to_vec2().dot(across),
            rect.max.to_vec2().dot(across),
        );
        let (from, to) = (at.min.to_vec2().dot(across), at.max.to_vec2().dot(across));
        let overlap = high.min(to) - low.max(from);
        let aside = if overlap > 0.0 { 0.0 } else { -overlap };
        let middle = way.dot(across).abs();
        (ahead > 0.5 && gap > -1.0).then_some(gap.max(0.0) + 3.0 * aside + 0.05 * middle)
    };
    let others = rects.iter().enumerate();
    let others = others.filter(|(index, (_, is_open))| *index != from && !is_open);
    let costs = others.filter_map(|(index, (rect, _))| Some((index, cost(rect)?)));
    costs
        .min_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    fn rect(x: f32, y: f32, width: f32, height: f32) -> (Rect, bool) {
        (Rect::from_min_size(pos2(x, y), vec2(width, height)), false)
    }

    #[test]
    fn arrows_lead_to_what_is_beside() {
        // A large one at the left, two above each other at the right, and below all a low one.
        let mut rects = vec![
            rect(0.0, 0.0, 100.0, 100.0),
            rect(100.0, 0.0, 100.0, 50.0),
            rect(100.0, 50.0, 100.0, 50.0),
            rect(0.0, 100.0, 200.0, 20.0),
        ];
        let right = vec2(1.0, 0.0);
        let down = vec2(0.0, 1.0);
        assert!(matches!(next(&rects, 0, right), Some(1 | 2)));
        assert_eq!(next(&rects, 1, down), Some(2));
        assert_eq!(next(&rects, 2, down), Some(3));
        assert_eq!(next(&rects, 3, -down), Some(0));
        assert_eq!(next(&rects, 2, -right), Some(0));
        assert_eq!(next(&rects, 2, right), None);
        assert_eq!(next(&rects, 0, -down), None);
        // What has others in it is passed over.
        rects[3].1 = true;
        assert_eq!(next(&rects, 2, down), None);
    }

    #[test]
    fn every_rectangle_can_be_reached() {
        let weights: Vec<u64> = (1..40).map(|number| 1 + (number * 37) % 50).collect();
        let frame = Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 300.0));
        let rects = super::super::squarify::squarify(&weights, frame);
        let rects: Vec<(Rect, bool)> = rects.into_iter().map(|rect| (rect, false)).collect();
        let mut reached = vec![false; rects.len()];
        let mut at = vec![0];
        while let Some(from) = at.pop() {
            if std::mem::replace(&mut reached[from], true) {
                continue;
            }
            let ways = [
                vec2(1.0, 0.0),
                vec2(-1.0, 0.0),
                vec2(0.0, 1.0),
                vec2(0.0, -1.0),
            ];
            at.extend(ways.into_iter().filter_map(|way| next(&rects, from, way)));
        }
        assert!(reached.iter().all(|is_reached| *is_reached), "{reached:?}");
    }
}
