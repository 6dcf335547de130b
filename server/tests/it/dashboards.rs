//! Dashboards over HTTP: search, feeds, embedding, a password, tags and what caches are told.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{ADMIN, Answer, TestServer};
use engine::query::{QueryEngine, QueryLimits};
use serde_json::{Value, json};
use server::auth::Token;
use server::controllers::dashboards::cache::{Keep, Pages};
use server::controllers::dashboards::door::Door;
use server::router;
use server::state::AppState;

pub const NOW: &str = "2016-06-15T10:00:00Z";

/// A server with takings of two months and a dashboard with a module that shows them.
pub async fn server() -> TestServer {
    let server = TestServer::start().await;
    for (path, name) in [("data-groups", "quay"), ("data-types", "takings")] {
        server.json("POST", &format!("/admin-api/{path}"), ADMIN, &json!({"name": name})).await;
    }
    let set = json!({"data_group": "quay", "data_type": "takings", "bearer_token": "t", "published": true,
        "raw_queries_allowed": true});
    assert!(server.json("POST", "/admin-api/data-sets", ADMIN, &set).await.status.is_success());
    take(&server, "2016-04-03T00:00:00Z", 5).await;
    take(&server, "2016-05-03T00:00:00Z", 7).await;
    let department = json!({"title": "Department of Tides", "abbr": "DoT", "slug": "tides"});
    let definition = json!({
        "slug": "quay", "title": "Mooring at the quay", "dashboard-type": "transaction", "page-type": "dashboard",
        "published": true, "department": department, "modules": [fees("fees", "takings")],
    });
    server.state.registry.put_dashboard(&definition).await.unwrap();
    server
}

pub fn fees(slug: &str, data_type: &str) -> Value {
    json!({
        "slug": slug, "module-type": "single_timeseries", "title": "Fees paid", "description": "By skippers",
        "value-attribute": "fee:sum", "axes": {"y": [{"label": "Fees"}]},
        "data-source": {"data-group": "quay", "data-type": data_type,
            "query-params": {"period": "month", "duration": 2, "collect": ["fee:sum"]}},
    })
}

