//! The charts. They only show: whatever can be read off them stands in the table as well, which needs no mouse.
//!
//! All of them answer the pointer in the same way: the nearest snapshot is told of in words, and a click opens
//! it.

use egui::{Color32, RichText, Role, Sense, TextStyle, Ui, Vec2b, WidgetInfo, vec2};
use egui_plot::{
    AxisHints, Bar, BarChart, GridInput, GridMark, Line, Plot, PlotBounds, PlotPoint, PlotUi,
    Points, VLine,
};

use super::axis::{byte_step, nearest, time_label, time_step};
use super::data::{Row, RowCosts};
use crate::gui::theme::{palette, space};
use crate::human::size;

const HEIGHT: f32 = 190.0;
/// About what a label of the time axis is wide, in points.
const LABEL_WIDTH: f32 = 90.0;

/// What stands in a chart, and in which of the colours.
struct Series {
    name: &'static str,
    color: Color32,
    values: Vec<f64>,
}

/// Files against what storing them took, over time. The row that was clicked.
pub fn growth_ui(ui: &mut Ui, rows: &[Row]) -> Option<usize> {
    let palette = palette(ui.ctx());
    let series = [
        Series {
            name: "Files in the newest snapshot",
            color: palette.series(1),
            values: rows.iter().map(|row| row.held_now_bytes as f64).collect(),
        },
        Series {
            name: "Stored for all snapshots so far",
            color: palette.series(0),
            values: rows
                .iter()
                .map(|row| row.stored_in_all_bytes as f64)
                .collect(),
        },
    ];
    legend_ui(ui, &series);
    let (first, last) = (rows.first()?.at(), rows.last()?.at());
    // One snapshot alone stands in the middle of its day.
    let margin = ((last - first) * 0.03).max(3.0 * 3600.0);
    let (from, to) = (first - margin, last + margin);
    let step = time_step(to - from);
    // A label at either end would be cut off.
    let room = (to - from) * f64::from(LABEL_WIDTH / ui.available_width()) / 3.0;
    let marks = move |_: GridInput| {
        let from = ((from + room) / step).ceil() as i64;
        let marks = from..=((to - room) / step).floor() as i64;
        marks
            .map(|number| GridMark {
                value: number as f64 * step,
                step_size: step,
            })
            .collect::<Vec<_>>()
    };
    let plot = Plot::new("growth")
        .x_grid_spacer(marks)
        .custom_x_axes(vec![axis_hints(
            ui,
            AxisHints::new_x().formatter(move |mark, _| time_label(mark.value, step)),
        )]);
    let at: Vec<f64> = rows.iter().map(Row::at).collect();
    let drawn = at.clone();
    plot_ui(
        ui,
        plot,
        "Chart: growth over time",
        rows,
        [from, to],
        highest(&series),
        &at,
        |at| nearest(rows, at),
        move |plot| {
            for one in &series {
                let points: Vec<[f64; 2]> = drawn
                    .iter()
                    .zip(&one.values)
                    .map(|(x, y)| [*x, *y])
                    .collect();
                // Each by itself: one line through points that are nearly above one another would have long
                // spikes where its edges meet.
                for pair in points.windows(2) {
                    plot.line(
                        Line::new(one.name, pair.to_vec())
                            .color(one.color)
                            .width(2.0),
                    );
                }
                plot.points(
                    Points::new(one.name, points)
                        .color(one.color)
                        .radius(if drawn.len() > 120 { 1.5 } else { 3.0 }),
                );
            }
        },
    )
}

/// What each backup brought: what is in its snapshot alone, and what later ones need as well.
pub fn brought_ui(ui: &mut Ui, rows: &[Row]) -> Option<usize> {
    let palette = palette(ui.ctx());
    let series = [
        Series {
            name: "New with it, and in later snapshots as well",
            color: palette.series(0),
            values: values(rows, RowCosts::passed_on_bytes),
        },
        Series {
            name: "New with it, and in it alone",
            color: palette.series(3),
            values: values(rows, |costs| costs.alone_bytes),
        },
    ];
    stacks_ui(
        ui,
        "brought",
        "Chart: what each backup brought",
        rows,
        series,
    )
}

