//! What a chart shows, said in words: for readers who do not see it, and for those in a hurry.

use super::{Chart, Kind, Span};

/// A change smaller than this share of the typical value is called level.
const LEVEL: f64 = 0.03;

/// A description of a few sentences: the latest values, their direction, the extremes and what is missing.
pub fn describe(chart: &Chart) -> String {
    let Some(latest) = chart.latest() else { return "No data.".to_owned() };
    let sentences = match (chart.kind, chart.series.len()) {
        (Kind::Steps, _) => steps(chart),
        (Kind::Bar, 1) if chart.span.is_none() => categories(chart),
        (_, 1) => single(chart, latest),
        _ => several(chart, latest),
    };
    sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
}

fn points(chart: &Chart, series: usize) -> Vec<(usize, f64)> {
    (0..chart.slots.len()).filter_map(|slot| Some((slot, chart.value(series, slot)?))).collect()
}

fn name(chart: &Chart, slot: usize) -> &str {
    &chart.slots[slot].label
}

fn single(chart: &Chart, latest: usize) -> Vec<String> {
    let points = points(chart, 0);
    let say = |value: f64| (chart.format)(value);
    let mut sentences = Vec::new();
    let Some(&(_, value)) = points.last() else { return sentences };
    let change =
        points.len().checked_sub(2).map(|index| points[index]).map_or(String::new(), |(slot, before)| {
            if say(before) == say(value) {
                format!(", the same as {}", name(chart, slot))
            } else {
                format!(
                    ", {} from {} in {}",
                    if value > before { "up" } else { "down" },
                    say(before),
                    name(chart, slot)
                )
            }
        });
    sentences.push(format!("Latest: {} ({}){change}.", say(value), name(chart, latest)));
    sentences.extend(year_before(chart, 0, latest).map(|words| format!("{words}.")));
    let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    if points.len() > 2
        && let (Some(high), Some(low)) = (points.iter().max_by(by_value), points.iter().min_by(by_value))
        && say(high.1) != say(low.1)
    {
        sentences.push(format!(
            "Highest {} ({}), lowest {} ({}).",
            say(high.1),
            name(chart, high.0),
            say(low.1),
            name(chart, low.0)
        ));
    }
    if let Some(trend) = trend(&points) {
        sentences.push(format!("{trend} over the {} shown.", extent(chart)));
    }
    sentences.push(missing(chart));
    sentences
}

fn several(chart: &Chart, latest: usize) -> Vec<String> {
    let total = chart.total(latest).filter(|total| chart.kind == Kind::Stack && *total > 0.0);
    let values: Vec<String> = (0..chart.series.len())
        .map(|series| {
            let series_name = &chart.series[series].name;
            match (chart.value(series, latest), total) {
                (None, _) => format!("{series_name} no data"),
                (Some(value), None) => format!("{series_name} {}", (chart.format)(value)),
                (Some(value), Some(total)) => {
                    format!("{series_name} {} ({}%)", (chart.format)(value), (value / total * 100.0).round())
                }
            }
        })
        .collect();
    let mut sentences = vec![format!("{}: {}.", name(chart, latest), list(&values))];
    if let Some(total) = total {
        sentences.push(format!("Together {}.", (chart.format)(total)));
    }
    // a year ago says more than a line through seasons
    let against: Vec<String> = (0..chart.series.len())
        .filter(|_| chart.unit != super::Unit::Percent && chart.kind != Kind::Share)
        .filter_map(|series| {
            Some(format!("{} {}", chart.series[series].name, change_in_a_year(chart, series, latest)?.0))
        })
        .collect();
    if !against.is_empty() {
        let before = slots_in_a_year(chart)
            .and_then(|slots| latest.checked_sub(slots))
            .map_or("", |slot| name(chart, slot));
        sentences.push(format!("Against {before}: {}.", list(&against)));
        sentences.push(missing(chart));
        return sentences;
    }
    let mut directions: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for series in 0..chart.series.len() {
        if let Some(trend) = trend(&points(chart, series)) {
            let series_name = chart.series[series].name.as_str();
            match directions.iter_mut().find(|(known, _)| *known == trend) {
                Some((_, names)) => names.push(series_name),
                None => directions.push((trend, vec![series_name])),
            }
        }
    }
    if !directions.is_empty() {
        let parts: Vec<String> = directions
            .iter()
            .map(|(trend, names)| format!("{}: {}", trend.to_lowercase(), list(names)))
            .collect();
        sentences.push(format!("Over the {} shown \u{2013} {}.", extent(chart), parts.join("; ")));
    }
    sentences.push(missing(chart));
    sentences
}

