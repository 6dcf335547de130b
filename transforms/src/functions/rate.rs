//! `rate`: which share one kind has of another in each period, such as digital transactions of all.

use regex::Regex;
use serde_json::Value;

use crate::number::{Sum, real};
use crate::{Function, Input, Output, Row, Unfit, options, periods};

pub const FUNCTION: Function = Function {
    path: "backdrop.transformers.tasks.rate.compute",
    name: "rate",
    options: || {
        options::schema(&[
            ("denominatorMatcher", "string"),
            ("numeratorMatcher", "string"),
            ("matchingAttribute", "string"),
            ("valueAttribute", "string"),
        ])
    },
    compute,
};

fn compute(input: &Input<'_>) -> Result<Output, Unfit> {
    let denominator = options::pattern(input.options, "denominatorMatcher")?;
    let numerator = options::pattern(input.options, "numeratorMatcher")?;
    let attribute = options::text(input.options, "matchingAttribute")?;
    let value = options::text(input.options, "valueAttribute")?;
    let mut records = Vec::new();
    for (period, rows) in periods::groups(input.rows)? {
        let sum = |pattern| sum(&rows, attribute, pattern, value);
        let (part, whole) = (sum(&numerator)?, sum(&denominator)?);
        let rate = part.zip(whole).filter(|(_, whole)| *whole > 0.0).map(|(part, whole)| part / whole);
        let mut record = periods::record(period, &[]);
        record.insert("rate".to_owned(), rate.map_or(Value::Null, real));
        records.push(record);
    }
    Ok(Output { records, keeps_newer: false })
}

/// The sum over the rows whose attribute the pattern finds; none if there is no such row. A row without a value, or with zero,
/// is no row: a week without digital transactions has always had no rate rather than one of 0.
fn sum(rows: &[&Row], attribute: &str, pattern: &Regex, value: &str) -> Result<Option<f64>, Unfit> {
    let mut total = None;
    for row in rows {
        let mut sum = Sum::default();
        sum.add(row.get(value), value)?;
        if sum.to_f64() != 0.0 && finds(pattern, row.get(attribute)) {
            let total = total.get_or_insert_with(Sum::default);
            total.add(row.get(value), value)?;
        }
    }
    Ok(total.map(Sum::to_f64))
}

fn finds(pattern: &Regex, attribute: Option<&Value>) -> bool {
    match attribute {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty() && pattern.is_match(text),
        Some(other) => pattern.is_match(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::testing::{records, run};
    use serde_json::json;

    const A: (&str, &str) = ("2015-01-05T00:00:00+00:00", "2015-01-12T00:00:00+00:00");
    const B: (&str, &str) = ("2015-01-12T00:00:00+00:00", "2015-01-19T00:00:00+00:00");

    fn week((start, end): (&str, &str), channel: Value, count: Value) -> Value {
        json!({"_start_at": start, "_end_at": end, "channel": channel, "count:sum": count})
    }

    fn digital() -> Value {
        json!({"denominatorMatcher": ".+", "numeratorMatcher": "^digital$", "matchingAttribute": "channel",
            "valueAttribute": "count:sum"})
    }

    fn rates(rows: &Value) -> Vec<Value> {
        let records = records(run(&FUNCTION, rows, &digital()));
        records.as_array().unwrap().iter().map(|record| record["rate"].clone()).collect()
    }

    #[test]
    fn a_week_without_digital_transactions_has_no_rate() {
        let rows = json!([
            week(A, json!("digital"), json!(600.0)),
            week(A, json!("paper_form"), json!(200.0)),
            week(B, json!("digital"), json!(0.0)),
            week(B, json!("paper_form"), json!(50.0)),
        ]);
        let expected = json!([
            {"_id": "MjAxNS0wMS0wNVQwMDowMDowMCswMDowMF8yMDE1LTAxLTEyVDAwOjAwOjAwKzAwOjAw",
             "_timestamp": "2015-01-05T00:00:00+00:00", "_start_at": "2015-01-05T00:00:00+00:00",
             "_end_at": "2015-01-12T00:00:00+00:00", "rate": 0.75},
            {"_id": "MjAxNS0wMS0xMlQwMDowMDowMCswMDowMF8yMDE1LTAxLTE5VDAwOjAwOjAwKzAwOjAw",
             "_timestamp": "2015-01-12T00:00:00+00:00", "_start_at": "2015-01-12T00:00:00+00:00",
             "_end_at": "2015-01-19T00:00:00+00:00", "rate": null},
        ]);
        assert_eq!(records(run(&FUNCTION, &rows, &digital())), expected);
    }

    #[test]
    fn whole_numbers_are_divided_truly() {
        let rows = json!([week(A, json!("digital"), json!(8)), week(A, json!("paper_form"), json!(15))]);
        assert_eq!(rates(&rows), [json!(8.0 / 23.0)]);
    }

    #[test]
    fn what_has_no_name_or_no_value_does_not_count() {
        let rows = json!([
            week(A, json!("digital"), json!(1)),
            week(A, json!("digital"), Value::Null),
            week(A, json!(""), json!(7)),
            week(A, Value::Null, json!(7)),
            week(A, json!("digital phone"), json!(3)),
            week(B, json!("digital"), json!(-5)),
        ]);
        assert_eq!(rates(&rows), [json!(0.25), Value::Null]);
        assert_eq!(rates(&json!([])), [] as [Value; 0]);
    }

    #[test]
    fn what_cannot_be_computed_is_said() {
        let failure = |rows: Value, options: Value| run(&FUNCTION, &rows, &options).unwrap_err().to_string();
        let without = failure(json!([{"channel": "digital", "count:sum": 1}]), digital());
        assert_eq!(without, "this works on periods: the query parameters need a period");
        let text = failure(json!([week(A, json!("digital"), json!("many"))]), digital());
        assert_eq!(text, "count:sum has to be a number, and is \"many\"");
        let mut options = digital();
        options["numeratorMatcher"] = json!("(?<!non-)digital");
        let pattern = failure(json!([]), options);
        assert!(
            pattern.starts_with("the option numeratorMatcher has an expression that cannot be used"),
            "{pattern}"
        );
        assert_eq!(failure(json!([]), json!({})), "the option denominatorMatcher has to be a text");
    }
}