/// Of what each snapshot takes: what it has from older ones, what it brought, and what is in it alone.
pub fn holdings_ui(ui: &mut Ui, rows: &[Row]) -> Option<usize> {
    let palette = palette(ui.ctx());
    let series = [
        Series {
            name: "Shared with older snapshots",
            color: palette.series(2),
            values: values(rows, RowCosts::older_bytes),
        },
        Series {
            name: "New with it, and in later snapshots as well",
            color: palette.series(0),
            values: values(rows, RowCosts::passed_on_bytes),
        },
        Series {
            name: "In it alone",
            color: palette.series(3),
            values: values(rows, |costs| costs.alone_bytes),
        },
    ];
    stacks_ui(
        ui,
        "holdings",
        "Chart: what each snapshot takes",
        rows,
        series,
    )
}

/// A bar for each snapshot, of several parts.
fn stacks_ui<const N: usize>(
    ui: &mut Ui,
    id: &str,
    name: &str,
    rows: &[Row],
    series: [Series; N],
) -> Option<usize> {
    legend_ui(ui, &series);
    let sums = (0..rows.len()).map(|row| series.iter().map(|one| one.values[row]).sum());
    let most = sums.fold(0.0, f64::max);
    bars_ui(ui, id, name, rows, most, move |plot| {
        let mut stacked: Vec<BarChart> = Vec::new();
        for one in &series {
            let bars = one.values.iter().enumerate();
            let bars = bars.map(|(index, value)| Bar::new(index as f64, *value));
            let below: Vec<&BarChart> = stacked.iter().collect();
            let chart = chart(one, bars.collect(), 0.72).stack_on(&below);
            stacked.push(chart);
        }
        for chart in stacked {
            plot.bar_chart(chart);
        }
    })
}

fn values(rows: &[Row], of: impl Fn(&RowCosts) -> u64) -> Vec<f64> {
    let values = rows.iter().map(|row| row.costs.as_ref().map_or(0, &of));
    values.map(|value| value as f64).collect()
}

fn chart(series: &Series, bars: Vec<Bar>, width: f64) -> BarChart {
    // Outlines would hide bars that are a point wide.
    let bars = bars
        .into_iter()
        .map(|bar| bar.stroke(egui::Stroke::NONE).fill(series.color))
        .collect();
    BarChart::new(series.name, bars)
        .color(series.color)
        .width(width)
}

fn highest(series: &[Series]) -> f64 {
    let values = series.iter().flat_map(|series| &series.values);
    values.copied().fold(0.0, f64::max)
}

/// Bars side by side, one place for each snapshot.
fn bars_ui<'a>(
    ui: &mut Ui,
    id: &str,
    name: &str,
    rows: &'a [Row],
    most: f64,
    draw: impl FnOnce(&mut PlotUi<'a>) + 'a,
) -> Option<usize> {
    let last = rows.len().checked_sub(1)?;
    let labels = ((ui.available_width() / LABEL_WIDTH) as usize).max(2);
    let step = rows.len().div_ceil(labels).max(1);
    let marks = move |_: GridInput| {
        // A label at the very beginning would stand on that of the other axis.
        let indexes = (step / 2..=last).step_by(step);
        indexes
            .map(|index| GridMark {
                value: index as f64,
                step_size: step as f64,
            })
            .collect::<Vec<_>>()
    };
    let time = rows.last()?.at() - rows.first()?.at();
    let unit = time_step(time).max(86_400.0);
    let times: Vec<String> = rows.iter().map(|row| time_label(row.at(), unit)).collect();
    let label = move |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        let index = mark.value.round() as usize;
        times.get(index).cloned().unwrap_or_default()
    };
    let plot = Plot::new(id)
        .x_grid_spacer(marks)
        .custom_x_axes(vec![axis_hints(ui, AxisHints::new_x().formatter(label))]);
    let at: Vec<f64> = (0..=last).map(|index| index as f64).collect();
    plot_ui(
        ui,
        plot,
        name,
        rows,
        [-0.6, last as f64 + 0.6],
        most,
        &at,
        |at| Some((at.round().max(0.0) as usize).min(last)),
        draw,
    )
}

