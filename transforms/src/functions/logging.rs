//! `debug.logging`: writes nothing. Whoever runs transforms logs how many rows each one read.

use crate::{Function, Output, options};

pub const FUNCTION: Function = Function {
    path: "backdrop.transformers.tasks.debug.logging",
    name: "logging",
    options: || options::schema(&[]),
    compute: |_| Ok(Output::default()),
};