pub async fn take(server: &TestServer, when: &str, fee: i64) {
    let record = json!([{"_id": when, "_timestamp": when, "fee": fee}]);
    let answer = server.json("POST", "/data/quay/takings", "t", &record).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

pub async fn get(server: &TestServer, path: &str) -> Answer {
    with(server, path, &[]).await
}

pub async fn with(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = [("x-test-now", NOW)].into_iter().chain(headers.iter().copied()).collect();
    server.send(&server.everything, "GET", &format!("/performance{path}"), &headers, Vec::new()).await
}

/// The same server with other settings.
pub fn changed(mut server: TestServer, change: impl FnOnce(AppState) -> AppState) -> TestServer {
    server.state = change(server.state);
    server.everything = router::everything(server.state.clone());
    server
}

#[tokio::test]
async fn every_word_is_searched_in_titles_and_descriptions_of_dashboards_and_modules() {
    let server = server().await;
    for (words, modules) in
        [("tides", 0), ("SKIPPERS", 1), ("mooring skippers", 1), ("fees quay dot", 1), ("mooring", 0)]
    {
        let found = get(&server, &format!("/search.json?q={}", words.replace(' ', "+"))).await.value();
        assert_eq!(found["count"], 1, "{words}: {found}");
        assert_eq!(found["found"][0]["path"], "/performance/quay");
        assert_eq!(found["found"][0]["modules"].as_array().unwrap().len(), modules, "{words}");
    }
    assert_eq!(get(&server, "/search.json?q=mooring+whales").await.value()["count"], 0);
    let page = get(&server, "/search?q=%3Cscript%3Ealert(1)").await;
    assert!(page.status == 200 && !page.text().contains("<script>alert"), "{}", page.text());
    assert!(
        get(&server, "").await.text().contains("action=\"/performance/search\""),
        "the front page has no form"
    );
}

#[tokio::test]
async fn feeds_say_what_changed_and_what_it_shows_now() {
    let server = server().await;
    for (path, words) in [
        ("/feed.atom", "<title>Mooring at the quay</title>"),
        ("/quay.atom", "May 2016: 7, up from 5 the month before."),
    ] {
        let feed = get(&server, path).await;
        assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
        assert!(feed.text().contains(words), "{}", feed.text());
        assert_eq!(feed.text().matches("<entry>").count(), 1);
    }
    assert_eq!(get(&server, "/feed").await.status, 404);
    assert_eq!(get(&server, "/quay/fees.atom").await.status, 404);
    assert!(
        get(&server, "/quay")
            .await
            .text()
            .contains("type=\"application/atom+xml\" href=\"/performance/quay.atom\"")
    );
}

#[tokio::test]
async fn other_sites_are_told_how_to_show_a_module() {
    let server = server().await;
    let ask = |rest: &str| format!("/oembed?{rest}");
    let found = get(
        &server,
        &ask("url=https%3A%2F%2Fa.example%2Fperformance%2Fquay%2Ffees%3Ffrom%3D2016-04%23x&maxwidth=300"),
    )
    .await;
    let found = found.value();
    assert_eq!((&found["type"], &found["width"]), (&json!("rich"), &json!(300)));
    let html = found["html"].as_str().unwrap();
    assert!(html.contains("src=\"https://a.example/performance/quay/fees/embed?from=2016-04\""), "{html}");
    for (rest, status) in [
        ("url=https://a.example/performance/quay", 404),
        ("url=https://a.example/performance/quay/none", 404),
        ("url=https://a.example/elsewhere", 404),
        ("url=/performance/quay/fees&format=xml", 501),
        ("", 400),
    ] {
        assert_eq!(get(&server, &ask(rest)).await.status, status, "{rest}");
    }
    let page = get(&server, "/quay/fees").await.text();
    assert!(page.contains("application/json+oembed"), "the page does not say where to ask");
    assert!(
        page.contains("&lt;iframe src=&quot;/performance/quay/fees/embed&quot;"),
        "there is no code to copy"
    );
    let embed = get(&server, "/quay/fees/embed").await;
    assert!(embed.header("content-security-policy").unwrap().contains("frame-ancestors *"));
}

#[tokio::test]
async fn a_module_without_an_answer_leaves_the_page_and_is_kept_briefly() {
    let server = server().await;
    let whole = get(&server, "/quay").await;
    assert_eq!(
        whole.header("cache-control"),
        Some("public, max-age=600, stale-while-revalidate=600, stale-if-error=86400")
    );
    let modules = json!([fees("fees", "takings"), fees("lost", "nothing-of-this-name")]);
    let definition = json!({"slug": "gap", "title": "Gap", "dashboard-type": "transaction", "published": true,
        "modules": modules});
    server.state.registry.put_dashboard(&definition).await.unwrap();
    let page = get(&server, "/gap").await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, Some("public, max-age=30")));
    let text = page.text();
    assert!(text.contains("There was a problem getting this data.") && text.contains("May 2016"));
}

#[tokio::test]
async fn a_module_whose_data_is_late_shows_what_was_known_last_and_how_old_that_is() {
    let deadline = |deadline| {
        move |state: AppState| {
            let limits = QueryLimits { deadline, ..QueryLimits::default() };
            AppState { queries: Arc::new(QueryEngine::new(limits)), ..state }
        }
    };
    let in_no_time = deadline(Duration::ZERO);
    let server = server().await;
    assert!(get(&server, "/quay").await.text().contains("May 2016: 7"));
    take(&server, "2016-05-04T00:00:00Z", 1).await;
    let server = changed(server, in_no_time);
    for _ in 0..2 {
        let page = get(&server, "/quay").await;
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, Some("public, max-age=30")));
        let text = page.text();
        assert!(text.contains("Newer data could not be loaded."), "{text}");
        assert!(text.contains("known on 15 June 2016 at 11:00am"), "London has summer time: {text}");
        assert!(text.contains("May 2016: 7"), "what was known is not shown: {text}");
    }
    let module = &get(&server, "/quay.json").await.value()["modules"][0];
    assert_eq!(module["outdated"], "2016-06-15T10:00:00+00:00");
    // as soon as the data comes in time it is shown
    let server = changed(server, deadline(Duration::from_secs(60)));
    let page = get(&server, "/quay").await;
    assert!(page.text().contains("May 2016: 8") && !page.text().contains("Newer data"));
    // and where nothing was known there is a gap
    let never = changed(self::server().await, in_no_time);
    let page = get(&never, "/quay").await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, Some("public, max-age=30")));
    assert!(page.text().contains("There was a problem getting this data."));
    let counted = never.send(&never.everything, "GET", "/metrics", &[], Vec::new()).await.text();
    assert!(counted.contains("pp_modules_without_figures_total 1"), "{counted}");
}

