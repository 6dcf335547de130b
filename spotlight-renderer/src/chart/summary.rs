//! What a chart shows, said in words: for readers who do not see it, and for those in a hurry.

use super::direction::{Change, change, change_in_a_year, slots_in_a_year, trend};
use super::{Chart, Kind, Span, text};
use crate::words::{say, say_with};
use fluent_bundle::FluentValue;

/// What a chart shows and what is marked on it.
pub fn told(chart: &Chart) -> String {
    let notes: Vec<String> = super::annotations(chart)
        .iter()
        .map(|note| {
            say_with("says-note", &[("when", note.when.as_str().into()), ("text", note.text.as_str().into())])
        })
        .collect();
    let noted = match notes.is_empty() {
        true => String::new(),
        false => say_with("says-noted", &[("notes", notes.join("; ").into())]),
    };
    joined(vec![describe(chart), noted])
}

/// A description of a few sentences: the latest values, their direction, the extremes, what is missing, and whether targets
/// are met.
pub fn describe(chart: &Chart) -> String {
    match text::isolated(chart) {
        Some(isolated) => sentences(&isolated),
        None => sentences(chart),
    }
}

fn sentences(chart: &Chart) -> String {
    let Some(latest) = chart.latest() else { return say("says-nothing").into_owned() };
    let mut sentences = match (chart.kind, chart.series.len()) {
        (Kind::Steps, _) => steps(chart),
        (Kind::Parts, _) if chart.slots.len() <= super::palette::SIZE => parts(chart),
        (Kind::Bar | Kind::Parts, 1) if chart.span.is_none() => categories(chart),
        (_, 1) => single(chart, 0, latest),
        _ if own(chart).len() == 1 => compared(chart),
        _ if own(chart).len() > super::palette::SIZE => many(chart, latest),
        _ => several(chart, latest),
    };
    sentences.extend(so_far(chart));
    sentences.extend(super::judged(chart).into_iter().map(|judged| judged.says));
    joined(sentences)
}

/// What is known of the period that has not ended.
fn so_far(chart: &Chart) -> Option<String> {
    let slot = chart.unended?;
    let own = (0..chart.series.len()).filter(|&series| !chart.series[series].dashed);
    let mut values: Vec<String> = own
        .filter_map(|series| {
            let value = (chart.format)(chart.value(series, slot)?);
            let name = chart.series[series].name.as_str();
            Some(match chart.series.len() {
                1 => value,
                _ => say_with("says-value", &[("name", name.into()), ("value", value.into())]),
            })
        })
        .collect();
    if values.len() > super::palette::SIZE {
        values.clear();
    }
    let parts = [("when", name(chart, slot).into()), ("values", list(&values).into())];
    Some(say_with(if values.is_empty() { "says-unended" } else { "says-so-far" }, &parts))
}

/// What one series of several shows.
pub fn of_series(chart: &Chart, series: usize) -> String {
    match (0..chart.ended()).rev().find(|&slot| chart.value(series, slot).is_some()) {
        Some(latest) => joined(single(chart, series, latest)),
        None => say("says-nothing").into_owned(),
    }
}

fn joined(sentences: Vec<String>) -> String {
    sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
}

fn points(chart: &Chart, series: usize) -> Vec<(usize, f64)> {
    (0..chart.ended()).filter_map(|slot| Some((slot, chart.value(series, slot)?))).collect()
}

/// The series that are there in their own right.
fn own(chart: &Chart) -> Vec<usize> {
    (0..chart.series.len()).filter(|&series| !chart.series[series].dashed).collect()
}

fn name(chart: &Chart, slot: usize) -> &str {
    &chart.slots[slot].label
}

