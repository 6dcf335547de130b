//! Where values go: how one compares with an earlier one, and the direction of many.

use super::{Chart, Span};
use crate::words::{say, say_with};

/// A change smaller than this share of the typical value is called level.
const LEVEL: f64 = 0.03;

/// How many slots make a year, if the periods are known.
pub fn slots_in_a_year(chart: &Chart) -> Option<usize> {
    match chart.span? {
        Span::Week => Some(52),
        Span::Month => Some(12),
        Span::Quarter => Some(4),
        Span::Hour | Span::Day | Span::Year => None,
    }
}

/// How a value compares with an earlier one.
pub enum Change {
    Same,
    /// By so much of it, such as `13%`.
    More(String),
    /// Likewise.
    Less(String),
}

impl Change {
    /// "13% more"
    pub fn words(self) -> String {
        match self {
            Change::Same => say("says-same").into_owned(),
            Change::More(amount) => say_with("says-more", &[("amount", amount.into())]),
            Change::Less(amount) => say_with("says-less", &[("amount", amount.into())]),
        }
    }
}

/// How a value compares with an earlier one, where shares of that one mean something.
pub fn change(now: f64, then: f64) -> Option<Change> {
    if then <= 0.0 || now < 0.0 {
        return None;
    }
    Some(match ((now / then - 1.0) * 100.0).round() {
        0.0 => Change::Same,
        up if up > 0.0 => Change::More(share(up)),
        down => Change::Less(share(-down)),
    })
}

/// How a value compares with the one a year before it, and the slot of that one.
pub fn change_in_a_year(chart: &Chart, series: usize, latest: usize) -> Option<(Change, usize)> {
    let before = latest.checked_sub(slots_in_a_year(chart)?)?;
    let change = change(chart.value(series, latest)?, chart.value(series, before)?)?;
    Some((change, before))
}

fn share(percent: f64) -> String {
    if percent >= 1000.0 {
        say_with("says-times", &[("count", (percent / 100.0).round().into())])
    } else {
        format!("{percent}%")
    }
}

/// The direction of values by the least squares line through them, by the name of its words; needs four of them.
pub fn trend(points: &[(usize, f64)]) -> Option<&'static str> {
    if points.len() < 4 {
        return None;
    }
    let count = points.len() as f64;
    let (mean_x, mean_y) = (
        points.iter().map(|point| point.0 as f64).sum::<f64>() / count,
        points.iter().map(|point| point.1).sum::<f64>() / count,
    );
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for &(x, y) in points {
        let (x, y) = (x as f64 - mean_x, y - mean_y);
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    let size = points.iter().map(|point| point.1.abs()).sum::<f64>() / count;
    if size == 0.0 || xx == 0.0 {
        return Some("trend-level");
    }
    let change = xy / xx * (points[points.len() - 1].0 - points[0].0) as f64 / size;
    let spread = (yy / count).sqrt() / size;
    let explained = if yy > 0.0 { xy * xy / (xx * yy) } else { 1.0 };
    Some(match change {
        _ if explained < 0.2 && spread > LEVEL => "trend-unclear",
        change if change > 0.25 => "trend-rising-strongly",
        change if change > LEVEL => "trend-rising",
        change if change < -0.25 => "trend-falling-strongly",
        change if change < -LEVEL => "trend-falling",
        _ => "trend-level",
    })
}
