//! What is stored about a dashboard, made ready to be worked with.
//!
//! [`Module`] is one module's definition, completed with the defaults of its type by [`merge`]; [`axes`] are the columns and
//! series that it names; [`query`] is what it asks of the data; [`resolve`] finds the part of a dashboard that a longer
//! address means.

pub mod axes;
pub mod marks;
pub mod merge;
pub mod query;
pub mod resolve;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::format::{Format, truthy};
use axes::Axes;

/// The data set that a module asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The data group.
    pub group: String,
    /// The data type.
    pub data_type: String,
    /// The parameters of the query as stored.
    pub parameters: Map<String, Value>,
}

/// The type that shows what is stored as a type: some names are remembered that never had a way to be drawn of their own.
pub fn nearest(kind: &str) -> &str {
    match kind {
        "bar_chart_with_text" => "bar_chart_with_number",
        "completion_numbers" => "completion_rate",
        "headline" => "headline_figure",
        "visitors_realtime" | "visitors-realtime" => "realtime",
        _ => kind,
    }
}

/// One module of a dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// Its name in addresses.
    pub slug: String,
    /// Its type, such as `kpi`.
    pub kind: String,
    /// Its heading, as HTML.
    pub title: String,
    /// A paragraph under the heading, as HTML.
    pub description: Option<String>,
    /// Notes about the data, as HTML.
    pub info: Vec<String>,
    /// Layout classes.
    pub classes: Vec<String>,
    /// Whether the data is not for everybody.
    pub restricted: bool,
    /// Where its data is.
    pub source: Option<Source>,
    /// Everything stored, completed with the defaults of the type.
    pub options: Value,
    /// The modules of a section or tab.
    pub children: Vec<Module>,
}

impl Module {
    /// Reads a stored module; `defaults` are the options of its type, given what is stored.
    pub fn parse(stored: &Value, defaults: &dyn Fn(&str, &Value) -> Value) -> Module {
        let kind = nearest(&text(stored, "module-type").unwrap_or_default()).to_owned();
        let given = defaults(&kind, stored);
        let options = merge::with_axes(&given, stored);
        let list = |key: &str| match &options[key] {
            Value::String(one) => one.split_whitespace().map(str::to_owned).collect(),
            Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let info = match &options["info"] {
            Value::String(line) if !line.is_empty() => vec![line.clone()],
            Value::Array(lines) => lines.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let own = if kind == "tab" { "tabs" } else { "modules" };
        let children = options[own].as_array().map(Vec::as_slice).unwrap_or_default();
        Module {
            slug: text(stored, "slug").unwrap_or_else(|| kind.clone()),
            title: text(stored, "title").unwrap_or_default(),
            description: text(stored, "description"),
            info,
            classes: list("classes"),
            restricted: truthy(&options["restricted_data"]),
            source: source(&options["data-source"]),
            children: children.iter().map(|child| Module::parse(child, defaults)).collect(),
            kind,
            options,
        }
    }

    /// A text among the options.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.options[key].as_str().filter(|text| !text.is_empty())
    }

    /// Whether an option is set.
    pub fn flag(&self, key: &str) -> bool {
        truthy(&self.options[key])
    }

    /// Whether the period that has not ended is shown, marked as such, rather than left out.
    pub fn shows_unended(&self) -> bool {
        self.flag("show-unended-period")
    }

    /// The field that is measured.
    pub fn value_attribute(&self) -> &str {
        self.text("value-attribute").unwrap_or("_count")
    }

    /// The format of figures and charts, if the definition has one.
    pub fn format(&self) -> Option<Format> {
        Format::parse(&self.options["format"]).or_else(|| Format::parse(&self.options["format-options"]))
    }

    /// The columns and series.
    pub fn axes(&self) -> Axes {
        Axes::parse(&self.options["axes"], self.value_attribute())
    }

    /// A parameter of the stored query.
    pub fn parameter(&self, name: &str) -> &Value {
        self.source.as_ref().and_then(|source| source.parameters.get(name)).unwrap_or(&Value::Null)
    }

    /// The period of the query.
    pub fn query_period(&self) -> Option<&str> {
        self.parameter("period").as_str()
    }

    /// The period by which rows are labelled.
    pub fn period(&self) -> &str {
        self.text("axis-period")
            .or_else(|| self.text("period"))
            .or_else(|| self.query_period())
            .unwrap_or("week")
    }

    /// The fields that the query groups by.
    pub fn group_by(&self) -> Vec<String> {
        match self.parameter("group_by") {
            Value::String(field) => vec![field.clone()],
            Value::Array(fields) => fields.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}

fn source(stored: &Value) -> Option<Source> {
    Some(Source {
        group: text(stored, "data-group")?,
        data_type: text(stored, "data-type")?,
        parameters: stored["query-params"].as_object().cloned().unwrap_or_default(),
    })
}

/// A text of a stored object, if it is there and not empty.
pub fn text(stored: &Value, key: &str) -> Option<String> {
    stored[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
