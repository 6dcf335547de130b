//! The website of a department: who reads it, what, and on which device.

use serde_json::{Value, json};

use super::{department, events, source};
use crate::story::Story;

const GROUP: &str = "tides-and-rivers";

pub(super) fn dashboard(story: &Story) -> Value {
    json!({
        "slug": GROUP,
        "page-type": "dashboard",
        "dashboard-type": "content",
        "published": true,
        "title": "The website of Tides and Rivers",
        "strapline": "Content dashboard",
        "tagline": "What people read about tides, floods and permits",
        "description": "The website of the department and of its agencies. All figures are invented.",
        "department": department(),
        "relatedPages": {
            "other": [{ "title": "The website", "url": "https://tides.example/" }],
            "improve-dashboard-message": false,
        },
        "modules": modules(story),
    })
}

fn modules(story: &Story) -> Vec<Value> {
    vec![
        json!({
            "slug": "live-visitors",
            "module-type": "realtime",
            "title": "Live service usage",
            "description": "People on the website now, and over the last day",
            "data-source": source(GROUP, "realtime-visitors", json!({ "sort_by": "_timestamp:descending", "limit": 722 })),
        }),
        visits(story),
        visitors_by_section(),
        most_visited(),
        json!({
            "slug": "pages",
            "module-type": "table",
            "title": "Visits by page",
            "description": "The last complete week, and the change on the week before it",
            "axes": {
                "x": { "label": "Page", "key": "page_title", "format": "text" },
                "y": [
                    { "label": "Visits", "key": "visits:sum", "format": "integer" },
                    { "label": "Share", "key": "percentOfTotal(visits:sum)", "format": "percent" },
                    { "label": "Change", "key": "delta(visits:sum)", "format": { "type": "percent", "showSigns": true } },
                    { "label": "Left at once", "key": "bounce_rate:mean", "format": "percent" },
                ],
            },
            "sort-by": "visits:sum",
            "sort-order": "descending",
            "data-source": source(GROUP, "page-visits", json!({
                "period": "week", "duration": 2, "group_by": "page_title", "collect": ["visits:sum", "bounce_rate:mean"],
            })),
        }),
        devices(),
    ]
}

pub(super) fn most_visited() -> Value {
    json!({
        "slug": "most-visited",
        "module-type": "list",
        "title": "Most visited pages",
        "description": "In the last complete month",
        "label-attr": "page_title",
        "data-source": source(GROUP, "page-visits", json!({
            "period": "month", "duration": 1, "group_by": "page_title", "collect": ["visits:sum"],
            "sort_by": "visits:sum:descending", "limit": 5,
        })),
    })
}

pub(super) fn visits(story: &Story) -> Value {
    json!({
        "slug": "visits",
        "module-type": "single_timeseries",
        "title": "Visits per week",
        "description": "A storm in February; the counting failed for three days in March",
        "annotations": [events::storm(story), events::counting_gap(story)],
        "value-attribute": "visits:sum",
        "axes": {
            "x": { "label": "Week", "key": ["_start_at", "_end_at"], "format": "date" },
            "y": [{ "label": "Visits", "key": "uniqueEvents", "format": "integer" }],
        },
        "data-source": source(GROUP, "page-visits", json!({ "period": "week", "duration": 104, "collect": ["visits:sum"] })),
    })
}

pub(super) fn visitors_by_section() -> Value {
    json!({
        "slug": "sections",
        "module-type": "grouped_timeseries",
        "title": "Visits by section",
        "description": "Visits each month to the parts of the website",
        "value-attribute": "visits:sum",
        "show-line-labels": true,
        "axis-period": "month",
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": [
                { "label": "Tides", "groupId": "Tides", "format": "integer" },
                { "label": "Permits", "groupId": "Permits", "format": "integer" },
                { "label": "Safety", "groupId": "Safety", "format": "integer" },
                { "label": "Rivers", "groupId": "Rivers", "format": "integer" },
            ],
        },
        "data-source": source(GROUP, "page-visits", json!({
            "period": "month", "duration": 24, "group_by": "section", "collect": ["visits:sum"],
        })),
    })
}

pub(super) fn devices() -> Value {
    json!({
        "slug": "devices",
        "module-type": "grouped_timeseries",
        "title": "Devices",
        "description": "Share of visits by device, each month",
        "value-attribute": "visits:sum",
        "use_stack": true,
        "one-hundred-percent": true,
        "show-line-labels": true,
        "axis-period": "month",
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": [
                { "label": "Mobile", "groupId": "mobile", "format": "percent" },
                { "label": "Desktop", "groupId": "desktop", "format": "percent" },
                { "label": "Tablet", "groupId": "tablet", "format": "percent" },
                { "label": "Other", "groupId": "other", "format": "percent" },
            ],
        },
        "data-source": source(GROUP, "device-use", json!({
            "period": "month", "duration": 24, "group_by": "device", "collect": ["visits:sum"],
        })),
    })
}
