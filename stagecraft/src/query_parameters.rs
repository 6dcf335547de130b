//! The query parameters that modules and transforms store: an object whose known keys have their proper form.

use serde_json::{Map, Value};

const PERIODS: [&str; 5] = ["hour", "day", "week", "month", "quarter"];
const METHODS: [&str; 4] = [":sum", ":mean", ":set", ":count"];

/// Checks query parameters. Unknown keys are allowed.
///
/// # Errors
/// What is wrong first.
pub(crate) fn check(parameters: &Map<String, Value>) -> Result<(), String> {
    for (key, value) in parameters {
        let (good, wanted) = match key.as_str() {
            "period" => (
                value.as_str().is_some_and(|period| PERIODS.contains(&period)),
                "one of hour, day, week, month, quarter",
            ),
            "start_at" | "end_at" | "sort_by" => (value.is_string(), "a string"),
            "duration" => (value.is_i64() || value.is_u64(), "an integer"),
            "group_by" => (value.is_string() || is_texts(value), "a string or an array of strings"),
            "collect" => (
                is_texts(value) && texts(value).all(|text| METHODS.iter().any(|end| text.ends_with(end))),
                "an array of strings that end in :sum, :mean, :set or :count",
            ),
            "filter_by" | "filter_by_prefix" => (is_texts(value), "an array of strings"),
            _ => continue,
        };
        if !good {
            return Err(format!("{key} has to be {wanted}, and is {value}"));
        }
    }
    Ok(())
}

/// Turns a single `group_by` into a list of one, as readers expect it.
pub(crate) fn normalise(parameters: &mut Map<String, Value>) {
    if let Some(group_by) = parameters.get_mut("group_by")
        && group_by.is_string()
    {
        *group_by = Value::Array(vec![group_by.take()]);
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(value: Value) -> Result<(), String> {
        check(value.as_object().unwrap())
    }

    #[test]
    fn known_keys_have_their_form_and_others_are_free() {
        let good = json!({"period": "week", "group_by": "city", "collect": ["n:sum"], "duration": 5,
            "filter_by": ["a:b"], "start_at": "2014-01-01", "whatever": {}});
        assert_eq!(checked(good), Ok(()));
        for bad in [
            json!({"period": "year"}),
            json!({"collect": ["weight:median"]}),
            json!({"collect": "n:sum"}),
            json!({"filter_by": "lock:north"}),
            json!({"duration": "long"}),
            json!({"duration": 1.5}),
            json!({"group_by": [1]}),
        ] {
            assert!(checked(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_group_becomes_a_list() {
        let mut parameters = json!({"group_by": "city"}).as_object().unwrap().clone();
        normalise(&mut parameters);
        assert_eq!(Value::Object(parameters), json!({"group_by": ["city"]}));
    }
}
