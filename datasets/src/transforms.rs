//! What is computed from the sample data whenever it is written.

use serde_json::{Value, json};

/// Transforms in the admin API's form, without identifiers: the share of harbour permits that were asked for online.
pub fn transforms() -> Vec<Value> {
    vec![json!({
        "type": { "function": "backdrop.transformers.tasks.rate.compute" },
        "input": { "data-group": "harbour-permits", "data-type": "transactions-by-channel" },
        "query-parameters": { "period": "month", "group_by": "channel", "collect": ["volume:sum"] },
        "options": {
            "numeratorMatcher": "^online$",
            "denominatorMatcher": ".+",
            "matchingAttribute": "channel",
            "valueAttribute": "volume:sum",
        },
        "output": { "data-group": "harbour-permits", "data-type": "digital-takeup" },
    })]
}
