//! `list`: names in order, perhaps as links.

use super::{Scene, Type};
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::Axes;
use crate::format::plain;
use crate::pattern;
use crate::rows;
use crate::view::{Facts, Item};

pub struct List;

impl Type for List {
    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let rows = rows::prepare(module, &Axes::default(), rows, scene.now);
        let shorten = module.text("label-regex").and_then(pattern::read);
        let field = |row: &Row, option: &str| -> Option<String> {
            row.get(module.text(option)?).filter(|value| !value.is_null()).map(plain)
        };
        let root = module.options["url-root"].as_str().unwrap_or_default();
        let item = |row: &Row| {
            let label = field(row, "label-attr").unwrap_or_default();
            let short = shorten
                .as_ref()
                .and_then(|shorten| Some(shorten.captures(&label)?.get(1)?.as_str().to_owned()));
            Item {
                text: short.unwrap_or(label),
                href: field(row, "link-attr").map(|link| format!("{root}{link}")),
            }
        };
        Facts { items: Some(rows.iter().map(item).collect()), ..Facts::default() }
    }
}
