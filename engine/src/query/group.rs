//! What an aggregation yields, before it is shaped.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The records that share the values of the group keys and, in a period query, the period.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The values of the group keys, in the order asked.
    pub keys: Vec<Value>,
    /// The start of the period; `None` where no period was asked for, and for totals over all periods.
    pub start: Option<DateTime<Utc>>,
    /// Records in the group.
    pub count: i64,
    /// What was collected, one for each `collect` in the order asked.
    pub collected: Vec<Value>,
}

/// All groups of an answer.
#[derive(Debug, Default)]
pub struct Groups {
    /// One for each group and, in a period query, period.
    pub parts: Vec<Group>,
    /// For a query with groups and a period: one for each group, over all periods.
    pub totals: Vec<Group>,
}
