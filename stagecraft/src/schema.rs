//! JSON schemas that the registry keeps: whether they are schemas, and whether values satisfy them.
//!
//! Options of modules and transforms are described by schemas of draft 3, an old one in which a property itself says that
//! it is required. They are checked by draft 3's rules and then rewritten as draft 4, which says the same in other words.
//! A schema that names a later draft is taken at its word.

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// What a schema of draft 3 may look like, said in draft 4.
static DRAFT_3: LazyLock<Option<Validator>> = LazyLock::new(|| {
    let schema = json!({"$ref": "#"});
    let schemas = json!({"type": "object", "additionalProperties": schema});
    let texts = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
    let types = json!({"anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, schema]}},
    ]});
    let count = json!({"type": "integer", "minimum": 0});
    let meta = json!({
        "type": "object",
        "properties": {
            "type": types, "disallow": types,
            "extends": {"anyOf": [schema, {"type": "array", "items": schema}]},
            "properties": schemas, "patternProperties": schemas, "definitions": schemas,
            "additionalProperties": {"anyOf": [schema, {"type": "boolean"}]},
            "items": {"anyOf": [schema, {"type": "array", "items": schema}]},
            "additionalItems": {"anyOf": [schema, {"type": "boolean"}]},
            "required": {"type": "boolean"},
            "dependencies": {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, texts, schema]}},
            "minimum": {"type": "number"}, "maximum": {"type": "number"},
            "exclusiveMinimum": {"type": "boolean"}, "exclusiveMaximum": {"type": "boolean"},
            "minItems": count, "maxItems": count, "minLength": count, "maxLength": count,
            "uniqueItems": {"type": "boolean"},
            "pattern": {"type": "string"}, "format": {"type": "string"},
            "enum": {"type": "array", "minItems": 1, "uniqueItems": true},
            "title": {"type": "string"}, "description": {"type": "string"},
            "id": {"type": "string"}, "$ref": {"type": "string"}, "$schema": {"type": "string"},
            "divisibleBy": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
        },
    });
    jsonschema::options().with_draft(Draft::Draft4).build(&meta).ok()
});

/// Checks that something is a schema: of draft 3, unless it names a later one.
///
/// # Errors
/// Why it is none.
pub(crate) fn check_option_schema(schema: &Value) -> Result<(), String> {
    if !names_later_draft(schema)
        && let Some(draft_3) = &*DRAFT_3
    {
        draft_3.validate(schema).map_err(|error| error.to_string())?;
    }
    compile(schema).map(|_| ())
}

/// Checks that something is a schema of draft 4, or of the later one that it names.
///
/// # Errors
/// Why it is none.
pub(crate) fn check_schema(schema: &Value) -> Result<(), String> {
    build(schema).map(|_| ())
}

/// Checks a value against a schema of any draft.
///
/// # Errors
/// What is wrong with the value first.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    compile(schema)?.validate(value).map_err(|error| error.to_string())
}

fn compile(schema: &Value) -> Result<Validator, String> {
    if names_later_draft(schema) { build(schema) } else { build(&as_draft_4(schema)) }
}

fn build(schema: &Value) -> Result<Validator, String> {
    let mut options = jsonschema::options().should_validate_formats(false);
    if !names_later_draft(schema) {
        options = options.with_draft(Draft::Draft4);
    }
    options.build(schema).map_err(|error| error.to_string())
}

fn names_later_draft(schema: &Value) -> bool {
    let name = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    ["draft-04", "draft-06", "draft-07", "draft/2019", "draft/2020"].iter().any(|draft| name.contains(draft))
}

