//! How the window looks: colours, spacing, type sizes, fonts. Nothing else in `gui` names a colour.
//!
//! A calm page: one neutral background, cards a little lighter, one accent (the silk of the hat's
//! lining), and four colours that always mean the same: kept, new, changed, removed. Contrast of text on its
//! background is at least 4.5 to 1 in both themes; a test measures it.

use std::sync::Arc;

use egui::epaint::text::{FontData, FontDefinitions, FontFamily};
use egui::{
    Color32, Context, CornerRadius, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Vec2,
    Visuals, vec2,
};

/// Names of the type scale beyond egui's own.
pub mod text {
    use egui::TextStyle;

    /// The title of a screen.
    pub fn title() -> TextStyle {
        TextStyle::Name("title".into())
    }

    /// One sentence or number that a screen is about.
    pub fn headline() -> TextStyle {
        TextStyle::Name("headline".into())
    }

    /// The title of a card or a group.
    pub fn strong() -> TextStyle {
        TextStyle::Name("strong".into())
    }
}

/// The family for headings: the same face, heavier.
pub const STRONG_FAMILY: &str = "strong";
/// The icons.
pub const ICON_FAMILY: &str = "icons";
/// By how much of their size icons are lowered, so that their middle is that of the words beside them.
const ICON_DROP: f32 = 0.07;

/// Space between things, in points. Everything stands on this scale.
pub mod space {
    pub const XS: f32 = 4.0;
    pub const S: f32 = 8.0;
    pub const M: f32 = 12.0;
    pub const L: f32 = 16.0;
    pub const XL: f32 = 24.0;
    pub const XXL: f32 = 32.0;
}

/// Height of a table's row: a target that is easy to hit.
pub const ROW_HEIGHT: f32 = 28.0;
/// Least height of a button.
pub const CONTROL_HEIGHT: f32 = 30.0;
/// Roundness of cards.
pub const CARD_RADIUS: u8 = 10;
/// Roundness of controls.
pub const CONTROL_RADIUS: u8 = 6;

/// The colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    pub is_dark: bool,
    /// Behind everything.
    pub page: Color32,
    /// The column of screens at the left.
    pub sidebar: Color32,
    /// Cards, dialogs, tables.
    pub card: Color32,
    /// Fields to type in.
    pub field: Color32,
    /// Lines between things.
    pub line: Color32,
    pub text: Color32,
    /// Text of less weight, still readable.
    pub weak: Color32,
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// A light wash of the accent: selected rows, the current screen.
    pub accent_wash: Color32,
    /// A row that the pointer is over.
    pub hover: Color32,
    /// What did not change.
    pub kept: Color32,
    pub new: Color32,
    pub changed: Color32,
    pub removed: Color32,
    pub error: Color32,
    pub warning: Color32,
    pub good: Color32,
}

impl Palette {
    /// For sums and charts that tell kinds apart: distinct for the colour-blind as well (after Okabe and Ito,
    /// 2008), in the order of use.
    pub fn series(&self, index: usize) -> Color32 {
        const LIGHT: [Color32; 8] = [
            Color32::from_rgb(0x1f, 0x77, 0x6d),
            Color32::from_rgb(0xd9, 0x8a, 0x1a),
            Color32::from_rgb(0x3b, 0x6f, 0xb6),
            Color32::from_rgb(0xc2, 0x54, 0x3a),
            Color32::from_rgb(0x8a, 0x6b, 0xb3),
            Color32::from_rgb(0x6b, 0x8f, 0x2e),
            Color32::from_rgb(0xb2, 0x5a, 0x87),
            Color32::from_rgb(0x7a, 0x7a, 0x7a),
        ];
        const DARK: [Color32; 8] = [
            Color32::from_rgb(0x58, 0xb9, 0xa8),
            Color32::from_rgb(0xe6, 0xb0, 0x55),
            Color32::from_rgb(0x7d, 0xa8, 0xe0),
            Color32::from_rgb(0xe0, 0x86, 0x6c),
            Color32::from_rgb(0xb4, 0x9a, 0xd8),
            Color32::from_rgb(0xa3, 0xc2, 0x66),
            Color32::from_rgb(0xd8, 0x8c, 0xb2),
            Color32::from_rgb(0xa8, 0xa8, 0xa8),
        ];
        let colors = if self.is_dark { &DARK } else { &LIGHT };
        colors[index % colors.len()]
    }
}

