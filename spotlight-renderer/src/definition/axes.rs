//! The axes of a definition: the columns of its table and the series of its chart.

use serde_json::Value;

use super::merge::is_date_key;
use crate::format::{Format, amount};

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Its name.
    pub label: String,
    /// The fields that it shows; several are written as a range.
    pub keys: Vec<String>,
    /// How its values are written.
    pub format: Option<Format>,
    /// The group that it is about.
    pub group: Option<String>,
    /// How many periods ago its values are from.
    pub timeshift: Option<usize>,
    /// Where its label leads.
    pub href: Option<String>,
}

impl Axis {
    /// The key by which tables know the axis.
    pub fn key(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    /// A column of a field as it is.
    pub fn plain(label: &str, key: &str) -> Axis {
        Axis {
            label: label.to_owned(),
            keys: vec![key.to_owned()],
            format: None,
            group: None,
            timeshift: None,
            href: None,
        }
    }

    fn parse(stored: &Value, value_attribute: &str) -> Axis {
        let text = |key: &str| stored[key].as_str().map(str::to_owned);
        // group ids are usually words, but numbers are found too
        let group = match &stored["groupId"] {
            Value::Null => None,
            other => Some(crate::format::plain(other)),
        };
        let timeshift =
            amount(&stored["timeshift"]).filter(|shift| *shift >= 1.0).map(|shift| shift as usize);
        let keys = match &stored["key"] {
            Value::String(key) => vec![key.clone()],
            Value::Array(keys) => keys.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => match &group {
                Some(group) => vec![format!("{group}:{value_attribute}")],
                None => vec![value_attribute.to_owned()],
            },
        };
        Axis {
            label: text("label").unwrap_or_default(),
            keys,
            format: Format::parse(&stored["format"]),
            group,
            timeshift,
            href: text("href"),
        }
    }
}

/// The axes of a module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axes {
    /// What rows are about; several are columns in the opposite order, because each is put in front of the others.
    pub x: Vec<Axis>,
    /// What is measured.
    pub y: Vec<Axis>,
    /// Whether rows are about dates.
    pub over_time: bool,
}

impl Axes {
    /// Reads stored axes.
    pub fn parse(stored: &Value, value_attribute: &str) -> Axes {
        let all = |stored: &Value| -> Vec<Axis> {
            match stored {
                Value::Array(axes) => axes
                    .iter()
                    .filter(|axis| axis.is_object())
                    .map(|axis| Axis::parse(axis, value_attribute))
                    .collect(),
                Value::Object(_) => vec![Axis::parse(stored, value_attribute)],
                _ => Vec::new(),
            }
        };
        let x = match &stored["x"] {
            Value::Array(axes) => axes.as_slice(),
            one => std::slice::from_ref(one),
        };
        let over_time = x.iter().any(|axis| is_date_key(&axis["key"]));
        Axes { x: all(&stored["x"]), y: all(&stored["y"]), over_time }
    }

    /// All axes in the order of columns.
    pub fn columns(&self) -> impl Iterator<Item = &Axis> {
        self.x.iter().rev().chain(&self.y)
    }
}