/// Rewrites a schema of draft 3 as one of draft 4. Where things are stays as it was, so that references still hold.
fn as_draft_4(schema: &Value) -> Value {
    let Some(old) = schema.as_object() else { return schema.clone() };
    let mut new = Map::new();
    let mut all_of: Vec<Value> = Vec::new();
    for (key, value) in old {
        match (key.as_str(), value) {
            ("$schema", _) => {}
            // The object around a property says that it is required.
            ("required", Value::Bool(_)) => {}
            ("type", value) => match types(value) {
                Types::Any => {}
                Types::Names(names) => {
                    new.insert(key.clone(), names);
                }
                Types::Schemas(schemas) => all_of.push(json!({"anyOf": schemas})),
            },
            ("disallow", value) => match types(value) {
                Types::Any => all_of.push(json!({"not": {}})),
                Types::Names(names) => all_of.push(json!({"not": {"type": names}})),
                Types::Schemas(schemas) => all_of.push(json!({"not": {"anyOf": schemas}})),
            },
            ("extends", Value::Array(schemas)) => all_of.extend(schemas.iter().map(as_draft_4)),
            ("extends", schema) => all_of.push(as_draft_4(schema)),
            ("divisibleBy", number) => {
                new.insert("multipleOf".into(), number.clone());
            }
            ("properties", Value::Object(properties)) => {
                let is_required = |property: &&Value| property.get("required") == Some(&Value::Bool(true));
                let required = properties.iter().filter(|(_, property)| is_required(property));
                let required: Vec<Value> = required.map(|(name, _)| name.as_str().into()).collect();
                if !required.is_empty() {
                    new.insert("required".into(), required.into());
                }
                new.insert(key.clone(), each(properties));
            }
            ("patternProperties" | "definitions", Value::Object(schemas)) => {
                new.insert(key.clone(), each(schemas));
            }
            ("dependencies", Value::Object(dependencies)) => {
                let rewritten = dependencies.iter().map(|(name, dependency)| {
                    let dependency = match dependency {
                        Value::String(other) => json!([other]),
                        other => as_draft_4(other),
                    };
                    (name.clone(), dependency)
                });
                new.insert(key.clone(), rewritten.collect::<Map<_, _>>().into());
            }
            ("items", Value::Array(schemas)) => {
                new.insert(key.clone(), schemas.iter().map(as_draft_4).collect());
            }
            ("items" | "additionalItems" | "additionalProperties", schema) => {
                new.insert(key.clone(), as_draft_4(schema));
            }
            _ => {
                new.insert(key.clone(), value.clone());
            }
        }
    }
    if !all_of.is_empty() {
        new.insert("allOf".into(), all_of.into());
    }
    new.into()
}

fn each(schemas: &Map<String, Value>) -> Value {
    schemas.iter().map(|(name, schema)| (name.clone(), as_draft_4(schema))).collect::<Map<_, _>>().into()
}

/// What draft 3 can say in `type` and `disallow`.
enum Types {
    Any,
    Names(Value),
    Schemas(Vec<Value>),
}

fn types(value: &Value) -> Types {
    match value {
        Value::String(name) if name == "any" => Types::Any,
        Value::Array(list) if list.iter().any(|item| item == "any") => Types::Any,
        Value::Array(list) if list.is_empty() => Types::Any,
        Value::Array(list) if list.iter().any(Value::is_object) => {
            let schema = |item: &Value| match item {
                Value::String(name) => json!({"type": name}),
                other => as_draft_4(other),
            };
            Types::Schemas(list.iter().map(schema).collect())
        }
        names => Types::Names(names.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge() -> Value {
        json!({
            "$schema": "http://json-schema.org/draft-03/schema#",
            "type": "object",
            "properties": {"ceiling": {"type": "integer", "required": true}, "label": {"type": ["string", "null"]}},
            "additionalProperties": false,
        })
    }

    #[test]
    fn a_property_says_itself_that_it_is_required() {
        assert_eq!(check_option_schema(&gauge()), Ok(()));
        assert_eq!(check(&gauge(), &json!({"ceiling": 5, "label": null})), Ok(()));
        assert!(check(&gauge(), &json!({})).unwrap_err().contains("ceiling"));
        assert!(check(&gauge(), &json!({"ceiling": "5"})).is_err());
        assert!(check(&gauge(), &json!({"ceiling": 5, "colour": "red"})).is_err());
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for schema in [
            json!({"type": "object", "properties": {"a": {"required": "yes"}}}),
            json!({"type": "object", "properties": 5}),
            json!({"minItems": -1}),
            json!({"type": 12}),
            json!({"pattern": "("}),
        ] {
            assert!(check_option_schema(&schema).is_err(), "{schema}");
        }
        assert!(check_schema(&json!({"type": 12})).is_err());
        assert_eq!(check_schema(&json!({})), Ok(()));
    }

    #[test]
    fn a_later_draft_is_taken_at_its_word() {
        let schema = json!({"$schema": "http://json-schema.org/draft-04/schema#", "required": ["a"]});
        assert_eq!(check_option_schema(&schema), Ok(()));
        assert!(check(&schema, &json!({})).is_err());
    }

    #[test]
    fn what_draft_3_says_in_words_of_its_own() {
        let schema = json!({"type": "object", "properties": {
            "either": {"type": ["string", {"type": "object", "properties": {"type": {"type": "string", "required": true}}}]},
            "even": {"divisibleBy": 2},
            "free": {"type": "any"},
            "no_text": {"disallow": "string"},
        }, "dependencies": {"even": "free"}, "extends": {"properties": {"free": {"required": true}}}});
        let good = json!({"either": {"type": "number"}, "even": 4, "free": null, "no_text": 1});
        assert_eq!(check(&schema, &good), Ok(()));
        for (key, bad) in [("either", json!({})), ("even", json!(3)), ("no_text", json!("x"))] {
            let mut value = good.clone();
            value[key] = bad;
            assert!(check(&schema, &value).is_err(), "{value}");
        }
        assert!(check(&schema, &json!({})).is_err());
    }
}
