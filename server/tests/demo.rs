//! The sample data through the whole house: loaded, asked, on a page.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod support;

use server::cli::demo::load;
use support::TestServer;

#[tokio::test]
async fn every_sample_dashboard_shows_figures() {
    let server = TestServer::start().await;
    let now = "2025-03-10T12:00:00Z".parse().unwrap();
    load(&server.state, 0.2, now).await.unwrap();
    let home = server.get("/performance").await;
    assert_eq!(home.status, 200);
    let definitions = datasets::dashboards();
    assert_eq!(definitions.len(), 3);
    for definition in definitions {
        let (slug, title) = (definition["slug"].as_str().unwrap(), definition["title"].as_str().unwrap());
        assert!(home.text().contains(&format!("/performance/{slug}")), "{slug} is not on the front page");
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
async fn loading_again_finds_the_data_in_place() {
    let server = TestServer::start().await;
    let now = "2025-03-10T12:00:00Z".parse().unwrap();
    load(&server.state, 0.02, now).await.unwrap();
    let versions = |server: &TestServer| -> Vec<u64> {
        datasets::sample_data_sets().iter().map(|set| server.state.store.version(&set.name())).collect()
    };
    let before = versions(&server);
    assert!(before.len() >= 8 && before.iter().all(|version| *version > 0));
    load(&server.state, 0.02, now).await.unwrap();
    assert_eq!(versions(&server), before);
}

#[tokio::test]
async fn an_unknown_dashboard_is_a_page_that_says_so() {
    let server = TestServer::start().await;
    let page = server.get("/performance/no-such-thing").await;
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(server.get("/").await.status, 301);
}