/// How many slots make a year, if the periods are known.
fn slots_in_a_year(chart: &Chart) -> Option<usize> {
    match chart.span? {
        Span::Week => Some(52),
        Span::Month => Some(12),
        Span::Quarter => Some(4),
        Span::Hour | Span::Day | Span::Year => None,
    }
}

/// How a value compares with the one a year before it, and the slot of that one.
fn change_in_a_year(chart: &Chart, series: usize, latest: usize) -> Option<(String, usize)> {
    let before = latest.checked_sub(slots_in_a_year(chart)?)?;
    let (now, then) = (chart.value(series, latest)?, chart.value(series, before)?);
    if then <= 0.0 || now < 0.0 {
        return None;
    }
    let percent = ((now / then - 1.0) * 100.0).round();
    let words = match percent {
        0.0 => "about the same".to_owned(),
        up if up > 0.0 => format!("{} more", share(up)),
        down => format!("{} less", share(-down)),
    };
    Some((words, before))
}

fn share(percent: f64) -> String {
    if percent >= 1000.0 { format!("{} times", (percent / 100.0).round()) } else { format!("{percent}%") }
}

fn year_before(chart: &Chart, series: usize, latest: usize) -> Option<String> {
    // a share that rises by some per cent of itself only confuses
    if chart.unit == super::Unit::Percent || chart.kind == Kind::Share {
        return None;
    }
    let (words, before) = change_in_a_year(chart, series, latest)?;
    let words =
        if words == "about the same" { "About the same as".to_owned() } else { format!("{words} than") };
    Some(format!("{words} in {}", name(chart, before)))
}

fn steps(chart: &Chart) -> Vec<String> {
    let points = points(chart, 0);
    let (Some(&(first, from)), Some(&(last, to))) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let mut sentences = vec![format!(
        "{} {}, {} {}.",
        name(chart, first),
        (chart.format)(from),
        name(chart, last),
        (chart.format)(to)
    )];
    if points.len() > 1 && from > 0.0 {
        sentences
            .push(format!("{}% of those at the first step reach the last.", (to / from * 100.0).round()));
        let drop = points.windows(2).max_by(|a, b| (a[0].1 - a[1].1).total_cmp(&(b[0].1 - b[1].1)));
        if let Some([before, after]) = drop.filter(|pair| points.len() > 2 && pair[0].1 > pair[1].1) {
            sentences.push(format!(
                "The largest drop is from {} to {}.",
                name(chart, before.0),
                name(chart, after.0)
            ));
        }
    }
    sentences
}

fn categories(chart: &Chart) -> Vec<String> {
    let points = points(chart, 0);
    let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    match (points.iter().max_by(by_value), points.iter().min_by(by_value)) {
        (Some(high), Some(low)) if points.len() > 1 => vec![
            format!("{} categories.", points.len()),
            format!(
                "Highest {} ({}), lowest {} ({}).",
                (chart.format)(high.1),
                name(chart, high.0),
                (chart.format)(low.1),
                name(chart, low.0)
            ),
        ],
        (Some(only), _) => vec![format!("{}: {}.", name(chart, only.0), (chart.format)(only.1))],
        _ => Vec::new(),
    }
}

/// The direction of values by the least squares line through them, in a word or two; needs four of them.
fn trend(points: &[(usize, f64)]) -> Option<&'static str> {
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
        return Some("Level");
    }
    let change = xy / xx * (points[points.len() - 1].0 - points[0].0) as f64 / size;
    let spread = (yy / count).sqrt() / size;
    let explained = if yy > 0.0 { xy * xy / (xx * yy) } else { 1.0 };
    Some(match change {
        _ if explained < 0.2 && spread > LEVEL => "Up and down, no clear direction",
        change if change > 0.25 => "Rising strongly",
        change if change > LEVEL => "Rising",
        change if change < -0.25 => "Falling strongly",
        change if change < -LEVEL => "Falling",
        _ => "Level",
    })
}

/// "52 weeks", or without a period "7 values".
fn extent(chart: &Chart) -> String {
    format!("{} {}s", chart.slots.len(), chart.span.map_or("value", Span::word))
}

fn missing(chart: &Chart) -> String {
    let empty: Vec<usize> = (0..chart.slots.len())
        .filter(|&slot| (0..chart.series.len()).all(|series| chart.value(series, slot).is_none()))
        .collect();
    match empty.as_slice() {
        [] => String::new(),
        few if few.len() <= 3 => {
            let names: Vec<&str> = few.iter().map(|&slot| name(chart, slot)).collect();
            format!("No data for {}.", list(&names))
        }
        many => format!("No data for {} of the {}.", many.len(), extent(chart)),
    }
}

/// "a, b and c".
fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [firsts @ .., last] => {
            let firsts: Vec<&str> = firsts.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", firsts.join(", "), last.as_ref())
        }
    }
}