/// Paper.
pub const LIGHT: Palette = Palette {
    is_dark: false,
    page: Color32::from_rgb(0xf6, 0xf5, 0xf2),
    sidebar: Color32::from_rgb(0xec, 0xea, 0xe5),
    card: Color32::from_rgb(0xff, 0xff, 0xff),
    field: Color32::from_rgb(0xfa, 0xf9, 0xf7),
    line: Color32::from_rgb(0xdd, 0xda, 0xd3),
    text: Color32::from_rgb(0x23, 0x25, 0x28),
    weak: Color32::from_rgb(0x5f, 0x63, 0x69),
    accent: Color32::from_rgb(0x1a, 0x6b, 0x62),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    accent_wash: Color32::from_rgb(0xd9, 0xea, 0xe6),
    hover: Color32::from_rgb(0xf1, 0xf0, 0xec),
    kept: Color32::from_rgb(0x5f, 0x63, 0x69),
    new: Color32::from_rgb(0x1f, 0x77, 0x3d),
    changed: Color32::from_rgb(0x94, 0x5d, 0x05),
    removed: Color32::from_rgb(0x9c, 0x3d, 0x6b),
    error: Color32::from_rgb(0xb3, 0x26, 0x1e),
    warning: Color32::from_rgb(0x94, 0x5d, 0x05),
    good: Color32::from_rgb(0x1f, 0x77, 0x3d),
};

/// Night.
pub const DARK: Palette = Palette {
    is_dark: true,
    page: Color32::from_rgb(0x19, 0x1b, 0x1d),
    sidebar: Color32::from_rgb(0x14, 0x16, 0x18),
    card: Color32::from_rgb(0x23, 0x26, 0x29),
    field: Color32::from_rgb(0x1c, 0x1f, 0x21),
    line: Color32::from_rgb(0x38, 0x3c, 0x40),
    text: Color32::from_rgb(0xe6, 0xe6, 0xe3),
    weak: Color32::from_rgb(0xa4, 0xa8, 0xac),
    accent: Color32::from_rgb(0x5c, 0xc0, 0xae),
    on_accent: Color32::from_rgb(0x0e, 0x1f, 0x1c),
    accent_wash: Color32::from_rgb(0x24, 0x40, 0x3b),
    hover: Color32::from_rgb(0x2b, 0x2f, 0x32),
    kept: Color32::from_rgb(0xa4, 0xa8, 0xac),
    new: Color32::from_rgb(0x7f, 0xcb, 0x8f),
    changed: Color32::from_rgb(0xe2, 0xb1, 0x5b),
    removed: Color32::from_rgb(0xdb, 0x8e, 0xb6),
    error: Color32::from_rgb(0xf2, 0x8b, 0x82),
    warning: Color32::from_rgb(0xe2, 0xb1, 0x5b),
    good: Color32::from_rgb(0x7f, 0xcb, 0x8f),
};

/// The colours in use.
pub fn palette(ctx: &Context) -> &'static Palette {
    match ctx.theme() {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

/// Puts fonts and both themes in place. Once, when the window is made.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.set_style_of(Theme::Light, style(&LIGHT));
    ctx.set_style_of(Theme::Dark, style(&DARK));
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let own: [(&str, &[u8]); 3] = [
        (
            "Inter",
            include_bytes!("../../assets/fonts/Inter-Regular.otf"),
        ),
        (
            "Inter SemiBold",
            include_bytes!("../../assets/fonts/Inter-SemiBold.otf"),
        ),
        ("Lucide", lucide_icons::LUCIDE_FONT_BYTES),
    ];
    for (name, bytes) in own {
        let mut data = FontData::from_static(bytes);
        if name == "Lucide" {
            // Its glyphs stand on the line; beside words they look as if they were too high.
            data.tweak.y_offset_factor = ICON_DROP;
        }
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    }
    // What Inter does not have comes from egui's own fonts, and icons may stand in any text.
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    let with = |first: &str| {
        let own = [first.to_owned()].into_iter();
        own.chain(fallback.iter().cloned())
            .chain(["Lucide".to_owned()])
            .collect()
    };
    fonts
        .families
        .insert(FontFamily::Proportional, with("Inter"));
    fonts.families.insert(
        FontFamily::Name(STRONG_FAMILY.into()),
        with("Inter SemiBold"),
    );
    fonts.families.insert(
        FontFamily::Name(ICON_FAMILY.into()),
        vec!["Lucide".to_owned()],
    );
    fonts
}