/// What all charts have in common.
#[expect(
    clippy::too_many_arguments,
    reason = "it has one caller a kind of chart"
)]
fn plot_ui<'a>(
    ui: &mut Ui,
    plot: Plot<'a>,
    name: &str,
    rows: &[Row],
    [from, to]: [f64; 2],
    most: f64,
    at: &[f64],
    row_at: impl Fn(f64) -> Option<usize>,
    draw: impl FnOnce(&mut PlotUi<'a>) + 'a,
) -> Option<usize> {
    let palette = palette(ui.ctx());
    let top = (most * 1.08).max(1.0);
    let step = byte_step(top);
    let id = ui.scope_id().with(("pointed at", name));
    let pointed: Option<usize> = ui.data(|data| data.get_temp(id));
    let mark = pointed.and_then(|index| at.get(index).copied());
    let line = palette.weak;
    let response = plot
        .height(HEIGHT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false)
        .show_background(false)
        .show_grid(Vec2b::new(false, true))
        .grid_color(palette.line)
        .cursor_color(Color32::TRANSPARENT)
        .label_formatter(|_| None)
        .set_margin_fraction(vec2(0.0, 0.0))
        .sense(Sense::CLICK)
        .y_grid_spacer(move |_| {
            let marks = 0..=(top / step) as u64;
            marks
                .map(|number| GridMark {
                    value: number as f64 * step,
                    step_size: step,
                })
                .collect::<Vec<_>>()
        })
        .custom_y_axes(vec![axis_hints(
            ui,
            AxisHints::new_y()
                .formatter(|mark, _| size(mark.value.max(0.0) as u64))
                .min_thickness(64.0),
        )])
        .show(ui, move |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([from, 0.0], [to, top]));
            draw(plot);
            if let Some(x) = mark {
                plot.vline(VLine::new("", x).color(line).width(1.0));
            }
        });
    let transform = response.transform;
    let response = response.response;
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let index = response.hover_pos().and_then(|position| {
        let value: PlotPoint = transform.value_from_position(position);
        row_at(value.x)
    });
    ui.data_mut(|data| match index {
        Some(index) => {
            data.insert_temp(id, index);
        }
        None => data.remove::<usize>(id),
    });
    let is_clicked = response.clicked();
    if let Some(row) = index.and_then(|index| rows.get(index)) {
        response.on_hover_ui_at_pointer(|ui| {
            let words = row.words();
            if let Some((first, rest)) = words.split_first() {
                ui.label(RichText::new(first).text_style(crate::gui::theme::text::strong()));
                for sentence in rest {
                    ui.label(sentence);
                }
            }
            ui.label(RichText::new("Click to browse it").small().color(line));
        });
    }
    index.filter(|_| is_clicked)
}

/// Labels of an axis, smaller and of less weight than the text around.
fn axis_hints<'a>(ui: &Ui, hints: AxisHints<'a>) -> AxisHints<'a> {
    hints
        .tick_label_font(TextStyle::Small.resolve(ui.style()))
        .tick_label_color(palette(ui.ctx()).weak)
}

/// Which colour is what.
fn legend_ui(ui: &mut Ui, series: &[Series]) {
    let palette = palette(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        for one in series {
            let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, one.color);
            ui.label(RichText::new(one.name).small().color(palette.weak));
            ui.add_space(space::S);
        }
    });
}
