//! Dashboards that show the sample data sets, in the public form of a dashboard definition: one file for each.

mod all_services;
mod events;
mod harbour_permits;
mod kite_registrations;
mod lantern_licences;
mod tides_and_rivers;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::story::Story;

/// The definitions: a service that went online, a licence that many authorities issue, the website of a department, all of
/// it on one long page, and a service whose dashboard is not published yet. What happened before `now` is noted on their charts.
pub fn dashboards(now: DateTime<Utc>) -> Vec<Value> {
    let story = Story::new(now, 0);
    vec![
        harbour_permits::dashboard(&story),
        lantern_licences::dashboard(&story),
        tides_and_rivers::dashboard(&story),
        all_services::dashboard(&story),
        kite_registrations::dashboard(),
    ]
}

/// Where a module has its figures from.
fn source(data_group: &str, data_type: &str, query: Value) -> Value {
    json!({ "data-group": data_group, "data-type": data_type, "query-params": query })
}

/// The department behind all of them.
fn department() -> Value {
    json!({ "title": "Department for Tides and Rivers", "abbr": "DTR", "slug": "tides-and-rivers" })
}

/// A figure of the service summaries over the last year, beside the year before it.
fn yearly_figure(service: &str, slug: &str, title: &str, attribute: &str, format: Value) -> Value {
    json!({
        "slug": slug,
        "module-type": "kpi",
        "title": title,
        "value-attribute": attribute,
        "format": format,
        "date-period": "quarter",
        "classes": "cols3",
        "info": ["Source: quarterly figures of the service, over the four quarters that ended last"],
        "data-source": source("transactional-services", "summaries", json!({
            "filter_by": [format!("service_id:{service}"), "type:seasonally-adjusted"],
            "sort_by": "_timestamp:descending",
            "limit": 2,
        })),
    })
}