#[tokio::test]
async fn a_tag_lasts_until_the_data_changes() {
    let server = server().await;
    let tag = get(&server, "/quay").await.header("etag").unwrap().to_owned();
    let again = [("if-none-match", tag.as_str())];
    assert_eq!(with(&server, "/quay", &again).await.status, 304);
    take(&server, "2016-05-04T00:00:00Z", 1).await;
    let page = with(&server, "/quay", &again).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("May 2016: 8") && page.header("etag") != Some(tag.as_str()));
}

#[tokio::test]
async fn pages_are_the_same_whatever_is_kept() {
    let mut server = server().await;
    let page = get(&server, "/quay").await.text();
    for keep in [Keep::Nothing, Keep::Answers, Keep::Modules, Keep::Pages] {
        server = changed(server, |state| AppState { pages: Arc::new(Pages::keeping(keep)), ..state });
        for turn in ["anew", "again"] {
            assert!(get(&server, "/quay").await.text() == page, "{keep:?}, {turn}");
        }
    }
}

#[tokio::test]
async fn pages_may_need_a_password() {
    let server = changed(server().await, |state| AppState {
        door: Arc::new(Door::new(Token::new("ann:sea shanty"))),
        ..state
    });
    let refused = get(&server, "/quay").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic "));
    // base64 of `ann:sea shanty`, and of `ann:other`
    for (given, status) in
        [("Basic YW5uOnNlYSBzaGFudHk=", 200), ("Basic YW5uOm90aGVy", 401), ("Basic ?", 401)]
    {
        assert_eq!(with(&server, "/quay", &[("authorization", given)]).await.status, status, "{given}");
    }
}

#[tokio::test]
async fn programs_that_copy_whole_sites_have_sixty_pages_a_minute() {
    let server = server().await;
    let agent = [("user-agent", "Pcore-HTTP/v0.25.0")];
    for path in ["/quay", "/assets/none", "/no-such-page"].iter().cycle().take(178) {
        assert_ne!(with(&server, path, &agent).await.status, 429);
    }
    let refused = with(&server, "/quay", &agent).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, Some("60")));
    assert_eq!(with(&server, "/assets/none", &agent).await.status, 404, "assets are free");
    assert_eq!(get(&server, "/quay").await.status, 200, "others do not notice");
}

#[tokio::test]
async fn addresses_with_a_slash_at_their_end_lead_on() {
    let server = server().await;
    for (path, to) in
        [("/", "/performance"), ("/quay/", "/performance/quay"), ("/services/", "/performance/services")]
    {
        let answer = get(&server, path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (301, Some(to)), "{path}");
    }
    for (path, to) in [
        ("/quay/?from=2016-01&to=2016-05", "/performance/quay?from=2016-01&to=2016-05"),
        ("/%C3%A9%0D%0A/", "/performance/%C3%A9%0D%0A"),
    ] {
        assert_eq!(get(&server, path).await.header("location"), Some(to), "{path}");
    }
}

#[tokio::test]
async fn pages_are_read_and_say_so_to_who_tries_otherwise() {
    let server = server().await;
    for path in ["/performance", "/performance/quay", "/performance/about", "/performance/feed.atom"] {
        let ask = async |method: &str| server.send(&server.everything, method, path, &[], Vec::new()).await;
        for (method, status) in [("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 204)] {
            let answer = ask(method).await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {path}");
        }
        assert_eq!(ask("HEAD").await.status, 200, "{path}");
    }
    let open =
        async |path: &str| get(&server, path).await.header("access-control-allow-origin").map(str::to_owned);
    assert_eq!(open("/quay.json").await.as_deref(), Some("*"), "scripts of other sites may read figures");
    assert_eq!(open("/quay").await, None);
}

#[tokio::test]
async fn what_readers_choose_has_an_end() {
    let server = server().await;
    let choosing = |count: usize| format!("/quay/fees?{}", vec!["series=a-group"; count].join("&"));
    let answer = get(&server, &choosing(200)).await;
    let links = answer.header("link").unwrap_or_default();
    assert!(answer.status == 200 && links.len() <= 2048, "{} bytes of links", links.len());
    let refused = get(&server, &choosing(2000)).await;
    assert_eq!((refused.status.as_u16(), refused.header("cache-control")), (414, Some("public, max-age=5")));
    assert!(refused.text().contains("<h1>This address is too long</h1>"), "{}", refused.text());
}

#[tokio::test]
async fn a_new_installation_has_nothing_to_list_and_no_trouble_with_it() {
    let server = TestServer::start().await;
    let text = get(&server, "/services").await.text();
    assert!(text.contains("There is nothing here yet.") && !text.contains("could not be loaded"), "{text}");
}

#[tokio::test]
async fn pages_of_text_have_tags_too() {
    let server = server().await;
    for path in ["/about", "/accessibility", "/prototypes", "/sitemap.xml"] {
        let tag = get(&server, path).await.header("etag").unwrap().to_owned();
        let again = with(&server, path, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status.as_u16(), again.text().as_str()), (304, ""), "{path}");
    }
    let sitemap = with(&server, "/sitemap.xml", &[("host", "tides.example")]).await.text();
    assert!(sitemap.contains("<loc>http://tides.example/performance/quay</loc>"), "{sitemap}");
}

