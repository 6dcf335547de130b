//! What readers choose about charts of groups, by links and forms that work without scripts: how they are drawn, and which
//! groups are. Every form of the page follows, and what cannot be had is said.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use serde_json::{Value, json};
use spotlight_renderer::case::Case;
use spotlight_renderer::chart::{Theme, standalone};
use spotlight_renderer::view::page::Page;
use spotlight_renderer::view::{Body, json};

const QUAYS: [&str; 9] = ["North", "South", "East", "West", "Old", "New", "Upper", "Lower", "Isle"];

/// A module about the boats at some quays.
fn boats(slug: &str, quays: usize, more: &Value) -> Value {
    let axis = |quay: &&str| json!({"groupId": quay.to_lowercase(), "label": quay, "format": "integer"});
    let mut module = json!({
        "slug": slug, "title": "Boats", "module-type": "grouped_timeseries", "value-attribute": "boats:sum",
        "axes": {"y": QUAYS[..quays].iter().map(axis).collect::<Vec<_>>()},
        "data-source": {"data-group": "quay", "data-type": format!("of-{quays}"),
            "query-params": {"period": "month", "duration": 3, "group_by": "quay", "collect": ["boats:sum"]}},
    });
    module.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    module
}

/// Three months of boats at as many quays.
fn answer(quays: usize) -> Value {
    let months = ["2016-03-01", "2016-04-01", "2016-05-01", "2016-06-01"];
    let row = |quay: usize, month: usize| {
        json!({"_start_at": format!("{}T00:00:00Z", months[month]), "_end_at": format!("{}T00:00:00Z", months[month + 1]),
            "boats:sum": if (quay, month) == (1, 1) { Value::Null } else { (100 * (quay + 1) + 10 * month).into() }})
    };
    let group = |(place, quay): (usize, &&str)| json!({"quay": quay.to_lowercase(), "values": (0..3).map(|month| row(place, month)).collect::<Vec<_>>()});
    json!({"data": QUAYS[..quays].iter().enumerate().map(group).collect::<Vec<_>>()})
}

fn case(path: &str, modules: &Value) -> Value {
    let query = "collect=boats:sum&duration=3&group_by=quay&period=month";
    json!({
        "path": format!("/performance/quay{path}"), "now": "2016-06-15T10:00:00Z",
        "definition": {"slug": "quay", "title": "Quay", "dashboard-type": "other", "published": true, "modules": modules},
        "data": {"quay/of-9": {query: answer(9)}, "quay/of-3": {query: answer(3)}, "quay/of-1": {query: answer(1)}},
    })
}

async fn html(path: &str, modules: &Value) -> String {
    Case::new(case(path, modules), "/performance").unwrap().render().await.html
}

/// The one module of a page for machines.
async fn facts(path: &str, module: Value) -> Value {
    let rendered = Case::new(case(path, &json!([module])), "/performance").unwrap().render().await;
    json::answer(&rendered.answer)["modules"][0].clone()
}

/// The part of a page that is about one module, a tag a line.
fn part(html: &str, slug: &str) -> String {
    let start = html.find(&format!("<section id=\"{slug}\"")).unwrap();
    let end = html[start..].find("</section>").unwrap();
    html[start..start + end].replace("><", ">\n<")
}

#[tokio::test]
async fn charts_are_drawn_as_readers_choose() {
    let stacked = json!({"use_stack": true});
    for (name, path, quays, more) in [
        ("more_than_seven_groups", "", 9, json!({})),
        ("more_than_seven_groups_in_one", "/boats?view=line", 9, json!({})),
        ("stack_as_shares_of_two", "/boats?view=share&series=north&series=east", 3, stacked.clone()),
        ("stack_as_lines", "/boats?view=line", 3, stacked.clone()),
        ("unknown_choice", "?view.boats=pie&series.boats=east&series.boats=moon", 3, stacked),
    ] {
        let page = html(path, &json!([boats("boats", quays, &more)])).await;
        insta::assert_snapshot!(name, part(&page, "boats"));
    }
}

#[tokio::test]
async fn tables_and_machines_follow_the_choice() {
    let stacked = || boats("boats", 3, &json!({"use_stack": true}));
    let usual = facts("/boats", stacked()).await;
    assert_eq!(
        (&usual["view"], &usual["series"]),
        (&Value::Null, &Value::Null),
        "nothing is told of what is usual"
    );
    let shares = facts("/boats?view=share&series=east&series=north", stacked()).await;
    assert_eq!(shares["view"], "share");
    assert_eq!(shares["series"], json!(["north", "east"]));
    assert_eq!(shares["table"]["head"], json!(["Date", "North", "East"]));
    // shares are of all quays, also of those that are not shown
    assert_eq!(shares["table"]["rows"][0], json!(["March 2016", "16.7%", "50%"]));
    let whole = json!({"one-hundred-percent": true, "format": "percent"});
    let amounts = facts("/boats?view=line", boats("boats", 3, &whole)).await;
    assert_eq!(amounts["table"]["rows"][2], json!(["May 2016", "120", "220", "320"]));
}

