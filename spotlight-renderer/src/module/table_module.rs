//! `table`: a table.

use super::{Scene, Type, table};
use crate::data::Row;
use crate::definition::Module;
use crate::definition::axes::{Axes, Axis};
use crate::rows;
use crate::view::Facts;

pub struct TableModule;

impl Type for TableModule {
    fn facts(&self, module: &Module, rows: Vec<Row>, scene: &Scene) -> Facts {
        let mut axes = module.axes();
        let rows = rows::prepare(module, &axes, rows, scene.now);
        if axes == Axes::default() {
            axes = every_field(&rows);
        }
        Facts { table: Some(table::of(module, &axes, &rows, scene)), table_first: true, ..Facts::default() }
    }
}

/// A definition without axes shows all fields but those that the platform adds.
fn every_field(rows: &[Row]) -> Axes {
    let mut y: Vec<Axis> = Vec::new();
    for key in rows.iter().flat_map(|row| row.keys()).filter(|key| !key.starts_with('_')) {
        if !y.iter().any(|axis| axis.key() == key) {
            let axis = Axis {
                label: key.clone(),
                keys: vec![key.clone()],
                format: None,
                group: None,
                timeshift: None,
                href: None,
            };
            y.push(axis);
        }
    }
    Axes { x: Vec::new(), y, over_time: false }
}
