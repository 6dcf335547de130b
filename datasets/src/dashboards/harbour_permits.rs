//! A transaction service that went online: nearly every kind of module.

use serde_json::{Value, json};

use super::{department, events, source, yearly_figure};
use crate::story::Story;

const SERVICE: &str = "harbour-permits";

pub(super) fn dashboard(story: &Story) -> Value {
    json!({
        "slug": SERVICE,
        "page-type": "dashboard",
        "dashboard-type": "transaction",
        "published": true,
        "title": "Harbour permits",
        "strapline": "Service dashboard",
        "tagline": "How people get a permit to moor a boat, and how well that works",
        "description": "A boat that stays in a port for more than a night needs a harbour permit.",
        "description-extra": "Since the permits went online, people need no longer go to the harbour office.",
        "costs": "Costs include staff, buildings and the online service.<br/>They do not include the upkeep of the ports.",
        "other-notes": "All figures are invented.",
        "customer-type": "Business and individuals",
        "business-model": "Fees and charges",
        "department": department(),
        "agency": { "title": "Harbour Board", "abbr": "HB", "slug": "harbour-board" },
        "relatedPages": {
            "transaction": { "title": "Get a harbour permit", "url": "https://ports.example/get-a-harbour-permit" },
            "other": [{ "title": "Tide tables", "url": "https://ports.example/tide-tables" }],
            "improve-dashboard-message": true,
        },
        "modules": modules(story),
    })
}

fn modules(story: &Story) -> Vec<Value> {
    let mut modules = yearly_figures();
    modules.extend([
        transactions_by_quarter(),
        transactions_by_channel(story),
        digital_takeup(),
        journey(),
        completion(story),
        satisfaction(story),
        completion_by_port(),
        calls(),
        waiting_time(),
        uptime(),
    ]);
    modules
}

pub(super) fn yearly_figures() -> Vec<Value> {
    vec![
        yearly_figure(
            SERVICE,
            "transactions-per-year",
            "Transactions per year",
            "number_of_transactions",
            json!({ "type": "number", "magnitude": true, "sigfigs": 3 }),
        ),
        yearly_figure(
            SERVICE,
            "total-cost",
            "Total cost",
            "total_cost",
            json!({ "type": "currency", "magnitude": true, "sigfigs": 3 }),
        ),
        yearly_figure(
            SERVICE,
            "cost-per-transaction",
            "Cost per transaction",
            "cost_per_transaction",
            json!({ "type": "currency", "pence": true }),
        ),
    ]
}

pub(super) fn transactions_by_quarter() -> Value {
    json!({
        "slug": "transactions-per-quarter",
        "module-type": "bar_chart_with_number",
        "title": "Transactions per quarter",
        "description": "Permits issued through all channels",
        "value-attribute": "number_of_transactions",
        "axis-period": "quarter",
        "axes": {
            "x": { "label": "Quarter", "key": ["_quarter_start_at", "end_at"], "format": { "type": "date", "format": "MMM YYYY" } },
            "y": [{ "label": "Permits issued" }],
        },
        "data-source": source("transactional-services", "summaries", json!({
            "filter_by": [format!("service_id:{SERVICE}"), "type:quarterly"],
            "sort_by": "_timestamp:ascending",
        })),
    })
}

pub(super) fn transactions_by_channel(story: &Story) -> Value {
    json!({
        "slug": "transactions-by-channel",
        "module-type": "grouped_timeseries",
        "title": "Permits by channel",
        "description": "Permits issued each month, by the way in which people asked for them",
        "info": ["Source: the Harbour Board's register", "Letters sent in the weeks of a postal strike were counted when they arrived"],
        "value-attribute": "volume:sum",
        "use_stack": true,
        "annotations": [events::postal_strike(story)],
        "show-line-labels": true,
        "axis-period": "month",
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": [
                { "label": "Online", "groupId": "online", "format": "integer" },
                { "label": "Telephone", "groupId": "telephone", "format": "integer" },
                { "label": "Counter", "groupId": "counter", "format": "integer" },
                { "label": "Post", "groupId": "post", "format": "integer" },
            ],
        },
        "data-source": source(SERVICE, "transactions-by-channel", json!({
            "period": "month", "duration": 24, "group_by": "channel", "collect": ["volume:sum"],
        })),
    })
}

pub(super) fn digital_takeup() -> Value {
    json!({
        "slug": "digital-take-up",
        "classes": "cols2",
        "module-type": "completion_rate",
        "title": "Digital take-up",
        "description": "Share of permits that people asked for online, and so far in this month",
        "show-unended-period": true,
        "value-attribute": "volume:sum",
        "matching-attribute": "channel",
        "numerator-matcher": "^online$",
        "denominator-matcher": "^(online|post|telephone|counter)$",
        "targets": [{ "value": 0.8, "label": { "en": "Aim", "cy": "Nod" } }],
        "axis-period": "month",
        "axes": { "y": [{ "label": "Digital take-up" }] },
        "data-source": source(SERVICE, "transactions-by-channel", json!({
            "period": "month", "duration": 24, "group_by": "channel", "collect": ["volume:sum"],
        })),
    })
}

