//! Pictures of the window without a display and without a graphics card: egui's triangles, drawn on the
//! processor.
//!
//! It draws what `egui_glow` draws, which is what people see: triangles with a colour at each corner, times a
//! texture, blended in gamma space with premultiplied alpha. Corners are rounded to 1/256 of a pixel, so that
//! the edges are exact in whole numbers; a pixel whose centre lies on an edge belongs to the triangle below or
//! to the right of it. Without that rule the seams of translucent shapes would show. The one difference is that
//! gradients are not dithered: pictures stay small, and are the same everywhere.

use std::collections::HashMap;

use egui::epaint::{ImageDelta, Mesh, Primitive, Vertex};
use egui::{
    Color32, ColorImage, Context, FullOutput, ImageData, Rect, TextureFilter, TextureId,
    TextureOptions, TextureWrapMode, TexturesDelta,
};
use egui_kittest::TestRenderer;
use image::RgbaImage;

/// Corners lie on a grid of so many points a pixel, and so do positions in textures.
const GRID: i64 = 256;
/// Corners further away than this, in pixels, are brought nearer, so that areas are whole numbers of 64 bits.
const FAR: f32 = 1e6;

/// Draws on the processor; for `HarnessBuilder::renderer`.
#[derive(Default)]
pub struct SoftwareRenderer {
    textures: HashMap<TextureId, Texture>,
}

struct Texture {
    image: ColorImage,
    options: TextureOptions,
}

impl TestRenderer for SoftwareRenderer {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            for delta in deltas {
                self.set_texture(id, delta);
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let size = ctx.content_rect().size() * scale;
        let mut canvas = Canvas::new(size.x.round() as usize, size.y.round() as usize);
        for clipped in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = &clipped.primitive else {
                return Err("the picture has a paint callback, which needs a display".to_owned());
            };
            let texture = self.textures.get(&mesh.texture_id);
            let texture = texture.ok_or_else(|| format!("no texture {:?}", mesh.texture_id))?;
            canvas.mesh(mesh, texture, clipped.clip_rect, scale);
        }
        Ok(canvas.into_image())
    }
}

impl SoftwareRenderer {
    fn set_texture(&mut self, id: TextureId, delta: ImageDelta) {
        let ImageData::Color(new) = delta.image;
        match (delta.pos, self.textures.get_mut(&id)) {
            (Some([left, top]), Some(texture)) => {
                for (row, pixels) in new.pixels.chunks(new.width()).enumerate() {
                    let start = (top + row) * texture.image.width() + left;
                    texture.image.pixels[start..start + pixels.len()].copy_from_slice(pixels);
                }
            }
            _ => {
                let image = ColorImage::clone(&new);
                let options = delta.options;
                self.textures.insert(id, Texture { image, options });
            }
        }
    }
}

impl Texture {
    /// The colour at `u` and `v`, which go from 0 to 1 across the texture.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let (x, y) = (
            u * self.image.width() as f32,
            v * self.image.height() as f32,
        );
        if self.options.magnification == TextureFilter::Nearest {
            return channels(self.texel(x.floor(), y.floor()));
        }
        // Positions between texels are rounded as graphics cards do; so it makes no difference where in the font's
        // texture a letter lies.
        let between = |position: f32| ((position - 0.5) * GRID as f32).round() / GRID as f32;
        let (x, y) = (between(x), between(y));
        let (left, top) = (x.floor(), y.floor());
        let (right_share, low_share) = (x - left, y - top);
        let mut sum = [0.0; 4];
        for (dx, dy, share) in [
            (0.0, 0.0, (1.0 - right_share) * (1.0 - low_share)),
            (1.0, 0.0, right_share * (1.0 - low_share)),
            (0.0, 1.0, (1.0 - right_share) * low_share),
            (1.0, 1.0, right_share * low_share),
        ] {
            if share > 0.0 {
                let color = channels(self.texel(left + dx, top + dy));
                for (sum, channel) in sum.iter_mut().zip(color) {
                    *sum += channel * share;
                }
            }
        }
        sum
    }

    fn texel(&self, x: f32, y: f32) -> Color32 {
        let at = |position: f32, length: usize| {
            let length = length as i64;
            let position = position as i64;
            let inside = match self.options.wrap_mode {
                TextureWrapMode::ClampToEdge => position.clamp(0, length - 1),
                TextureWrapMode::Repeat => position.rem_euclid(length),
                TextureWrapMode::MirroredRepeat => {
                    let there_and_back = position.rem_euclid(2 * length);
                    there_and_back.min(2 * length - 1 - there_and_back)
                }
            };
            inside as usize
        };
        let (width, height) = (self.image.width(), self.image.height());
        self.image.pixels[at(y, height) * width + at(x, width)]
    }
}

