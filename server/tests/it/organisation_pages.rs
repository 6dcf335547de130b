//! Pages of departments and other bodies, with what their services come to.

use crate::dashboards::{get, server};
use crate::support::{ADMIN, TestServer};
use serde_json::{Value, json};

/// The server with two more dashboards of the department, one of another body, and figures of the services.
async fn with_services() -> TestServer {
    let server = server().await;
    let tides = json!({"title": "Department of Tides", "abbr": "DoT", "slug": "tides"});
    let anchors = json!({"title": "Anchors & Chains", "abbr": "A&C", "slug": "anchors"});
    for (slug, title, kind, published, body) in [
        ("berths", "Berths", "transaction", true, Some(&anchors)),
        ("reading", "Reading about tides", "content", true, None),
        ("draft", "Draft", "transaction", false, None),
    ] {
        let mut definition = json!({"slug": slug, "title": title, "dashboard-type": kind, "published": published,
            "department": tides, "modules": []});
        if let Some(body) = body {
            definition["agency"] = body.clone();
        }
        server.state.registry.put_dashboard(&definition).await.unwrap();
    }
    for (path, name) in [("data-groups", "service-aggregates"), ("data-types", "latest-dataset-values")] {
        server.json("POST", &format!("/admin-api/{path}"), ADMIN, &json!({"name": name})).await;
    }
    let set = json!({"data_group": "service-aggregates", "data_type": "latest-dataset-values", "bearer_token": "t",
        "published": true, "raw_queries_allowed": true});
    assert!(server.json("POST", "/admin-api/data-sets", ADMIN, &set).await.status.is_success());
    let figures = |slug: &str, volume: i64, take_up: f64| json!({"_timestamp": "2016-05-01T00:00:00Z", "dashboard_slug": slug, "number_of_transactions": volume, "digital_takeup": take_up});
    let records = json!([figures("quay", 2000, 0.2), figures("berths", 1000, 0.9)]);
    let written = server.json("POST", "/data/service-aggregates/latest-dataset-values", "t", &records).await;
    assert_eq!(written.status, 200, "{}", written.text());
    server
}

fn rows(page: &Value) -> Vec<String> {
    let cell = |cell: &Value| cell["text"].as_str().or(cell.as_str()).unwrap_or("-").to_owned();
    let row = |row: &Value| row.as_array().unwrap().iter().map(cell).collect::<Vec<_>>().join(" | ");
    page["table"]["rows"].as_array().unwrap().iter().map(row).collect()
}

fn aggregate<'a>(page: &'a Value, key: &str) -> &'a Value {
    page["aggregates"].as_array().unwrap().iter().find(|aggregate| aggregate["key"] == key).unwrap()
}

#[tokio::test]
async fn a_department_shows_all_its_dashboards_and_what_they_come_to() {
    let server = with_services().await;
    let page = get(&server, "/departments/tides.json").await.value();
    assert_eq!(page["heading"], "Department of Tides");
    assert_eq!(
        rows(&page),
        [
            "Department of Tides | Mooring at the quay | 2,000 | - | - | 20% | - | -",
            "Department of Tides | Berths | 1,000 | - | - | 90% | - | -",
            "Department of Tides | Reading about tides | - | - | - | - | - | -",
        ]
    );
    assert_eq!(aggregate(&page, "digital_takeup")["value"], "43.3%");
    assert_eq!(aggregate(&page, "number_of_transactions")["value"], "3,000");
    let one = get(&server, "/departments/agency:anchors.json?measure=number_of_transactions").await.value();
    assert_eq!(rows(&one), ["Department of Tides | Berths | 1,000"]);
    assert_eq!(get(&server, "/departments/tides.csv").await.text().lines().count(), 4);
    for missing in ["/departments/whales", "/departments/agency:tides", "/departments/a%26b"] {
        assert_eq!(get(&server, missing).await.status, 404, "{missing}");
    }
    let moved = get(&server, "/departments/tides/").await;
    assert_eq!(
        (moved.status.as_u16(), moved.header("location")),
        (301, Some("/performance/departments/tides"))
    );
}

#[tokio::test]
async fn all_organisations_are_compared_in_one_table() {
    let server = with_services().await;
    let page = get(&server, "/departments.json?measure=digital_takeup&sortby=digital_takeup").await.value();
    assert_eq!(rows(&page), ["Anchors & Chains | 1 | 90%", "Department of Tides | 3 | 43.3%"]);
    assert_eq!(page["table"]["rows"][0][0]["href"], "/performance/departments/agency%3Aanchors");
    let found = get(&server, "/departments.json?filter=TIDE&measure=digital_takeup").await.value();
    assert_eq!(rows(&found), ["Department of Tides | 3 | 43.3%"]);
    let html = get(&server, "/departments?filter=%3Cscript%3E").await.text();
    assert!(html.contains("0 organisations") && !html.contains("<script>"), "{html}");
}

#[tokio::test]
async fn dashboards_lead_to_their_department() {
    let server = with_services().await;
    assert!(
        get(&server, "/quay")
            .await
            .text()
            .contains("<a href=\"/performance/departments/tides\">Department of Tides</a>")
    );
    assert!(!get(&server, "/draft").await.text().contains("/performance/departments/tides"));
    assert!(get(&server, "/sitemap.xml").await.text().contains("/performance/departments</loc>"));
}
