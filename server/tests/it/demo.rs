//! The sample data through the whole house: loaded, asked, on a page.

use crate::support::TestServer;
use server::cli::demo::load;

#[tokio::test]
async fn every_sample_dashboard_shows_figures() {
    let server = TestServer::start().await;
    let now = "2025-03-10T12:00:00Z".parse().unwrap();
    load(&server.state, 0.2, now).await.unwrap();
    let home = server.get("/performance").await;
    assert_eq!(home.status, 200);
    let definitions = datasets::dashboards(now);
    assert_eq!(definitions.len(), 5);
    for definition in definitions {
        let (slug, title) = (definition["slug"].as_str().unwrap(), definition["title"].as_str().unwrap());
        let shown = home.text().contains(&format!("/performance/{slug}"));
        assert_eq!(shown, definition["published"] == true, "{slug} is on the front page if it is published");
        let headers = [("x-test-now", "2025-03-10T12:00:00Z")];
        let path = format!("/performance/{slug}");
        let page = server.send(&server.everything, "GET", &path, &headers, Vec::new()).await;
        let html = page.text();
        assert_eq!(page.status, 200);
        assert!(html.contains(title) && html.contains("<svg"), "{slug} has no charts");
        for module in definition["modules"].as_array().unwrap() {
            let title = module["title"].as_str().unwrap();
            assert!(html.contains(title), "{slug}: {title} is missing");
        }
        let tag = page.header("etag").unwrap().to_owned();
        let again = [("x-test-now", "2025-03-10T12:00:00Z"), ("if-none-match", tag.as_str())];
        let again = server.send(&server.everything, "GET", &path, &again, Vec::new()).await;
        assert_eq!(again.status, 304);
    }
}

#[tokio::test]
async fn what_is_computed_from_the_sample_data_is_there_from_the_start() {
    let server = TestServer::start().await;
    load(&server.state, 0.2, "2025-03-10T12:00:00Z".parse().unwrap()).await.unwrap();
    let path = "/data/harbour-permits/digital-takeup?sort_by=_timestamp:descending";
    let months = server.get(path).await.value()["data"].as_array().unwrap().clone();
    let rates: Vec<f64> = months.iter().filter_map(|month| month["rate"].as_f64()).collect();
    assert!(months.len() > 24 && rates.iter().all(|rate| (0.0..1.0).contains(rate)), "{months:?}");
    assert!(rates[0] > 0.5 && rates.len() > 12, "most people ask online by now: {rates:?}");
}

#[tokio::test]
async fn loading_again_finds_the_data_in_place() {
    let server = TestServer::start().await;
    let now = "2025-03-10T12:00:00Z".parse().unwrap();
    load(&server.state, 0.02, now).await.unwrap();
    let versions = async || {
        let mut versions = Vec::new();
        for set in datasets::sample_data_sets() {
            versions.push(server.state.store.version(&set.name()).await.unwrap());
        }
        versions
    };
    let before = versions().await;
    assert!(before.len() >= 8 && before.iter().all(|version| *version > 0));
    load(&server.state, 0.02, now).await.unwrap();
    assert_eq!(versions().await, before);
}

#[tokio::test]
async fn an_unknown_dashboard_is_a_page_that_says_so() {
    let server = TestServer::start().await;
    let page = server.get("/performance/no-such-thing").await;
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(server.get("/").await.status, 301);
}

#[tokio::test]
async fn a_page_shows_what_was_written_a_moment_ago() {
    let server = TestServer::start().await;
    let now = "2025-03-10T12:00:00Z";
    load(&server.state, 0.02, now.parse().unwrap()).await.unwrap();
    let headers = [("x-test-now", now), ("accept-encoding", "gzip")];
    let path = "/performance/tides-and-rivers/live-visitors.json";
    let visitors = async || {
        let page = server.send(&server.everything, "GET", path, &headers[..1], Vec::new()).await;
        (page.header("etag").unwrap().to_owned(), page.value()["modules"][0]["headline"][0]["value"].clone())
    };
    let before = visitors().await;
    assert_eq!(visitors().await, before);
    let record =
        br#"{"site":"tides-and-rivers","_timestamp":"2025-03-10T11:59:00Z","unique_visitors":123456}"#;
    let definition = datasets::dashboards(now.parse().unwrap())
        .into_iter()
        .find(|own| own["slug"] == "tides-and-rivers")
        .unwrap();
    let source = &definition["modules"][0]["data-source"];
    let name = |key: &str| source[key].as_str().unwrap().to_owned();
    let to = format!("/data/{}/{}", name("data-group"), name("data-type"));
    let data_set = server.state.registry.data_set_by(&name("data-group"), &name("data-type")).unwrap();
    let token = format!("Bearer {}", data_set.bearer_token.as_deref().unwrap());
    let headers =
        [("content-type", "application/json"), ("authorization", token.as_str()), ("x-test-now", now)];
    let written = server.send(&server.everything, "POST", &to, &headers, record.to_vec()).await;
    assert_eq!(written.status, 200, "{}", written.text());
    let after = visitors().await;
    assert_eq!(after.1, "123,456");
    assert_ne!(before.0, after.0);
}

#[tokio::test]
async fn modules_are_files_and_pictures_too() {
    let server = TestServer::start().await;
    load(&server.state, 0.02, "2025-03-10T12:00:00Z".parse().unwrap()).await.unwrap();
    let headers = [("x-test-now", "2025-03-10T12:00:00Z")];
    for (ending, content_type, start) in [
        ("/visits.csv", "text/csv; charset=utf-8", "Week,Visits,Notes\r\n".as_bytes()),
        ("/visits.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("/visits.svg", "image/svg+xml", b"<svg "),
        ("/visits.png", "image/png", b"\x89PNG"),
        ("/visits.json", "application/json", b"{"),
        ("/visits/embed", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ] {
        let path = format!("/performance/tides-and-rivers{ending}");
        let page = server.send(&server.everything, "GET", &path, &headers, Vec::new()).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), Some(content_type), "{path}");
        assert!(page.body.starts_with(start), "{path}");
    }
    let names = ["/performance/tides-and-rivers.svg", "/performance/tides-and-rivers.csv"];
    for path in names {
        let page = server.send(&server.everything, "GET", path, &headers, Vec::new()).await;
        assert_eq!(page.status, 404, "{path}");
    }
    let card = server.get("/performance/assets/cards/tides-and-rivers.png").await;
    assert!(card.status == 200 && card.body.starts_with(b"\x89PNG"));
    let embedded = server.get("/performance/tides-and-rivers/visits/embed").await;
    assert!(embedded.header("content-security-policy").unwrap().ends_with("; frame-ancestors *"));
}