#[tokio::test]
async fn the_front_page_is_there_for_machines_under_an_address_of_its_own() {
    let server = server().await;
    let home = get(&server, ".json").await;
    assert_eq!(home.value()["counts"]["services"], 1);
    let page = get(&server, "").await;
    assert_eq!(
        page.header("link"),
        Some("</performance.json>; rel=\"alternate\"; type=\"application/json\"")
    );
}

#[tokio::test]
async fn a_module_is_below_its_organisation_and_its_dashboard() {
    let server = server().await;
    let text = get(&server, "/quay/fees").await.text();
    let crumbs = text.split("<nav class=\"breadcrumbs").nth(1).and_then(|rest| rest.split("</nav>").next());
    let paths: Vec<&str> =
        crumbs.unwrap().split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(paths, ["/performance", "/performance/departments/tides", "/performance/quay"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_dashboard_is_told_to_those_who_keep_it() {
    let server = server().await;
    let ask = async |id: &str, token: &str| {
        let authorization = format!("Bearer {token}");
        let headers = [("x-test-now", NOW), ("authorization", authorization.as_str())];
        let path = format!("/admin-api/dashboard/{id}/problems");
        server.send(&server.everything, "GET", &path, &headers, Vec::new()).await
    };
    assert_eq!(ask("quay", ADMIN).await.value(), json!([]));
    let definition = json!({"slug": "gap", "title": "Gap", "dashboard-type": "transaction", "published": false,
        "modules": [fees("fees", "takings"), fees("lost", "nothing-of-this-name")]});
    server.state.registry.put_dashboard(&definition).await.unwrap();
    let found = ask("gap", ADMIN).await.value();
    let expected =
        json!([{"module": "lost", "problem": "its data cannot be had: there is no such data set"}]);
    assert_eq!(found, expected);
    assert_eq!(ask("gap", "nobody").await.status, 401);
    assert_eq!(ask("no-such-dashboard", ADMIN).await.status, 404);
}

#[tokio::test]
async fn pages_say_how_far_they_are_on_their_way_to_the_public() {
    let server = server().await;
    for (status, words, listed) in [
        ("unpublished", Some("<strong>Prototype</strong>"), true),
        ("in-review", Some("<strong>In review</strong>"), true),
        ("retired", Some("<strong>No longer kept up to date</strong>"), false),
        ("published", None, false),
    ] {
        let change = json!({"slug": "quay", "title": "Mooring at the quay", "status": status});
        let answer = server.json("PUT", "/admin-api/dashboard/quay", ADMIN, &change).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        for path in ["/quay", "/quay/fees"] {
            let page = get(&server, path).await;
            assert_eq!(page.header("x-robots-tag"), words.map(|_| "none"), "{status} {path}");
            match words {
                Some(words) => assert!(page.text().contains(words), "{status} {path}"),
                None => assert!(!page.text().contains("class=\"prototype\""), "{status} {path}"),
            }
        }
        let text = get(&server, "/prototypes").await.text();
        assert_eq!(text.contains("Mooring at the quay"), listed, "{status}");
        let word = words.unwrap_or_default().trim_start_matches("<strong>").trim_end_matches("</strong>");
        assert!(
            !listed || text.contains(&format!("<span class=\"phase\">{word}</span>")),
            "{status}: {text}"
        );
        let list = get(&server, "/services.json").await.value();
        assert_eq!(list["count"], usize::from(status == "published"), "{status}");
    }
}
