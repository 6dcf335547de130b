//! How wide a text will be, near enough to keep labels apart without a font at hand.

use super::Chart;

/// The estimated width of a text in pixels at a font size, for common sans-serif faces; rather too wide than too narrow.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

fn em(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' => 0.26,
        ' ' | ',' | '.' | ':' | ';' | '!' | 'I' => 0.31,
        'f' | 't' | 'r' | '(' | ')' | '/' | '-' => 0.37,
        'm' | 'w' => 0.86,
        'M' | 'W' | '%' | '@' => 0.95,
        'A'..='Z' | '&' => 0.70,
        '0'..='9' | '£' | '$' | '€' => 0.58,
        ' '..='\u{24f}' => 0.56,
        // wide scripts
        '\u{2e80}'.. => 1.05,
        _ => 0.65,
    }
}

/// The text, or as much of it as fits followed by an ellipsis.
pub fn fit(text: &str, size: f64, available: f64) -> String {
    if width(text, size) <= available {
        return text.to_owned();
    }
    let mut used = width("…", size);
    let mut kept = String::new();
    for character in text.chars() {
        used += em(character) * size;
        if used > available {
            break;
        }
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

/// A share of a whole in whole per cents, without calling something nothing or nearly all of it all.
pub fn share(share: f64) -> String {
    match (share * 100.0).round() {
        0.0 if share > 0.0 => "<1%".to_owned(),
        100.0 if share < 1.0 => ">99%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// The chart with its names set apart from what is said around them, if any of them is written from right to left: the number
/// after such a name would come before it else.
pub fn isolated(chart: &Chart) -> Option<Chart> {
    let mut names = chart.series.iter().map(|series| &series.name);
    if !names.any(|name| from_right(name)) && !chart.slots.iter().any(|slot| from_right(&slot.label)) {
        return None;
    }
    let mut chart = chart.clone();
    let names = chart.series.iter_mut().map(|series| &mut series.name);
    for name in
        names.chain(chart.slots.iter_mut().map(|slot| &mut slot.label)).filter(|name| from_right(name))
    {
        *name = format!("\u{2068}{name}\u{2069}");
    }
    Some(chart)
}

/// Whether a text has letters of Hebrew, Arabic or a script like them.
fn from_right(text: &str) -> bool {
    text.chars()
        .any(|c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'))
}

/// The text broken at spaces into at most `lines` lines; what does not fit is cut with an ellipsis.
pub fn wrap(text: &str, size: f64, available: f64, lines: usize) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let mut line = word.to_owned();
        let last = done.len() + 1 >= lines;
        while let Some(next) = words.peek() {
            let longer = format!("{line} {next}");
            if !last && width(&longer, size) > available {
                break;
            }
            line = longer;
            words.next();
        }
        done.push(fit(&line, size, available));
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_wrapped_and_cut_to_their_room() {
        let lines = wrap("Oct to Dec 2014", 12.0, 50.0, 3);
        assert_eq!(lines, ["Oct to", "Dec", "2014"]);
        assert_eq!(wrap("Oct to Dec 2014", 12.0, 200.0, 3), ["Oct to Dec 2014"]);
        let cut = wrap("Incomprehensibilities of a very long kind", 12.0, 60.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut.iter().all(|line| width(line, 12.0) <= 60.0 && line.ends_with('…')), "{cut:?}");
    }

    #[test]
    fn a_room_without_width_is_survived() {
        assert_eq!(fit("anything", 12.0, 0.0), "…");
        assert!(wrap("", 12.0, 10.0, 2).is_empty());
    }
}
