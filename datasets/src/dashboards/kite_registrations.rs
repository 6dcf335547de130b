//! A service whose dashboard is still being made: what it costs and how many people use it is known, more is not shown yet.

use serde_json::{Value, json};

use super::{department, source, yearly_figure};

const SERVICE: &str = "kite-registrations";

pub(super) fn dashboard() -> Value {
    json!({
        "slug": SERVICE,
        "page-type": "dashboard",
        "dashboard-type": "transaction",
        "published": false,
        "title": "Kite registrations",
        "strapline": "Service dashboard",
        "tagline": "Registering kites that fly higher than a lighthouse",
        "description": "Whoever flies a large kite near a port registers it first.",
        "other-notes": "All figures are invented.",
        "customer-type": "Individuals",
        "business-model": "Taxpayers",
        "department": department(),
        "relatedPages": {
            "transaction": { "title": "Register a kite", "url": "https://ports.example/register-a-kite" },
            "other": [],
            "improve-dashboard-message": false,
        },
        "modules": [
            yearly_figure(
                SERVICE,
                "transactions-per-year",
                "Registrations per year",
                "number_of_transactions",
                json!({ "type": "number", "magnitude": true, "sigfigs": 3 }),
            ),
            yearly_figure(
                SERVICE,
                "cost-per-transaction",
                "Cost per registration",
                "cost_per_transaction",
                json!({ "type": "currency", "pence": true }),
            ),
            yearly_figure(
                SERVICE,
                "digital-take-up",
                "Digital take-up",
                "digital_takeup",
                json!({ "type": "percent", "dps": 1 }),
            ),
            registrations_by_quarter(),
        ],
    })
}

fn registrations_by_quarter() -> Value {
    json!({
        "slug": "registrations-per-quarter",
        "module-type": "bar_chart_with_number",
        "title": "Registrations per quarter",
        "description": "Kites registered online and by letter",
        "value-attribute": "number_of_transactions",
        "axis-period": "quarter",
        "axes": {
            "x": { "label": "Quarter", "key": ["_quarter_start_at", "end_at"], "format": { "type": "date", "format": "MMM YYYY" } },
            "y": [{ "label": "Registrations" }],
        },
        "data-source": source("transactional-services", "summaries", json!({
            "filter_by": [format!("service_id:{SERVICE}"), "type:quarterly"],
            "sort_by": "_timestamp:ascending",
        })),
    })
}
