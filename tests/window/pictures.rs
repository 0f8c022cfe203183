//! Drawing on the processor: the renderer by itself, and every screen with it.

use egui::{Color32, Pos2, Rect, Stroke, TextureOptions, pos2, vec2};
use egui_kittest::Harness;
use gibus::gui::command::Command;
use gibus::gui::route::Route;
use gibus::gui::theme::{DARK, LIGHT};
use image::RgbaImage;

use crate::picture::SoftwareRenderer;
use crate::support::World;

/// A picture of 40 by 40 pixels of what `draw` paints, on white.
fn painted(draw: impl Fn(&egui::Painter)) -> RgbaImage {
    let mut harness = Harness::builder()
        .with_size([40.0, 40.0])
        .renderer(SoftwareRenderer::default())
        .build_ui(|ui| {
            let painter = ui.ctx().layer_painter(egui::LayerId::background());
            painter.rect_filled(ui.ctx().content_rect(), 0.0, Color32::WHITE);
            draw(&painter);
        });
    harness.render().unwrap()
}

fn square(from: f32, to: f32) -> Rect {
    Rect::from_min_max(pos2(from, from), pos2(to, to))
}

#[test]
fn a_filled_square_has_exactly_its_pixels() {
    let picture = painted(|painter| {
        painter.rect_filled(square(10.0, 20.0), 0.0, Color32::RED);
    });
    for (x, y, pixel) in picture.enumerate_pixels() {
        let is_inside = (10..20).contains(&x) && (10..20).contains(&y);
        let wanted = if is_inside {
            [255, 0, 0, 255]
        } else {
            [255; 4]
        };
        assert_eq!(pixel.0, wanted, "at {x}, {y}");
    }
}

#[test]
fn triangles_that_meet_leave_no_seam() {
    // Translucent, so that a pixel that is drawn twice is darker and one that is left out is white.
    let picture = painted(|painter| {
        let mut mesh = egui::Mesh::default();
        let ink = Color32::from_black_alpha(128);
        let corners = [
            (3.3, 4.1),
            (36.7, 7.9),
            (31.2, 35.4),
            (5.8, 33.1),
            (19.6, 18.3),
        ];
        for (x, y) in corners {
            mesh.colored_vertex(pos2(x, y), ink);
        }
        for corner in 0..4 {
            mesh.add_triangle(corner, (corner + 1) % 4, 4);
        }
        painter.add(mesh);
    });
    let mut inks: Vec<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
    inks.sort_unstable();
    inks.dedup();
    assert_eq!(inks, [[127, 127, 127, 255], [255; 4]]);
    // Inside there is no white.
    let row: Vec<u8> = (10..28).map(|x| picture.get_pixel(x, 20).0[0]).collect();
    assert_eq!(row, [127; 18]);
}

#[test]
fn what_is_clipped_stays_inside_and_colours_are_mixed() {
    let picture = painted(|painter| {
        let inside = painter.with_clip_rect(square(0.0, 20.0));
        inside.circle_filled(
            pos2(20.0, 20.0),
            15.0,
            Color32::from_rgba_unmultiplied(0, 0, 255, 51),
        );
        painter.line_segment(
            [pos2(30.0, 0.0), pos2(30.0, 40.0)],
            Stroke::new(2.0, Color32::BLACK),
        );
    });
    assert_eq!(picture.get_pixel(15, 15).0, [204, 204, 255, 255]);
    assert_eq!(picture.get_pixel(25, 25).0, [255; 4]);
    assert_eq!(picture.get_pixel(29, 25).0, [0, 0, 0, 255]);
    assert_eq!(picture.get_pixel(30, 25).0, [0, 0, 0, 255]);
}

#[test]
fn textures_are_smoothed_or_not_as_they_ask_and_can_be_changed_in_part() {
    // The texture is a black and a white texel, the right one white only since a change.
    for (options, middle) in [
        (TextureOptions::NEAREST, 255),
        (TextureOptions::LINEAR, 133),
    ] {
        let mut texture = None;
        let mut harness = Harness::builder()
            .with_size([40.0, 40.0])
            .renderer(SoftwareRenderer::default())
            .build_ui(move |ui| {
                let ctx = ui.ctx();
                let texture = texture.get_or_insert_with(|| {
                    let black = egui::ColorImage::filled([2, 1], Color32::BLACK);
                    let mut texture = ctx.load_texture("test", black, options);
                    let white = egui::ColorImage::filled([1, 1], Color32::WHITE);
                    texture.set_partial([1, 0], white, options);
                    texture
                });
                let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
                let at = Rect::from_min_size(Pos2::ZERO, vec2(40.0, 40.0));
                ctx.layer_painter(egui::LayerId::background()).image(
                    texture.id(),
                    at,
                    whole,
                    Color32::WHITE,
                );
            });
        let picture = harness.render().unwrap();
        assert_eq!(picture.get_pixel(2, 20).0, [0, 0, 0, 255]);
        assert_eq!(picture.get_pixel(37, 20).0, [255; 4]);
        assert_eq!(picture.get_pixel(20, 20).0[0], middle);
    }
}

#[test]
fn no_icon_is_part_of_a_name() {
    let world = World::new();
    let archive = world.with_archive();
    world.write("letter.txt", "Dear all");
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = world.open();
    for route in Route::ALL {
        window.harness.state_mut().send(Command::Go(route));
        window.steps(20);
        // Icon fonts have their glyphs where Unicode leaves room for private use; a screen reader stumbles there.
        let is_icon = |letter: char| ('\u{e000}'..='\u{f8ff}').contains(&letter);
        let labels = window.labels();
        let with_icons: Vec<_> = labels
            .iter()
            .filter(|label| label.contains(is_icon))
            .collect();
        assert!(with_icons.is_empty(), "{route:?}: {with_icons:?}");
    }
}

#[test]
fn every_screen_can_be_drawn_in_both_themes() {
    let world = World::new();
    let archive = world.with_archive();
    world.write("letter.txt", "Dear all");
    world.back_up(&archive, "2026-11-20T10:00:00[UTC]");
    let mut window = world.open();
    for (theme, palette) in [(egui::Theme::Light, LIGHT), (egui::Theme::Dark, DARK)] {
        window.harness.ctx.set_theme(theme);
        for route in Route::ALL {
            window.harness.state_mut().send(Command::Go(route));
            window.steps(3);
            let picture = window.harness.render().unwrap();
            assert_eq!(picture.dimensions(), (1180, 780));
            let [red, green, blue, alpha] = palette.sidebar.to_array();
            assert_eq!(picture.get_pixel(1, 1).0, [red, green, blue, alpha]);
            assert!(picture.pixels().all(|pixel| pixel.0[3] == 255));
            // The title is written on the page, in the theme's ink.
            let [red, green, blue, _] = palette.text.to_array();
            let is_ink = |pixel: &image::Rgba<u8>| pixel.0 == [red, green, blue, 255];
            assert!(
                picture.pixels().filter(|pixel| is_ink(pixel)).count() > 20,
                "{route:?}"
            );
        }
    }
}
