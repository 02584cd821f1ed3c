//! A curve as a picture.

use std::fmt;

use harness::quantity;

/// A curve in SVG: both axes begin at zero, so that a straight line is linear growth.
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) unit: &'a str,
    /// What grows, and nanoseconds.
    pub(super) points: &'a [(f64, f64)],
}

/// The picture's and the axes' places.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 300.0;
/// Lines across.
const LINES: u32 = 4;

impl fmt::Display for Plot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = |of: fn(&(f64, f64)) -> f64| self.points.iter().map(of).fold(1.0, f64::max);
        let (most_x, most_y) = (round_up(most(|point| point.0)), round_up(most(|point| point.1)));
        let x = |value: f64| LEFT + value / most_x * (RIGHT - LEFT);
        let y = |value: f64| BOTTOM - value / most_y * (BOTTOM - TOP);
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">"#
        )?;
        writeln!(f, r#"<rect width="100%" height="100%" fill="white"/>"#)?;
        writeln!(f, r#"<text x="{LEFT}" y="28" font-size="15">{}</text>"#, self.title)?;
        for line in 0..=LINES {
            let part = f64::from(line) / f64::from(LINES);
            let (at_x, at_y) = (x(most_x * part), y(most_y * part));
            writeln!(f, r##"<path d="M{LEFT} {at_y:.1}H{RIGHT}" stroke="#ddd"/>"##)?;
            let label = quantity((most_y * part).round());
            writeln!(
                f,
                r#"<text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#,
                LEFT - 8.0,
                at_y + 4.0
            )?;
            let label = quantity((most_x * part).round());
            writeln!(f, r#"<text x="{at_x:.1}" y="{}" text-anchor="middle">{label}</text>"#, BOTTOM + 20.0)?;
        }
        writeln!(f, r#"<text x="{LEFT}" y="{}" text-anchor="end">ns</text>"#, TOP - 12.0)?;
        writeln!(f, r#"<text x="{RIGHT}" y="{}" text-anchor="end">{}</text>"#, BOTTOM + 42.0, self.unit)?;
        let line: Vec<String> =
            self.points.iter().map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b))).collect();
        writeln!(
            f,
            r##"<polyline points="{}" fill="none" stroke="#1f5fa8" stroke-width="2"/>"##,
            line.join(" ")
        )?;
        for (a, b) in self.points {
            writeln!(f, r##"<circle cx="{:.1}" cy="{:.1}" r="3.5" fill="#1f5fa8"/>"##, x(*a), y(*b))?;
        }
        writeln!(f, "</svg>")
    }
}

/// The next number of the form 1, 2, 4 or 8 times a power of ten.
fn round_up(number: f64) -> f64 {
    let power = 10_f64.powf(number.log10().floor());
    let rounded =
        [1.0, 2.0, 4.0, 8.0].into_iter().map(|factor| factor * power).find(|round| *round >= number);
    rounded.unwrap_or(10.0 * power)
}