fn single(chart: &Chart, series: usize, latest: usize) -> Vec<String> {
    let points = points(chart, series);
    let write = |value: f64| (chart.format)(value);
    let mut sentences = Vec::new();
    let Some(&(_, value)) = points.last() else { return sentences };
    let year = year_before(chart, series, latest).unwrap_or_default();
    let now = [("value", write(value).into()), ("when", name(chart, latest).into()), ("year", year.into())];
    sentences.push(match points.len().checked_sub(2).map(|index| points[index]) {
        None => say_with("says-latest", &now),
        Some((slot, before)) => {
            let was = write(before);
            let sentence = match () {
                () if was == write(value) => "says-latest-same",
                () if value > before => "says-latest-up",
                () => "says-latest-down",
            };
            let [value, when, year] = now;
            let before = period_before(chart, slot, latest);
            say_with(sentence, &[value, when, year, ("was", was.into()), ("before", before.into())])
        }
    });
    let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    if points.len() > 2
        && let (Some(high), Some(low)) = (points.iter().max_by(by_value), points.iter().min_by(by_value))
        && write(high.1) != write(low.1)
    {
        let sentence = match latest {
            now if now == high.0 => "says-highest",
            now if now == low.0 => "says-lowest",
            _ => "says-extremes",
        };
        sentences.push(say_with(sentence, &extremes(chart, high, low)));
    }
    if let Some(trend) = trend(&points) {
        let parts = [("trend", say(trend).into()), ("extent", extent(chart, chart.ended()).into())];
        sentences.push(say_with("says-trend", &parts));
    }
    sentences.push(missing(chart, &[series]));
    sentences
}

/// One series and what it is compared with.
fn compared(chart: &Chart) -> Vec<String> {
    let Some(&series) = own(chart).first() else { return Vec::new() };
    let Some(&(latest, now)) = points(chart, series).last() else {
        return vec![say("says-nothing").into_owned()];
    };
    let mut sentences = single(chart, series, latest);
    let others = (0..chart.series.len()).filter(|&other| other != series);
    let against = others.filter_map(|other| {
        let then = chart.value(other, latest)?;
        let parts = [
            ("name", chart.series[other].name.as_str().into()),
            ("value", (chart.format)(then).into()),
            ("change", change(now, then).filter(|_| chart.unit != super::Unit::Percent)?.words().into()),
        ];
        Some(say_with("says-beside", &parts))
    });
    sentences.splice(1..1, against.collect::<Vec<_>>());
    sentences
}

/// The period of a slot as seen from a later one: "the month before", or its name.
fn period_before(chart: &Chart, slot: usize, latest: usize) -> String {
    let words = chart.span.filter(|_| slot + 1 == latest).map(|span| match span {
        Span::Hour => "before-hour",
        Span::Day => "before-day",
        Span::Week => "before-week",
        Span::Month => "before-month",
        Span::Quarter => "before-quarter",
        Span::Year => "before-year",
    });
    match words {
        Some(words) => say(words).into_owned(),
        None => say_with("before-other", &[("when", name(chart, slot).into())]),
    }
}

/// So many series that only the ends of their order can be told: the table has the rest.
fn many(chart: &Chart, latest: usize) -> Vec<String> {
    let own = own(chart);
    let mut now: Vec<(usize, f64)> =
        own.iter().filter_map(|&series| Some((series, chart.value(series, latest)?))).collect();
    now.retain(|(series, _)| Some(*series) != chart.whole);
    now.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named = |(series, value): &(usize, f64)| {
        let name = chart.series[*series].name.as_str();
        say_with("says-value-of", &[("name", name.into()), ("value", (chart.format)(*value).into())])
    };
    let mut sentences = Vec::new();
    if let (Some(most), Some(least)) = (now.first(), now.last()) {
        let parts = [
            ("count", own.len().into()),
            ("when", name(chart, latest).into()),
            ("most", named(most).into()),
            ("least", named(least).into()),
        ];
        sentences.push(say_with("says-many", &parts));
    }
    let drawn = super::multiples::MOST;
    if chart.kind == Kind::Multiples && own.len() > drawn {
        sentences.push(say_with("says-not-drawn", &[("count", drawn.into())]));
    }
    sentences.extend(directions(chart, &own));
    sentences.push(missing(chart, &own));
    sentences
}

