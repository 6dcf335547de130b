//! The values of grouped answers: cheap to clone, since texts and lists are shared, and quick to write, since a text is escaped
//! once, however often it is shown.

use std::borrow::Cow;
use std::sync::Arc;

use query_lang::Value;
use serde_json::Value as Json;

use super::rows::Rows;

/// What a value of a list takes, roughly: lists of one answer mostly share their values.
const BYTES_IN_A_LIST: usize = 16;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing where there could be something.
    Null,
    /// True or false.
    Flag(bool),
    /// An integer.
    Whole(i64),
    /// A sum of integers above all of [`Cell::Whole`].
    Large(u64),
    /// Any other number. It is finite.
    Broken(f64),
    /// Text, and moments, which print as text.
    Text(Text),
    /// Several values.
    List(Arc<List>),
    /// The periods of a group.
    Rows(Arc<Rows>),
}

/// A text as JSON has it: between quotes, and escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Arc<str>);

impl Text {
    /// As JSON writes it.
    fn as_json(&self) -> &str {
        &self.0
    }

    /// The text itself.
    pub fn plain(&self) -> Cow<'_, str> {
        let inside = self.0.get(1..self.0.len().saturating_sub(1)).unwrap_or_default();
        if !inside.contains('\\') {
            return Cow::Borrowed(inside);
        }
        // What was written as JSON reads as JSON.
        Cow::Owned(serde_json::from_str(&self.0).unwrap_or_default())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let needs_escape = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        if text.bytes().any(needs_escape) {
            return Self(Json::from(text).to_string().into());
        }
        // Most texts are short: these need no memory of their own on the way.
        let (mut short, length) = ([b'"'; 64], text.len() + 2);
        if length <= short.len() {
            short[1..=text.len()].copy_from_slice(text.as_bytes());
            if let Ok(json) = std::str::from_utf8(&short[..length]) {
                return Self(json.into());
            }
        }
        Self(format!("\"{text}\"").into())
    }
}

/// Some of the values of a list that several cells share.
#[derive(Debug, Clone, Default)]
pub struct List {
    values: Arc<[Cell]>,
    places: Vec<u32>,
}

impl List {
    /// Those of the values that stand at these places, in this order.
    pub fn new(values: Arc<[Cell]>, places: Vec<u32>) -> Self {
        Self { values, places }
    }

    /// The values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Cell> {
        self.places.iter().map(|place| &self.values[*place as usize])
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl FromIterator<Cell> for List {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> Self {
        let values: Arc<[Cell]> = cells.into_iter().collect();
        let places = (0..).take(values.len()).collect();
        Self { values, places }
    }
}

impl Cell {
    /// The value as JSON. A list of objects is taken for rows.
    pub fn from_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Flag(flag),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Self::Whole(number),
                (None, Some(number)) => Self::Large(number),
                (None, None) => number.as_f64().into(),
            },
            Json::String(text) => text.as_str().into(),
            Json::Array(values) if values.iter().all(Json::is_object) && !values.is_empty() => {
                let rows = values.into_iter().filter_map(|value| match value {
                    Json::Object(row) => Some(row),
                    _ => None,
                });
                Self::Rows(Arc::new(Rows::from_json(rows.collect())))
            }
            Json::Array(values) => Self::List(Arc::new(values.into_iter().map(Self::from_json).collect())),
            Json::Object(row) => Self::Rows(Arc::new(Rows::from_json(vec![row]))),
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Flag(flag) => (*flag).into(),
            Self::Whole(number) => (*number).into(),
            Self::Large(number) => (*number).into(),
            Self::Broken(number) => (*number).into(),
            Self::Text(text) => text.plain().into(),
            Self::List(list) => list.iter().map(Self::to_json).collect(),
            Self::Rows(rows) => rows.to_maps().into_iter().map(Json::Object).collect(),
        }
    }

    /// Appends the value as JSON.
    pub fn write_json(&self, text: &mut Vec<u8>) {
        // Writing to memory does not fail, and numbers are JSON.
        let _ = match self {
            Self::Null => {
                text.extend_from_slice(b"null");
                Ok(())
            }
            Self::Flag(flag) => serde_json::to_writer(text, flag),
            Self::Whole(number) => serde_json::to_writer(text, number),
            Self::Large(number) => serde_json::to_writer(text, number),
            Self::Broken(number) => serde_json::to_writer(text, number),
            Self::Text(own) => {
                text.extend_from_slice(own.as_json().as_bytes());
                Ok(())
            }
            Self::List(list) => {
                text.push(b'[');
                for (place, value) in list.iter().enumerate() {
                    if place > 0 {
                        text.push(b',');
                    }
                    value.write_json(text);
                }
                text.push(b']');
                Ok(())
            }
            Self::Rows(rows) => {
                rows.write_json(text);
                Ok(())
            }
        };
    }

    /// The value in a table of text: nothing for null, lists and rows as JSON.
    pub fn to_csv(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Flag(true) => Cow::Borrowed("True"),
            Self::Flag(false) => Cow::Borrowed("False"),
            Self::Text(text) => text.plain(),
            other => Cow::Owned(other.to_text()),
        }
    }

    /// The value as JSON text.
    pub fn to_text(&self) -> String {
        let mut text = Vec::new();
        self.write_json(&mut text);
        // JSON is UTF-8.
        String::from_utf8(text).unwrap_or_default()
    }

    /// The value as an integer, where it is one.
    pub fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// The number, where it is one.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Large(number) => Some(*number as f64),
            Self::Broken(number) => Some(*number),
            _ => None,
        }
    }

    /// Bytes in memory beside the cell itself, roughly: texts count wherever they are shown.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.0.len(),
            Self::List(list) => list.places.len() * BYTES_IN_A_LIST,
            Self::Rows(rows) => rows.bytes(),
            Self::Null | Self::Flag(_) | Self::Whole(_) | Self::Large(_) | Self::Broken(_) => 0,
        }
    }
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Int(number) => Self::Whole(*number),
            Value::Float(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::Time(time) => query_lang::print_time(*time).as_str().into(),
        }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Large(number), Self::Whole)
    }
}

/// JSON has no numbers that are not finite: these are null.
impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Broken(number) } else { Self::Null }
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_written_as_the_json_that_they_were_read_from() {
        for json in [
            json!(null),
            json!(true),
            json!(-7),
            json!(u64::MAX),
            json!(0.1),
            json!(1e300),
            json!(5.0),
            json!("caf\u{e9} \"quoted\" \\ \u{1}\n\u{7f}\u{1f600}"),
            json!(""),
            json!([]),
            json!([1, "a", null, [true]]),
            json!([{"aa": 1, "bb": "x"}, {"aa": null}]),
        ] {
            let cell = Cell::from_json(json.clone());
            assert_eq!((cell.to_text(), cell.to_json()), (json.to_string(), json));
        }
        assert_eq!(Cell::from(f64::INFINITY), Cell::Null);
    }

    #[test]
    fn a_text_is_plain_again() {
        let long = "long ".repeat(40);
        for text in ["", "plain", long.as_str(), "a \"b\" \\ \t", "\u{0}\u{1f}\u{20}\u{7f}\u{2028}"] {
            assert_eq!(Text::from(text).plain(), text);
            assert_eq!(Text::from(text).as_json(), serde_json::to_string(text).unwrap());
        }
    }
}