#[tokio::test]
async fn dates_comparisons_and_choices_do_not_forget_each_other() {
    let modules = json!([boats("boats", 3, &json!({})), boats("others", 9, &json!({}))]);
    let own = html("/boats?view=stack&series=north&series=east&compare=previous_year", &modules).await;
    for kept in [
        "href=\"/performance/quay/boats?series=north&amp;series=east&amp;compare=previous_year\"",
        "href=\"/performance/quay/boats?series=north&amp;series=east&amp;compare=previous_year&amp;view=share\"",
        "<input type=\"hidden\" name=\"view\" value=\"stack\">",
        "<input type=\"hidden\" name=\"series\" value=\"east\">",
        "href=\"/performance/quay/boats.svg?view=stack&amp;series=north&amp;series=east&amp;compare=previous_year\"",
        "src=&quot;/performance/quay/boats/embed?view=stack",
        "<a href=\"/performance/quay/boats?view=stack&amp;compare=previous_year\">Show all</a>",
    ] {
        assert!(own.contains(kept), "{kept} is not in {}", part(&own, "boats"));
    }
    let page = html("?compare=previous_year&view.boats=stack&series.others=isle", &modules).await;
    let (boats, others) = (part(&page, "boats"), part(&page, "others"));
    assert!(
        boats.contains("action=\"/performance/quay#boats\"") && boats.contains("name=\"series.boats\""),
        "{boats}"
    );
    assert!(
        boats.contains("href=\"/performance/quay/boats?compare=previous_year&amp;view.boats=stack\""),
        "{boats}"
    );
    assert!(!boats.contains("name=\"series.others\" value=\"isle\" checked"), "each form has its own groups");
    assert!(
        others.contains("name=\"view.boats\" value=\"stack\""),
        "a form forgets what was chosen for others"
    );
    assert!(
        others.contains("value=\"isle\" checked") && !others.contains("value=\"north\" checked"),
        "{others}"
    );
}

#[tokio::test]
async fn only_what_makes_sense_is_offered() {
    let offered = |page: &str| {
        ["Lines", "On top of each other", "Shares", "Side by side"].map(|name| page.contains(name))
    };
    let of = async |quays: usize, more: Value| {
        part(&html("", &json!([boats("boats", quays, &more)])).await, "boats")
    };
    assert_eq!(offered(&of(3, json!({})).await), [true; 4]);
    let rates = json!({"format": "percent"});
    assert_eq!(offered(&of(3, rates.clone()).await), [true, false, false, true], "rates do not add up");
    assert_eq!(offered(&of(1, json!({})).await), [false; 4], "one group is drawn in one way");
    let refused = html("/boats?view=stack", &json!([boats("boats", 3, &rates)])).await;
    assert!(refused.contains("its values do not add up") && refused.contains("class=\"line s1\""));
}

#[tokio::test]
async fn sums_and_the_past_are_not_piled_up() {
    let axes = json!({"axes": {"y": [
        {"groupId": "total", "label": "All"}, {"groupId": "north", "label": "North"}, {"groupId": "south", "label": "South"},
    ]}});
    let rendered = Case::new(case("/boats?view=share", &json!([boats("boats", 3, &axes)])), "/performance")
        .unwrap()
        .render()
        .await;
    let Page::Module(page) = rendered.answer.page else { panic!("not a module") };
    let Body::Facts(facts) = page.module.body else { panic!("no facts") };
    let names: Vec<&str> = facts.charts[0].series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["North", "South"]);
    let file = standalone(&facts.charts[0], 800.0, Theme::Light, None);
    assert!(file.contains(">100%</text>") && file.contains("area s2"), "the file does not follow");
}

#[tokio::test]
async fn hostile_choices_stay_texts() {
    let evil = "%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [
        format!("/boats?view={evil}&series={evil}"),
        format!("?view.boats={evil}&series.boats={evil}&x={evil}"),
    ] {
        let page = html(&path, &json!([boats("boats", 9, &json!({}))])).await;
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("is not a way to draw this chart"), "{path}");
    }
}
