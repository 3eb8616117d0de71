//! A plot as SVG: lines over logarithmic axes.

use std::fmt::Write as _;

/// A line: its name, and its points from left to right.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 160.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 40.0;
const COLOURS: [&str; 6] = ["#1b6ca8", "#d1495b", "#66a182", "#8d6a9f", "#edae49", "#444444"];

/// Draws lines with positive coordinates.
pub(crate) fn log_log(title: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| &line.points);
    let (x_low, x_high) = decades(points().map(|point| point.0));
    let (y_low, y_high) = decades(points().map(|point| point.1));
    let x = |value: f64| LEFT + (value.log10() - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - (value.log10() - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM);

    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"14\">{title}</text>\n"
    );
    let mut add = |line: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{line}");
    };
    for decade in x_low as i32..=x_high as i32 {
        let (value, low, high) = (10f64.powi(decade), HEIGHT - BOTTOM, TOP);
        let at = x(value);
        add(format_args!("<path d=\"M{at:.1} {low}V{high}\" stroke=\"#ddd\"/>"));
        add(format_args!("<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>", HEIGHT - 20.0));
    }
    for decade in y_low as i32..=y_high as i32 {
        let (value, right) = (10f64.powi(decade), WIDTH - RIGHT);
        let at = y(value);
        add(format_args!("<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/>"));
        add(format_args!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>", LEFT - 6.0, at + 4.0));
    }
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let corners: Vec<String> =
            line.points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1))).collect();
        add(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            corners.join(" ")
        ));
        if let Some(last) = line.points.last() {
            let (at_x, at_y) = (x(last.0) + 6.0, y(last.1) + 4.0);
            add(format_args!("<text x=\"{at_x:.1}\" y=\"{at_y:.1}\" fill=\"{colour}\">{}</text>", line.name));
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The powers of ten that enclose all values; at least one decade.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (0.0, 1.0);
    }
    let (low, high) = (low.log10().floor(), high.log10().ceil());
    (low, high.max(low + 1.0))
}
