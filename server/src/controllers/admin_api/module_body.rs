//! Modules as they are sent: one by one, or as the tree of a whole dashboard.

use serde_json::{Map, Value};
use stagecraft::ModuleEntry;

/// What every entry of a tree says, also where there is nothing to say.
const KEYS: [&str; 7] = ["type_id", "slug", "title", "description", "info", "options", "order"];

/// The entries of a tree.
///
/// # Errors
/// What is wrong with the first entry that is none.
pub fn entries(values: &[Value]) -> Result<Vec<ModuleEntry>, String> {
    values.iter().map(entry).collect()
}

fn entry(value: &Value) -> Result<ModuleEntry, String> {
    let Some(object) = value.as_object() else {
        return Err(format!("a module has to be an object, and is {value}"));
    };
    let mut missing: Vec<&str> = KEYS.into_iter().filter(|key| !object.contains_key(*key)).collect();
    if !missing.is_empty() {
        missing.sort_unstable();
        return Err(format!("missing keys: {}", missing.join(", ")));
    }
    let children = match object.get("modules") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(children)) => entries(children)?,
        Some(other) => return Err(in_module(object, &format!("modules has to be a list, and is {other}"))),
    };
    let module = posted_module(object).map_err(|text| in_module(object, &text))?;
    let id = object.get("id").and_then(Value::as_str).map(str::to_owned);
    Ok(ModuleEntry { id, children, ..module })
}

/// A module without its children, which never has an identifier of its own yet. Parts that are missing have usual values.
///
/// # Errors
/// What is wrong with it first.
pub fn posted_module(body: &Map<String, Value>) -> Result<ModuleEntry, String> {
    let text = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(format!("{key} has to be a string, and is {other}")),
    };
    let name = |key: &str| match body.get(key) {
        Some(Value::Null) => Err(format!("{key}: This field cannot be null.")),
        _ => text(key),
    };
    let object = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object.clone())),
        Some(other) => Err(format!("{key} has to be an object, and is {other}")),
    };
    let order = body.get("order").and_then(Value::as_i64);
    Ok(ModuleEntry {
        id: None,
        type_id: text("type_id")?,
        slug: name("slug")?,
        title: name("title")?,
        description: text("description")?,
        info: info(body.get("info"))?,
        options: object("options")?.unwrap_or_default(),
        query_parameters: object("query_parameters")?,
        data_group: text("data_group")?,
        data_type: text("data_type")?,
        order: order.ok_or("order has to be an integer")?,
        children: Vec::new(),
    })
}

fn info(value: Option<&Value>) -> Result<Option<Vec<String>>, String> {
    let list = match value {
        None => return Ok(Some(Vec::new())),
        Some(Value::Null) => return Ok(None),
        Some(value) => value.as_array().ok_or_else(|| format!("info has to be a list, and is {value}"))?,
    };
    let text = |item: &Value| match item {
        Value::String(text) => Ok(text.clone()),
        other => Err(format!("info has to be a list of strings, and has {other}")),
    };
    list.iter().map(text).collect::<Result<_, _>>().map(Some)
}

fn in_module(object: &Map<String, Value>, text: &str) -> String {
    let order = object.get("order").map_or_else(String::new, Value::to_string);
    let slug = object.get("slug").and_then(Value::as_str).unwrap_or_default();
    format!("Error in module {order} (slug '{slug}') - message: '{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn module(slug: &str) -> Value {
        json!({"type_id": "t", "slug": slug, "title": "T", "description": "", "info": [], "options": {}, "order": 4})
    }

    #[test]
    fn a_tree_is_read_with_its_children() {
        let mut section = module("section");
        section["modules"] = json!([module("leaf")]);
        section["info"] = Value::Null;
        let tree = entries(&[section]).unwrap();
        assert_eq!(tree[0].children[0].slug, "leaf");
        assert_eq!(tree[0].info, None);
    }

    #[test]
    fn says_which_keys_are_missing_and_which_values_are_wrong() {
        assert_eq!(
            entries(&[json!({"slug": "x", "type_id": "t", "order": 1, "info": [], "options": {}})])
                .unwrap_err(),
            "missing keys: description, title"
        );
        let mut wrong = module("x");
        wrong["options"] = json!([]);
        assert_eq!(
            entries(&[wrong]).unwrap_err(),
            "Error in module 4 (slug 'x') - message: 'options has to be an object, and is []'"
        );
        let mut nameless = module("x");
        nameless["title"] = Value::Null;
        assert_eq!(
            entries(&[nameless]).unwrap_err(),
            "Error in module 4 (slug 'x') - message: 'title: This field cannot be null.'"
        );
        assert!(entries(&[json!("leaf")]).is_err());
    }
}
