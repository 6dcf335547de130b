//! `mapping`: puts groups together under names of one's own, such as many devices into mobile and other.

use std::collections::HashMap;

use regex::Regex;
use serde_json::Value;

use crate::number::Sum;
use crate::{Function, Input, Output, Row, Unfit, options, periods};

pub const FUNCTION: Function = Function {
    path: "backdrop.transformers.tasks.mapping.compute",
    name: "mapping",
    options: || {
        options::schema(&[
            ("mapping-keys", "array"),
            ("mappings", "object"),
            ("mapped-attribute", "string"),
            ("value-attribute", "string"),
        ])
    },
    compute,
};

/// Names, each with what has to be found in the value of each key.
struct Mappings<'a> {
    keys: Vec<&'a str>,
    patterns: Vec<(&'a str, Vec<Regex>)>,
    other: Option<&'a str>,
}

fn compute(input: &Input<'_>) -> Result<Output, Unfit> {
    let mappings = Mappings::read(input.options)?;
    let attribute = options::text(input.options, "mapped-attribute")?;
    let value = options::text(input.options, "value-attribute")?;
    // Records cannot have a key such as `sessions:sum`.
    let written = value.split(':').next().unwrap_or(value);
    let mut records = Vec::new();
    for (period, rows) in periods::groups(input.rows)? {
        let (mut names, mut sums) = (Vec::new(), HashMap::new());
        for row in rows {
            let Some(name) = mappings.name_of(row) else { continue };
            let sum = sums.entry(name).or_insert_with(|| {
                names.push(name);
                Sum::default()
            });
            sum.add(row.get(value), value)?;
        }
        for name in names {
            let mut record = periods::record(period, &[name]);
            record.insert(attribute.to_owned(), name.into());
            record.insert(written.to_owned(), sums.get(name).copied().unwrap_or_default().to_json());
            records.push(record);
        }
    }
    Ok(Output { records, keeps_newer: false })
}

impl<'a> Mappings<'a> {
    fn read(options: &'a Row) -> Result<Self, Unfit> {
        let texts = |value: Option<&'a Value>, name: &str| {
            let texts = value.and_then(Value::as_array).map(|list| list.iter().map(Value::as_str).collect());
            let texts: Option<Option<Vec<&'a str>>> = texts;
            texts.flatten().ok_or_else(|| Unfit::new(format!("the option {name} has to be a list of texts")))
        };
        let keys = texts(options.get("mapping-keys"), "mapping-keys")?;
        let mappings = options.get("mappings").and_then(Value::as_object);
        let mappings = mappings.ok_or_else(|| Unfit::new("the option mappings has to be an object"))?;
        let mut patterns = Vec::new();
        for (name, expressions) in mappings {
            let expressions = texts(Some(expressions), &format!("mappings.{name}"))?;
            if expressions.len() != keys.len() {
                let (many, needed) = (expressions.len(), keys.len());
                return Err(Unfit::new(format!(
                    "mappings.{name} has to have one expression for each of the {needed} mapping-keys, and has {many}"
                )));
            }
            let expressions = expressions.iter().map(|text| options::read_pattern(text, "mappings"));
            patterns.push((name.as_str(), expressions.collect::<Result<_, _>>()?));
        }
        Ok(Self { keys, patterns, other: options.get("other-mapping").and_then(Value::as_str) })
    }

    /// The first name, in the order in which they are written, of which everything is found.
    fn name_of(&self, row: &Row) -> Option<&'a str> {
        let values: Vec<String> = self.keys.iter().map(|key| printed(row.get(*key))).collect();
        let fits = |expressions: &[Regex]| {
            expressions.iter().zip(&values).all(|(expression, value)| expression.is_match(value))
        };
        let found = self.patterns.iter().find(|(_, expressions)| fits(expressions));
        found.map(|(name, _)| *name).or(self.other)
    }
}

fn printed(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode;
    use crate::functions::testing::{records, run};
    use serde_json::json;

    const START: &str = "2015-01-05T00:00:00+00:00";
    const END: &str = "2015-01-12T00:00:00+00:00";

    fn rows() -> Value {
        let row = |device: &str, os: &str, sessions: Value| json!({"_start_at": START, "_end_at": END, "device": device, "os": os, "sessions:sum": sessions});
        json!([
            row("phone", "Android", json!(30)),
            row("tablet", "iOS", json!(12)),
            row("tablet", "Android", Value::Null),
            row("desktop", "Mac OS", json!(8)),
            row("desktop", "Windows", json!(50)),
        ])
    }

    fn options() -> Value {
        json!({"mapping-keys": ["device", "os"], "mapped-attribute": "device_group", "value-attribute": "sessions:sum",
            "mappings": {"mobile": ["phone|tablet", ".*"], "mac": ["desktop", "^Mac"]}})
    }

    fn sums(options: &Value) -> Vec<(String, Value)> {
        let records = records(run(&FUNCTION, &rows(), options));
        let told = |record: &Value| {
            (record["device_group"].as_str().unwrap().to_owned(), record["sessions"].clone())
        };
        records.as_array().unwrap().iter().map(told).collect()
    }

    #[test]
    fn groups_are_put_together_by_the_first_name_that_fits() {
        let mobile = json!({"_id": encode(&[START, END, "mobile"]), "_timestamp": START, "_start_at": START,
            "_end_at": END, "device_group": "mobile", "sessions": 42});
        assert_eq!(records(run(&FUNCTION, &rows(), &options()))[0], mobile);
        assert_eq!(sums(&options()), [("mobile".to_owned(), json!(42)), ("mac".to_owned(), json!(8))]);
        let mut first = options();
        first["mappings"] = json!({"all": [".*", ".*"], "mobile": ["phone", ".*"]});
        assert_eq!(sums(&first), [("all".to_owned(), json!(100))]);
    }

    #[test]
    fn what_fits_nothing_is_left_out_or_gets_a_name_of_its_own() {
        let mut other = options();
        other["other-mapping"] = json!("other");
        let expected = [("mobile", 42), ("mac", 8), ("other", 50)];
        assert_eq!(sums(&other), expected.map(|(name, sum)| (name.to_owned(), json!(sum))));
    }

    #[test]
    fn mappings_have_an_expression_for_every_key() {
        let mut wrong = options();
        wrong["mappings"] = json!({"mobile": ["phone"]});
        let failure = run(&FUNCTION, &rows(), &wrong).unwrap_err().to_string();
        assert_eq!(
            failure,
            "mappings.mobile has to have one expression for each of the 2 mapping-keys, and has 1"
        );
    }
}