/// The picture while it is drawn: four channels of 8 bits, as a screen has them.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Canvas {
        Canvas {
            width,
            height,
            pixels: vec![[0; 4]; width * height],
        }
    }

    fn into_image(self) -> RgbaImage {
        let bytes = self.pixels.into_iter().flatten().collect();
        let image = RgbaImage::from_raw(self.width as u32, self.height as u32, bytes);
        image.expect("the pixels are as many as the size says")
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &Texture, clip: Rect, scale: f32) {
        let inside =
            |position: f32, most: usize| (position * scale).round().clamp(0.0, most as f32) as i64;
        let clip = [
            inside(clip.min.x, self.width),
            inside(clip.min.y, self.height),
            inside(clip.max.x, self.width),
            inside(clip.max.y, self.height),
        ];
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |number: usize| &mesh.vertices[corners[number] as usize];
            self.triangle([corner(0), corner(1), corner(2)], texture, clip, scale);
        }
    }

    /// `clip`: left, top, right, bottom, in pixels.
    fn triangle(&mut self, corners: [&Vertex; 3], texture: &Texture, clip: [i64; 4], scale: f32) {
        let on_grid = |vertex: &Vertex| {
            let far = FAR * GRID as f32;
            let at =
                |position: f32| (position * scale * GRID as f32).clamp(-far, far).round() as i64;
            (at(vertex.pos.x), at(vertex.pos.y))
        };
        let [a, mut b, mut c] = corners;
        let area = cross(on_grid(a), on_grid(b), on_grid(c));
        if area < 0 {
            (b, c) = (c, b);
        }
        // Feathered shapes have many that are fully transparent.
        let is_clear = |corner: &Vertex| corner.color == Color32::TRANSPARENT;
        if area == 0 || [a, b, c].into_iter().all(is_clear) {
            return;
        }
        let [at_a, at_b, at_c] = [a, b, c].map(on_grid);
        // Each lies opposite to the corner whose share it gives.
        let edges = [
            Edge::new(at_b, at_c),
            Edge::new(at_c, at_a),
            Edge::new(at_a, at_b),
        ];
        let inks = [a, b, c].map(|corner| channels(corner.color));
        let is_flat = inks[0] == inks[1] && inks[1] == inks[2];
        let is_plain = a.uv == b.uv && b.uv == c.uv;
        let plain = texture.sample(a.uv.x, a.uv.y);
        let first = at_a.1.min(at_b.1).min(at_c.1).div_euclid(GRID).max(clip[1]);
        let last = at_a
            .1
            .max(at_b.1)
            .max(at_c.1)
            .div_euclid(GRID)
            .min(clip[3] - 1);
        for y in first..=last {
            let span = edges
                .iter()
                .fold((clip[0], clip[2] - 1), |span, edge| edge.narrow(y, span));
            for x in span.0..=span.1 {
                let shares = match is_flat && is_plain {
                    true => [1.0, 0.0, 0.0],
                    false => edges.map(|edge| edge.side(x, y) as f32 / area.abs() as f32),
                };
                let mix = |values: [f32; 3]| {
                    values[0] * shares[0] + values[1] * shares[1] + values[2] * shares[2]
                };
                let ink = match is_flat {
                    true => inks[0],
                    false => std::array::from_fn(|channel| mix(inks.map(|ink| ink[channel]))),
                };
                let texel = match is_plain {
                    true => plain,
                    false => {
                        texture.sample(mix([a.uv.x, b.uv.x, c.uv.x]), mix([a.uv.y, b.uv.y, c.uv.y]))
                    }
                };
                let source = std::array::from_fn(|channel| ink[channel] * texel[channel]);
                blend(
                    &mut self.pixels[y as usize * self.width + x as usize],
                    source,
                );
            }
        }
    }
}

/// An edge of a triangle, with the triangle at its right as one walks along.
#[derive(Clone, Copy)]
struct Edge {
    from: (i64, i64),
    to: (i64, i64),
    /// What [`Edge::side`] has to be at least: pixels on the line belong to upper and left edges.
    least: i64,
}

impl Edge {
    fn new(from: (i64, i64), to: (i64, i64)) -> Edge {
        let owns_its_line = to.1 < from.1 || to.1 == from.1 && to.0 > from.0;
        let least = if owns_its_line { 0 } else { 1 };
        Edge { from, to, least }
    }

    /// How far inside the middle of a pixel is: twice the area between it and the edge.
    fn side(&self, x: i64, y: i64) -> i64 {
        let middle = (x * GRID + GRID / 2, y * GRID + GRID / 2);
        cross(self.from, self.to, middle)
    }

    /// The part of a row, first and last pixel, that is inside of this edge.
    fn narrow(&self, y: i64, (first, last): (i64, i64)) -> (i64, i64) {
        let spare = self.side(0, y) - self.least;
        // What is lost of it with each pixel to the right.
        let step = (self.to.1 - self.from.1) * GRID;
        match step {
            0 if spare < 0 => (first, first - 1),
            0 => (first, last),
            1.. => (first, last.min(spare.div_euclid(step))),
            // Rounded up.
            _ => (first.max(-spare.div_euclid(-step)), last),
        }
    }
}

/// Twice the area of a triangle; positive when its corners go round clockwise, as one sees them.
fn cross(a: (i64, i64), b: (i64, i64), c: (i64, i64)) -> i64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

/// Red, green, blue and alpha, from 0 to 1, in gamma space.
fn channels(color: Color32) -> [f32; 4] {
    color.to_array().map(|channel| f32::from(channel) / 255.0)
}

/// Lays a colour over a pixel; alpha is multiplied in already.
fn blend(pixel: &mut [u8; 4], source: [f32; 4]) {
    let through = 1.0 - source[3];
    for (below, above) in pixel.iter_mut().zip(source) {
        *below = (above * 255.0 + f32::from(*below) * through)
            .round()
            .clamp(0.0, 255.0) as u8;
    }
}