fn several(chart: &Chart, latest: usize) -> Vec<String> {
    let total = chart.total(latest).filter(|total| chart.kind == Kind::Stack && *total > 0.0);
    let value_of = |series: usize| {
        let series_name = &chart.series[series].name;
        let named = ("name", FluentValue::from(series_name.as_str()));
        match (chart.value(series, latest), total) {
            (None, _) => say_with("says-value", &[named, ("value", say("no-data").into())]),
            (Some(value), None) => say_with("says-value", &[named, ("value", (chart.format)(value).into())]),
            (Some(value), Some(total)) => {
                let share = text::share(value / total);
                let value = ("value", (chart.format)(value).into());
                say_with("says-value-share", &[named, value, ("share", share.into())])
            }
        }
    };
    let own = own(chart);
    let values: Vec<String> = own.iter().map(|&series| value_of(series)).collect();
    let parts = [("when", name(chart, latest).into()), ("values", list(&values).into())];
    let mut sentences = vec![say_with("says-values", &parts)];
    if let Some(total) = total {
        sentences.push(say_with("says-together", &[("value", (chart.format)(total).into())]));
    }
    if own.len() < chart.series.len() {
        let others = (0..chart.series.len()).filter(|series| !own.contains(series));
        let values: Vec<String> = others.map(value_of).collect();
        sentences.push(say_with("says-comparison", &[("values", list(&values).into())]));
        sentences.push(missing(chart, &own));
        return sentences;
    }
    // a year ago says more than a line through seasons
    let against: Vec<String> = own
        .iter()
        .copied()
        .filter(|_| chart.unit != super::Unit::Percent && chart.kind != Kind::Share)
        .filter_map(|series| {
            let (change, _) = change_in_a_year(chart, series, latest)?;
            let name = chart.series[series].name.as_str();
            Some(say_with("says-value", &[("name", name.into()), ("value", change.words().into())]))
        })
        .collect();
    if !against.is_empty() {
        let before = slots_in_a_year(chart)
            .and_then(|slots| latest.checked_sub(slots))
            .map_or("", |slot| name(chart, slot));
        let parts = [("before", before.into()), ("values", list(&against).into())];
        sentences.push(say_with("says-against", &parts));
        sentences.push(missing(chart, &own));
        return sentences;
    }
    sentences.extend(directions(chart, &own));
    sentences.push(missing(chart, &own));
    sentences
}

/// Where series go: those of each direction together, as far as there is one.
fn directions(chart: &Chart, series: &[usize]) -> Option<String> {
    let series_count = series.len();
    let mut directions: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for &series in series {
        // of many series nobody wants to hear which have no direction
        let clear = |trend: &&str| series_count <= super::palette::SIZE || *trend != "trend-unclear";
        if let Some(trend) = trend(&points(chart, series)).filter(clear) {
            let series_name = chart.series[series].name.as_str();
            match directions.iter_mut().find(|(known, _)| *known == trend) {
                Some((_, names)) => names.push(series_name),
                None => directions.push((trend, vec![series_name])),
            }
        }
    }
    if directions.is_empty() {
        return None;
    }
    let going = |trend: &str| say(trend).to_lowercase();
    let extent = ("extent", FluentValue::from(extent(chart, chart.ended())));
    if let [(trend, names)] = directions.as_slice()
        && names.len() == series.len()
        && names.len() > 1
    {
        return Some(say_with("says-all", &[extent, ("trend", going(trend).into())]));
    }
    let parts: Vec<String> = directions
        .iter()
        .map(|(trend, names)| {
            if names.len() <= super::palette::SIZE {
                return say_with(
                    "says-going",
                    &[("names", list(names).into()), ("trend", going(trend).into())],
                );
            }
            let (count, all) = (("count", names.len().into()), ("all", series.len().into()));
            say_with("says-going-many", &[count, all, ("trend", going(trend).into())])
        })
        .collect();
    Some(say_with("says-trends", &[extent, ("trends", parts.join("; ").into())]))
}

fn year_before(chart: &Chart, series: usize, latest: usize) -> Option<String> {
    // a share that rises by some per cent of itself only confuses, and what is compared already is not compared again
    let is_compared = own(chart).len() < chart.series.len();
    if chart.unit == super::Unit::Percent || chart.kind == Kind::Share || is_compared {
        return None;
    }
    let (change, _) = change_in_a_year(chart, series, latest)?;
    Some(match change {
        Change::Same => say("says-same-year").into_owned(),
        Change::More(amount) => say_with("says-more-year", &[("amount", amount.into())]),
        Change::Less(amount) => say_with("says-less-year", &[("amount", amount.into())]),
    })
}