fn journey() -> Value {
    json!({
        "slug": "journey",
        "classes": "cols2",
        "module-type": "journey",
        "title": "Users at each step",
        "description": "Visitors who reached each step of the application in a week",
        "matching-attribute": "step",
        "value-attribute": "visitors:sum",
        "axes": {
            "x": { "label": "Step", "key": "step" },
            "y": [
                { "label": "Start", "groupId": "start", "format": "integer" },
                { "label": "Boat details", "groupId": "boat_details", "format": "integer" },
                { "label": "Choose a berth", "groupId": "choose_berth", "format": "integer" },
                { "label": "Check answers", "groupId": "check_answers", "format": "integer" },
                { "label": "Pay", "groupId": "pay", "format": "integer" },
                { "label": "Done", "groupId": "done", "format": "integer" },
            ],
        },
        "data-source": source(SERVICE, "journey", json!({ "group_by": "step", "collect": ["visitors:sum"] })),
    })
}

pub(super) fn completion(story: &Story) -> Value {
    json!({
        "slug": "completion-rate",
        "classes": "cols2",
        "module-type": "completion_rate",
        "title": "Completion rate",
        "description": "Share of those who start an application online and finish it",
        "value-attribute": "visitors:sum",
        "matching-attribute": "step",
        "numerator-matcher": "^done$",
        "denominator-matcher": "^start$",
        "annotations": [events::redesign(story)],
        "targets": [{ "value": 0.6, "label": { "en": "Aim", "cy": "Nod" } }],
        "axis-period": "week",
        "axes": { "y": [{ "label": "Completion rate" }] },
        "data-source": source(SERVICE, "journey", json!({
            "period": "week", "duration": 52, "group_by": "step", "collect": ["visitors:sum"],
        })),
    })
}

fn completion_by_port() -> Value {
    json!({
        "slug": "completion-by-port",
        "module-type": "completion_table",
        "title": "Completion rate by port",
        "description": "Share of those who started an application online last week and finished it, in the ports that began with it",
        "value-attribute": "visitors:sum",
        "matching-attribute": "step",
        "category": "port",
        "numerator-matcher": "^done$",
        "denominator-matcher": "^start$",
        "axes": {
            "x": { "label": "Port", "key": "port", "format": "text" },
            "y": [{ "label": "Completed", "key": "completion", "format": "percent" }],
        },
        "data-source": source(SERVICE, "journey", json!({
            "period": "week", "duration": 1, "group_by": ["port", "step"], "collect": ["visitors:sum"],
        })),
    })
}

pub(super) fn satisfaction(story: &Story) -> Value {
    json!({
        "slug": "user-satisfaction",
        "classes": "cols2",
        "module-type": "user_satisfaction_graph",
        "title": "User satisfaction",
        "description": "How satisfied people say they are with the service, from 0% (very dissatisfied) to 100% (very satisfied)",
        "info": ["The survey was broken for nine days in May and asked nobody"],
        "annotations": [events::survey_break(story)],
        "value-attribute": "rating",
        "axis-period": "month",
        "axes": {
            "x": { "label": "Month", "key": "_start_at", "format": { "type": "date", "format": "MMMM YYYY" } },
            "y": [{ "label": "User satisfaction", "key": "rating", "format": "percent" }],
        },
        "data-source": source(SERVICE, "satisfaction", json!({ "period": "month", "duration": 24 })),
    })
}

pub(super) fn calls() -> Value {
    json!({
        "slug": "calls",
        "module-type": "grouped_timeseries",
        "title": "Calls by centre",
        "description": "Telephone calls each week about harbour permits",
        "value-attribute": "calls:sum",
        "show-line-labels": true,
        "axis-period": "week",
        "axes": {
            "x": { "label": "Week", "key": ["_start_at", "_end_at"], "format": "date" },
            "y": [
                { "label": "All centres", "groupId": "total", "format": "integer" },
                { "label": "Saltmouth", "groupId": "Saltmouth", "format": "integer" },
                { "label": "Brightwell", "groupId": "Brightwell", "format": "integer" },
                { "label": "Northmere", "groupId": "Northmere", "format": "integer" },
            ],
        },
        "data-source": source(SERVICE, "calls", json!({
            "period": "week", "duration": 26, "group_by": "centre", "collect": ["calls:sum"],
        })),
    })
}

pub(super) fn waiting_time() -> Value {
    json!({
        "slug": "waiting-time",
        "classes": "cols2",
        "module-type": "single_timeseries",
        "title": "Time spent waiting",
        "description": "How long callers wait on average before somebody answers",
        "value-attribute": "average_wait:mean",
        "format": { "type": "duration", "unit": "m" },
        "targets": [{ "value": 300_000, "is": "at-most", "label": { "en": "Promised", "cy": "Addewid" } }],
        "axes": {
            "x": { "label": "Week", "key": ["_start_at", "_end_at"], "format": "date" },
            "y": [{ "label": "Average wait", "key": "uniqueEvents", "format": { "type": "duration", "unit": "m" } }],
        },
        "data-source": source(SERVICE, "calls", json!({
            "period": "week", "duration": 26, "collect": ["average_wait:mean"],
        })),
    })
}

fn uptime() -> Value {
    let view = |slug: &str, title: &str, period: &str, duration: u64, time: &str| {
        json!({
            "slug": slug,
            "module-type": "availability",
            "title": title,
            "axes": { "x": { "format": { "type": "date", "format": time } } },
            "data-source": source(SERVICE, "availability", json!({ "period": period, "duration": duration })),
        })
    };
    json!({
        "slug": "uptime",
        "classes": "cols2",
        "module-type": "tab",
        "title": "Site performance",
        "description": "How fast the service answers, and how much of the time",
        "info": ["Source: a check from outside, every minute"],
        "tabs": [
            view("30-days", "30 days", "day", 30, "D MMMM YYYY"),
            view("24-hours", "24 hours", "hour", 24, "h:mma, D MMM YYYY"),
        ],
    })
}
