//! A licence that many authorities issue: figures across authorities, and how long decisions take.

use serde_json::{Value, json};

use super::{department, events, source, yearly_figure};
use crate::sets::names;
use crate::story::Story;

const SERVICE: &str = "lantern-licences";

/// How many authorities there are, however many records.
const AUTHORITIES: u64 = 14;

pub(super) fn dashboard(story: &Story) -> Value {
    json!({
        "slug": SERVICE,
        "page-type": "dashboard",
        "dashboard-type": "transaction",
        "published": true,
        "title": "Lantern licences",
        "strapline": "Service dashboard",
        "tagline": "Licences to hang out a lantern by night, from the authority of the place",
        "description": "Each authority decides about the lanterns of its own streets and quays.",
        "costs": "Authorities set their own fees within a range.",
        "other-notes": "All figures are invented.",
        "customer-type": "Individuals",
        "business-model": "Fees and charges, and taxpayers",
        "department": department(),
        "agency": { "title": "Office of Lights", "abbr": "OL", "slug": "office-of-lights" },
        "relatedPages": {
            "transaction": { "title": "Get a lantern licence", "url": "https://lights.example/get-a-lantern-licence" },
            "other": [],
            "improve-dashboard-message": false,
        },
        "modules": modules(story),
    })
}

fn modules(story: &Story) -> Vec<Value> {
    vec![
        yearly_figure(
            SERVICE,
            "transactions-per-year",
            "Licences per year",
            "number_of_transactions",
            json!({ "type": "number", "magnitude": true, "sigfigs": 3 }),
        ),
        yearly_figure(
            SERVICE,
            "cost-per-transaction",
            "Cost per licence",
            "cost_per_transaction",
            json!({ "type": "currency", "pence": true }),
        ),
        digital_take_up(),
        applications(story),
        by_type(story),
        renewals_beside_last_year(),
        renewals(),
        satisfaction(),
        json!({
            "slug": "decisions",
            "module-type": "section",
            "title": "Decisions",
            "description": "How long people wait for an answer",
            "modules": [within_target(), decision_times(), median_days(story)],
        }),
        months_by_authority(story),
        by_authority(),
    ]
}

fn digital_take_up() -> Value {
    let format = json!({ "type": "percent", "dps": 1 });
    let mut figure = yearly_figure(SERVICE, "digital-take-up", "Digital take-up", "digital_takeup", format);
    figure["targets"] = json!([{ "value": 0.75, "label": { "en": "Aim", "cy": "Nod" } }]);
    figure
}

pub(super) fn applications(story: &Story) -> Value {
    json!({
        "slug": "applications",
        "module-type": "single_timeseries",
        "title": "Applications received",
        "description": "Applications each week, at all authorities. People hurry before the fee rises in April.",
        "annotations": [events::fee_rise(story)],
        "value-attribute": "applications:sum",
        "axes": {
            "x": { "label": "Week", "key": ["_start_at", "_end_at"], "format": "date" },
            "y": [{ "label": "Applications", "key": "uniqueEvents", "format": "integer" }],
        },
        "data-source": source(SERVICE, "applications", json!({
            "period": "week", "duration": 104, "collect": ["applications:sum"],
        })),
    })
}

pub(super) fn by_type(story: &Story) -> Value {
    json!({
        "slug": "new-and-renewed",
        "module-type": "grouped_timeseries",
        "title": "New licences and renewals",
        "description": "Applications each month, and so far in this one",
        "show-unended-period": true,
        "annotations": [events::fee_rise(story)],
        "value-attribute": "applications:sum",
        "show-line-labels": true,
        "axis-period": "month",
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": [
                { "label": "Renewals", "groupId": "renewal", "format": "integer" },
                { "label": "New licences", "groupId": "new", "format": "integer" },
            ],
        },
        "data-source": source(SERVICE, "applications", json!({
            "period": "month", "duration": 24, "group_by": "licence_type", "collect": ["applications:sum"],
        })),
    })
}

fn renewals_beside_last_year() -> Value {
    json!({
        "slug": "renewals-beside-last-year",
        "module-type": "comparison",
        "title": "Renewals beside the year before",
        "description": "Applications for renewal each month, and in the same month of the year before",
        "value-attribute": "applications:sum",
        "show-line-labels": true,
        "axis-period": "month",
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": [
                { "label": "Renewals", "groupId": "renewal", "format": "integer" },
                { "label": "Renewals", "groupId": "renewal", "timeshift": 12, "format": "integer" },
            ],
        },
        "data-source": source(SERVICE, "applications", json!({
            "period": "month", "duration": 12, "group_by": "licence_type", "collect": ["applications:sum"],
        })),
    })
}

fn satisfaction() -> Value {
    json!({
        "slug": "user-satisfaction",
        "classes": "cols2",
        "module-type": "user_satisfaction",
        "title": "User satisfaction",
        "description": "What people say about the service at the end of an application, from 0% (very dissatisfied) to 100% (very satisfied)",
        "value-attribute": "score",
        "axis-period": "month",
        "data-source": source(SERVICE, "satisfaction", json!({ "sort_by": "_timestamp:ascending" })),
    })
}