fn steps(chart: &Chart) -> Vec<String> {
    let points = points(chart, 0);
    let (Some(&(first, from)), Some(&(last, to))) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let share = if from > 0.0 { text::share(to / from) } else { String::new() };
    let ends = [
        ("first", name(chart, first).into()),
        ("from", (chart.format)(from).into()),
        ("last", name(chart, last).into()),
        ("to", (chart.format)(to).into()),
        ("share", share.into()),
    ];
    if points.len() < 2 || from <= 0.0 {
        return vec![say_with("says-steps", &ends)];
    }
    let mut sentences = vec![say_with("says-reach", &ends)];
    let drop = points.windows(2).max_by(|a, b| (a[0].1 - a[1].1).total_cmp(&(b[0].1 - b[1].1)));
    if let Some([before, after]) = drop.filter(|pair| points.len() > 2 && pair[0].1 > pair[1].1) {
        let lost = (chart.format)(before.1 - after.1);
        let steps = [("from", name(chart, before.0).into()), ("to", name(chart, after.0).into())];
        let [from, to] = steps;
        sentences.push(say_with("says-drop", &[from, to, ("lost", lost.into())]));
    }
    sentences
}

/// The parts of a whole, the largest first.
fn parts(chart: &Chart) -> Vec<String> {
    let mut points = points(chart, 0);
    let whole: f64 = points.iter().map(|point| point.1).sum();
    points.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named = |&(slot, value): &(usize, f64)| {
        let amounts = [("name", name(chart, slot).into()), ("value", (chart.format)(value).into())];
        if whole > 0.0 {
            let [name, value_text] = amounts;
            let share = text::share(value / whole);
            say_with("says-value-share", &[name, value_text, ("share", share.into())])
        } else {
            say_with("says-value", &amounts)
        }
    };
    let values: Vec<String> = points.iter().map(named).collect();
    vec![format!("{}.", list(&values))]
}

fn categories(chart: &Chart) -> Vec<String> {
    let points = points(chart, 0);
    let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    match (points.iter().max_by(by_value), points.iter().min_by(by_value)) {
        (Some(high), Some(low)) if points.len() > 1 => {
            let mut parts = extremes(chart, high, low).to_vec();
            parts.push(("count", points.len().into()));
            match &chart.across {
                Some(axis) => {
                    parts.push(("axis", axis.as_str().into()));
                    vec![say_with("says-categories-of", &parts)]
                }
                None => vec![say_with("says-categories", &parts)],
            }
        }
        (Some(only), _) => {
            let parts = [("when", name(chart, only.0).into()), ("values", (chart.format)(only.1).into())];
            vec![say_with("says-values", &parts)]
        }
        _ => Vec::new(),
    }
}

/// The highest and the lowest value and where they are.
fn extremes<'a>(
    chart: &'a Chart,
    high: &(usize, f64),
    low: &(usize, f64),
) -> [(&'static str, FluentValue<'a>); 4] {
    let named = |slot: usize| match name(chart, slot) {
        "" => say("unknown").into_owned().into(),
        name => name.into(),
    };
    [
        ("high", (chart.format)(high.1).into()),
        ("high-when", named(high.0)),
        ("low", (chart.format)(low.1).into()),
        ("low-when", named(low.0)),
    ]
}

/// "52 weeks", or without a period "7 values".
pub fn extent(chart: &Chart, count: usize) -> String {
    match chart.span {
        Some(span) => span.extent(count),
        None => say_with("extent-value", &[("count", count.into())]),
    }
}

/// The moments for which none of these series has a value.
fn missing(chart: &Chart, series: &[usize]) -> String {
    let empty: Vec<usize> = (0..chart.ended())
        .filter(|&slot| series.iter().all(|&series| chart.value(series, slot).is_none()))
        .collect();
    match empty.as_slice() {
        [] => String::new(),
        few if few.len() <= 3 => {
            let names: Vec<&str> = few.iter().map(|&slot| name(chart, slot)).collect();
            say_with("says-missing", &[("names", list(&names).into())])
        }
        many => {
            let extent = extent(chart, chart.ended());
            say_with("says-missing-many", &[("count", many.len().into()), ("extent", extent.into())])
        }
    }
}

/// "a, b and c".
pub fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [firsts @ .., last] => {
            let firsts: Vec<&str> = firsts.iter().map(AsRef::as_ref).collect();
            say_with("list-and", &[("firsts", firsts.join(", ").into()), ("last", last.as_ref().into())])
        }
    }
}
