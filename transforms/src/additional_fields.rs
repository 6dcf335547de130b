//! `additionalFields`: what is added to every record of the output, such as the department that a service belongs to.

use serde_json::Value;

use crate::{Row, Unfit, encode};

/// Adds the fields to every record that does not have them, and makes its identifier another one: the same records with other
/// fields are other records.
///
/// # Errors
/// If the fields are no object.
pub fn add(records: &mut [Row], options: &Row) -> Result<(), Unfit> {
    let fields = match options.get("additionalFields") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(fields)) => fields,
        Some(other) => {
            return Err(Unfit::new(format!(
                "additionalFields is an object of names and values, not {other}"
            )));
        }
    };
    let mut pairs: Vec<String> =
        fields.iter().map(|(key, value)| format!("{key}:{}", printed(value))).collect();
    // Objects have no order that could be relied on.
    pairs.sort();
    let pairs = pairs.join("_");
    for record in records {
        for (key, value) in fields {
            record.entry(key).or_insert_with(|| value.clone());
        }
        let id = record.get("_id").and_then(Value::as_str).unwrap_or_default();
        let id = encode(&[id, &pairs]);
        record.insert("_id".to_owned(), id.into());
    }
    Ok(())
}

/// A value as the older system printed it into identifiers.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(record: Value, options: Value) -> Value {
        let mut records = [record.as_object().unwrap().clone()];
        add(&mut records, options.as_object().unwrap()).unwrap();
        Value::Object(records[0].clone())
    }

    #[test]
    fn a_record_gets_the_fields_and_another_id() {
        let week = "MjAxNS0wMS0wNVQwMDowMDowMCswMDowMF8yMDE1LTAxLTEyVDAwOjAwOjAwKzAwOjAw";
        let id = "TWpBeE5TMHdNUzB3TlZRd01Eb3dNRG93TUNzd01Eb3dNRjh5TURFMUxUQXhMVEV5VkRBd09qQXdPakF3S3pBd09qQXdfZGVwYXJ0bWVudDpkd3A=";
        let fields = json!({"additionalFields": {"department": "dwp"}});
        let expected = json!({"_id": id, "rate": 0.5, "department": "dwp"});
        assert_eq!(with(json!({"_id": week, "rate": 0.5}), fields), expected);
        let fields = json!({"additionalFields": {"foo": "bar"}});
        assert_eq!(with(json!({}), fields), json!({"_id": "X2ZvbzpiYXI=", "foo": "bar"}));
    }

    #[test]
    fn the_record_wins_and_the_order_of_the_fields_does_not_matter() {
        let one = with(json!({"_id": "a", "rate": 1}), json!({"additionalFields": {"zone": 5, "rate": 2}}));
        let two = with(json!({"_id": "a", "rate": 1}), json!({"additionalFields": {"rate": 2, "zone": 5}}));
        assert_eq!((&one["rate"], &one["_id"]), (&json!(1), &json!(encode(&["a", "rate:2_zone:5"]))));
        assert_eq!(one, two);
        assert_eq!(with(json!({"_id": "a"}), json!({})), json!({"_id": "a"}));
        assert!(add(&mut [], json!({"additionalFields": 5}).as_object().unwrap()).is_err());
    }
}