fn style(palette: &Palette) -> Style {
    let mut style = Style {
        visuals: visuals(palette),
        ..Style::default()
    };
    let strong = |size| FontId::new(size, FontFamily::Name(STRONG_FAMILY.into()));
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(12.0)),
        (TextStyle::Body, FontId::proportional(14.0)),
        (TextStyle::Button, FontId::proportional(14.0)),
        (TextStyle::Monospace, FontId::monospace(13.0)),
        (TextStyle::Heading, strong(16.0)),
        (text::strong(), strong(14.0)),
        (text::title(), strong(22.0)),
        (text::headline(), strong(18.0)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S, space::S);
    spacing.button_padding = vec2(space::M, 6.0);
    spacing.interact_size = Vec2::new(36.0, CONTROL_HEIGHT);
    spacing.window_margin = Margin::same(20);
    spacing.menu_margin = Margin::same(6);
    spacing.icon_width = 18.0;
    spacing.icon_width_inner = 10.0;
    spacing.combo_width = 160.0;
    spacing.tooltip_width = 420.0;
    spacing.scroll.floating = true;
    style.interaction.selectable_labels = false;
    style
}

fn visuals(palette: &Palette) -> Visuals {
    let mut visuals = match palette.is_dark {
        true => Visuals::dark(),
        false => Visuals::light(),
    };
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(palette.weak);
    visuals.hyperlink_color = palette.accent;
    visuals.faint_bg_color = palette.hover;
    visuals.extreme_bg_color = palette.field;
    visuals.text_edit_bg_color = Some(palette.field);
    visuals.code_bg_color = palette.field;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.window_fill = palette.card;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.panel_fill = palette.page;
    let shadow = Shadow {
        offset: [0, 4],
        blur: 18,
        spread: 0,
        color: Color32::from_black_alpha(if palette.is_dark { 110 } else { 36 }),
    };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    visuals.selection.bg_fill = palette.accent_wash;
    visuals.selection.stroke = Stroke::new(1.5, palette.accent);
    visuals.striped = false;
    visuals.indent_has_left_vline = false;
    visuals.slider_trailing_fill = true;
    let widgets = &mut visuals.widgets;
    let radius = CornerRadius::same(CONTROL_RADIUS);
    for (widget, fill, line, text) in [
        (
            &mut widgets.noninteractive,
            palette.card,
            palette.line,
            palette.text,
        ),
        (
            &mut widgets.inactive,
            palette.field,
            palette.line,
            palette.text,
        ),
        (
            &mut widgets.hovered,
            palette.hover,
            palette.weak,
            palette.text,
        ),
        (
            &mut widgets.active,
            palette.accent_wash,
            palette.accent,
            palette.text,
        ),
        (&mut widgets.open, palette.hover, palette.line, palette.text),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, line);
        widget.fg_stroke = Stroke::new(1.0, text);
        widget.corner_radius = radius;
        widget.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
/// How well one colour can be told from the other, from 1 to 21, as WCAG 2.1 defines it.
pub fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
/// Relative luminance, likewise.
fn luminance(color: Color32) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_text_can_be_read_on_all_that_it_stands_on() {
        for palette in [LIGHT, DARK] {
            let inks = [
                palette.text,
                palette.weak,
                palette.kept,
                palette.new,
                palette.changed,
                palette.removed,
                palette.error,
                palette.warning,
                palette.good,
                palette.accent,
            ];
            let papers = [palette.page, palette.card, palette.field, palette.hover];
            for ink in inks {
                for paper in papers {
                    let ratio = contrast(ink, paper);
                    assert!(ratio >= 4.5, "{ink:?} on {paper:?}: {ratio:.2}");
                }
            }
            let sidebar = [palette.text, palette.weak, palette.error];
            for ink in sidebar {
                assert!(
                    contrast(ink, palette.sidebar) >= 4.5,
                    "{ink:?} in the sidebar"
                );
            }
            assert!(contrast(palette.on_accent, palette.accent) >= 4.5);
            assert!(contrast(palette.text, palette.accent_wash) >= 4.5);
        }
    }
}