pub(super) fn renewals() -> Value {
    json!({
        "slug": "renewals",
        "classes": "cols2",
        "module-type": "headline_figure",
        "title": "Share of renewals",
        "description": "Renewals among the applications of a month",
        "value-attribute": "applications:sum",
        "pin-to": "licence_type",
        "target": "renewal",
        "axis-period": "month",
        "axes": {
            "x": { "label": "Licence type", "key": "licence_type", "format": "sentence" },
            "y": [{ "label": "Applications", "key": "applications:sum", "format": "integer" }],
        },
        "data-source": source(SERVICE, "applications", json!({
            "period": "month", "duration": 2, "group_by": "licence_type", "collect": ["applications:sum"],
        })),
    })
}

pub(super) fn within_target() -> Value {
    json!({
        "slug": "within-target",
        "module-type": "applications",
        "title": "Decided in time",
        "description": "Decisions made within ten working days",
        "value-attribute": "count:sum",
        "pin-to": "days",
        "target": 10,
        "axes": {
            "x": { "label": "Working days", "key": "days", "format": "integer" },
            "y": [{ "label": "Decisions", "key": "count:sum", "format": "integer" }],
        },
        "data-source": source(SERVICE, "decision-times", json!({
            "period": "week", "duration": 2, "group_by": "days", "collect": ["count:sum"], "sort_by": "days:ascending",
        })),
    })
}

fn decision_times() -> Value {
    json!({
        "slug": "decision-times",
        "module-type": "column",
        "title": "Days to a decision",
        "description": "Decisions of the last month by the working days that they took. The figure is of those that people waited for longest.",
        "value-attribute": "count:sum",
        "pin-to": "days",
        "max-bars": 7,
        "axes": {
            "x": { "label": "Working days", "key": "days", "format": "integer" },
            "y": [{ "label": "Decisions", "key": "count:sum", "format": "integer" }],
        },
        "data-source": source(SERVICE, "decision-times", json!({
            "period": "month", "duration": 1, "group_by": "days", "collect": ["count:sum"], "sort_by": "days:ascending",
        })),
    })
}

pub(super) fn median_days(story: &Story) -> Value {
    json!({
        "slug": "median-days",
        "module-type": "single_timeseries",
        "title": "Usual time to a decision",
        "description": "Working days after which half of the applications are decided, on average over authorities",
        "value-attribute": "median_days:mean",
        "format": { "type": "number", "dps": 1 },
        "annotations": [events::redesign(story)],
        "targets": [
            { "value": 10, "is": "at-most", "label": { "en": "Legal limit", "cy": "Terfyn cyfreithiol" } },
            { "value": 6, "is": "at-most", "from": story.redesign().format("%Y-%m-%d").to_string(), "label": { "en": "Promised", "cy": "Addewid" } },
        ],
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": [{ "label": "Working days", "key": "uniqueEvents", "format": { "type": "number", "dps": 1 } }],
        },
        "data-source": source(SERVICE, "applications", json!({
            "period": "month", "duration": 30, "collect": ["median_days:mean"],
        })),
    })
}

/// More authorities than one chart can show.
fn months_by_authority(story: &Story) -> Value {
    let axis = |number: u64| {
        let name = names::authority(number);
        json!({ "label": name, "groupId": name, "format": "integer" })
    };
    json!({
        "slug": "months-by-authority",
        "module-type": "grouped_timeseries",
        "title": "Applications each month by authority",
        "description": "Side by side, as there are more than one chart can tell apart",
        "annotations": [events::fee_rise(story)],
        "info": ["An authority that sends no figures for a month has a gap"],
        "value-attribute": "applications:sum",
        "axis-period": "month",
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": (0..AUTHORITIES).map(axis).collect::<Vec<_>>(),
        },
        "data-source": source(SERVICE, "applications", json!({
            "period": "month", "duration": 24, "group_by": "authority", "collect": ["applications:sum"],
        })),
    })
}

pub(super) fn by_authority() -> Value {
    json!({
        "slug": "authorities",
        "module-type": "table",
        "title": "Applications by authority",
        "description": "The last month, and the change on the month before it",
        "axes": {
            "x": { "label": "Authority", "key": "authority", "format": "text" },
            "y": [
                { "label": "Applications", "key": "applications:sum", "format": "integer" },
                { "label": "Change", "key": "delta(applications:sum)", "format": { "type": "percent", "showSigns": true } },
                { "label": "Granted", "key": "granted:sum", "format": "integer" },
                { "label": "Refused", "key": "refused:sum", "format": "integer" },
            ],
        },
        "sort-by": "applications:sum",
        "sort-order": "descending",
        "data-source": source(SERVICE, "applications", json!({
            "period": "month", "duration": 2, "group_by": "authority",
            "collect": ["applications:sum", "granted:sum", "refused:sum"],
        })),
    })
}
