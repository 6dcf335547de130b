//! Pages in other forms: those that a request accepts, and what files say about where they are from.

use std::io::{Cursor, Read};

use crate::dashboards::{NOW, changed, fees, get, server, with};
use crate::support::{Answer, TestServer};
use serde_json::{Value, json};
use server::branding::Branding;
use server::state::AppState;
use spotlight_renderer::page::model::Link;

const QUERY: &str = "/data/quay/takings?flatten=true&period=month&duration=2&collect=fee%3Asum";

async fn accepting(server: &TestServer, path: &str, accept: &str) -> Answer {
    with(server, path, &[("accept", accept)]).await
}

fn kind(answer: &Answer) -> &str {
    answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default()
}

/// The server at another minute.
async fn later(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> =
        [("x-test-now", "2016-06-15T10:07:00Z")].into_iter().chain(headers.iter().copied()).collect();
    server.send(&server.everything, "GET", &format!("/performance{path}"), &headers, Vec::new()).await
}

fn with_licence(server: TestServer) -> TestServer {
    changed(server, |state| {
        let mut branding = Branding::clone(&state.branding);
        branding.options.licence = Some(Link::new("Open Data Licence", "https://a.example/licence"));
        branding.options.site = Some("https://a.example".to_owned());
        AppState { branding: branding.into(), ..state }
    })
}

#[tokio::test]
async fn requests_get_the_form_that_they_accept_most() {
    let server = server().await;
    for (path, accept, expected) in [
        ("/quay", "application/json", "application/json"),
        ("/quay", "application/zip", "application/zip"),
        ("/quay", "application/atom+xml, text/html;q=0.9", "application/atom+xml"),
        ("/quay", "text/csv, */*;q=0.1", "text/html"),
        ("/quay", "text/html,application/xhtml+xml,image/webp,*/*;q=0.8", "text/html"),
        ("/quay/fees", "text/csv", "text/csv"),
        ("/quay/fees", "image/*", "image/svg+xml"),
        ("/quay/fees", "image/png", "image/png"),
        ("/quay/fees", "text/html;q=0.5, application/json", "application/json"),
        ("/services", "text/csv", "text/csv"),
        ("/services", "application/json", "application/json"),
        ("/search?q=quay", "application/json", "application/json"),
        ("", "application/json", "application/json"),
        ("/feed", "application/atom+xml", "application/atom+xml"),
        ("/quay", "nonsense", "text/html"),
        // an address that names its form has that one
        ("/quay.json", "text/html", "application/json"),
        ("/quay/fees/embed", "text/csv", "text/html"),
    ] {
        let answer = accepting(&server, path, accept).await;
        assert_eq!((answer.status.as_u16(), kind(&answer)), (200, expected), "{path} {accept}");
        let named = path.contains('.') || path.ends_with("/embed");
        let varies = answer.header("vary").unwrap().split(", ").any(|name| name == "accept");
        assert_eq!(varies, !named, "{path} {accept}: {:?}", answer.header("vary"));
    }
}

#[tokio::test]
async fn what_is_accepted_is_what_the_address_with_its_ending_gives() {
    let server = server().await;
    for (accept, ending) in [
        ("application/json", ".json"),
        ("text/csv", ".csv"),
        ("image/svg+xml", ".svg"),
        ("image/png", ".png"),
    ] {
        let (negotiated, named) = (
            accepting(&server, "/quay/fees", accept).await,
            get(&server, &format!("/quay/fees{ending}")).await,
        );
        assert!(negotiated.body == named.body, "{accept}");
        for name in ["etag", "content-type", "link", "content-disposition", "cache-control"] {
            assert_eq!(negotiated.header(name), named.header(name), "{accept} {name}");
        }
    }
}

#[tokio::test]
async fn pages_that_are_kept_are_kept_apart_by_form() {
    let server = server().await;
    let mut tags = Vec::new();
    for turn in 0..2 {
        for accept in ["text/html", "application/json", "text/csv", "text/csv;q=0.4, application/json"] {
            let answer = accepting(&server, "/quay/fees", accept).await;
            let tag = answer.header("etag").unwrap().to_owned();
            let again = with(&server, "/quay/fees", &[("accept", accept), ("if-none-match", &tag)]).await;
            assert_eq!(again.status, 304, "{accept}");
            assert_eq!(again.header("vary"), Some("accept, accept-encoding"));
            tags.push(tag);
        }
        assert_eq!(tags[turn * 4..].iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{tags:?}");
    }
    assert_eq!(tags[..4], tags[4..]);
    // the tag of one form says nothing about another
    let other = [("accept", "application/json"), ("if-none-match", tags[2].as_str())];
    assert_eq!(with(&server, "/quay/fees", &other).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_had_as_it_is_wanted_says_how_it_can_be_had() {
    let server = server().await;
    for (path, listed) in [
        ("/quay", "application/json at /performance/quay.json\n"),
        ("/quay/fees?from=2016-04", "text/csv at /performance/quay/fees.csv?from=2016-04\n"),
        ("/services", "text/html at /performance/services\n"),
        ("", ""),
    ] {
        let answer = accepting(&server, path, "application/pdf, text/html;q=0").await;
        assert_eq!((answer.status.as_u16(), kind(&answer)), (406, "text/plain"), "{path}");
        assert!(answer.text().contains(listed), "{path}: {}", answer.text());
        assert!(answer.header("vary").unwrap().contains("accept"));
    }
    // what is not there at all is not there in any form
    for (accept, expected) in [
        ("text/csv", "text/html"),
        ("application/pdf", "text/html"),
        ("application/json", "application/json"),
    ] {
        let answer = accepting(&server, "/no-such-page", accept).await;
        assert_eq!((answer.status.as_u16(), kind(&answer)), (404, expected), "{accept}");
        assert_eq!(answer.header("x-robots-tag"), Some("none"));
    }
}

#[tokio::test]
async fn pages_lead_to_their_other_forms() {
    let server = with_licence(server().await);
    let page = get(&server, "/quay/fees?from=2016-04").await;
    let links = page.header("link").unwrap().to_owned();
    for (media_type, ending) in
        [("application/json", "json"), ("text/csv", "csv"), ("image/svg+xml", "svg"), ("image/png", "png")]
    {
        let address = format!("/performance/quay/fees.{ending}?from=2016-04");
        assert!(links.contains(&format!("<{address}>; rel=\"alternate\"; type=\"{media_type}\"")), "{links}");
        assert!(
            page.text()
                .contains(&format!("<link rel=\"alternate\" type=\"{media_type}\" href=\"{address}\">"))
        );
        assert_eq!(get(&server, address.strip_prefix("/performance").unwrap()).await.status, 200);
    }
    assert!(links.ends_with("<https://a.example/licence>; rel=\"license\""), "{links}");
    let csv = get(&server, "/quay/fees.csv").await;
    assert!(csv.header("link").unwrap().contains("<https://a.example/licence>; rel=\"license\""));
    let dashboard = get(&server, "/quay").await;
    assert!(
        dashboard
            .header("link")
            .unwrap()
            .contains("</performance/quay.zip>; rel=\"alternate\"; type=\"application/zip\"")
    );
}

/// What the files of a module say about themselves.
fn stated(about: &Value) {
    let expected = json!({
        "title": "Fees paid - Mooring at the quay",
        "publisher": "Performance",
        "page": "https://a.example/performance/quay/fees",
        "sources": [{
            "data_set": "quay/takings", "query": format!("https://a.example{QUERY}"), "module": "fees",
            "range": {"from": "2016-04-01T00:00:00Z", "to": "2016-06-01T00:00:00Z"},
        }],
        "range": {"from": "2016-04-01T00:00:00Z", "to": "2016-06-01T00:00:00Z"},
        "updated": about["updated"],
        "licence": {"title": "Open Data Licence", "url": "https://a.example/licence"},
        "retrieved": "2016-06-15T10:00:00Z",
    });
    assert_eq!(about, &expected);
    assert!(about["updated"].is_string());
}

#[tokio::test]
async fn every_file_says_where_it_is_from() {
    let server = with_licence(server().await);
    stated(&get(&server, "/quay/fees.json").await.value()["about"]);

    let csv = get(&server, "/quay/fees.csv").await;
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"quay-fees-2016-06-15.csv\""));
    assert_eq!(csv.text(), "Date,Fees\r\n1 to 30 April 2016,5\r\n1 to 31 May 2016,7\r\n");
    let described =
        "</performance/quay/fees.csv-metadata.json>; rel=\"describedby\"; type=\"application/csvm+json\"";
    assert!(csv.header("link").unwrap().contains(described));
    let metadata = get(&server, "/quay/fees.csv-metadata.json").await;
    assert_eq!(metadata.header("content-type"), Some("application/csvm+json"));
    let metadata: Value = serde_json::from_slice(&metadata.body).unwrap();
    assert_eq!(metadata["url"], "/performance/quay/fees.csv");
    assert_eq!(metadata["dc:source"], json!([{"@id": format!("https://a.example{QUERY}")}]));
    assert_eq!(metadata["dc:license"], json!({"@id": "https://a.example/licence"}));
    assert_eq!(metadata["dc:temporal"], "2016-04-01T00:00:00Z/2016-06-01T00:00:00Z");
    assert_eq!(metadata["dc:created"], "2016-06-15T10:00:00Z");
    assert_eq!(
        metadata["tableSchema"]["columns"],
        json!([{"titles": "Date", "datatype": "string"}, {"titles": "Fees", "datatype": "number"}])
    );

    let drawing = get(&server, "/quay/fees.svg").await.text();
    for part in [
        "<dcterms:source>https://a.example/data/quay/takings?flatten=true&amp;period=month",
        "<dcterms:license>https://a.example/licence</dcterms:license>",
        "<dcterms:temporal>2016-04-01T00:00:00Z/2016-06-01T00:00:00Z</dcterms:temporal>",
        "<dcterms:created>2016-06-15T10:00:00Z</dcterms:created>",
        "Source: Performance, quay/takings. Dates: 1 April 2016 to 31 May 2016. Retrieved 15 June 2016 at 11:00am.",
    ] {
        assert!(drawing.contains(part), "{part}: {drawing}");
    }
    let picture = get(&server, "/quay/fees.png").await;
    assert_eq!(kind(&picture), "image/png");
    for part in [
        "iTXtSource\0\0\0\0\0https://a.example/data/quay/takings?",
        "iTXtCopyright\0\0\0\0\0Open Data Licence",
        "iTXtCreation Time\0\0\0\0\x002016-06-15T10:00:00Z",
    ] {
        assert!(picture.body.windows(part.len()).any(|window| window == part.as_bytes()), "{part}");
    }

    let book = files(&get(&server, "/quay/fees.xlsx").await.body);
    let names = &book.iter().find(|(name, _)| name == "xl/workbook.xml").unwrap().1;
    assert!(names.contains("name=\"Fees paid\"") && names.contains("name=\"About these data\""), "{names}");
    let texts = &book.iter().find(|(name, _)| name == "xl/sharedStrings.xml").unwrap().1;
    for text in ["Open Data Licence, https://a.example/licence", "15 June 2016 at 11:00am", "quay/takings"] {
        assert!(texts.contains(text), "{text}: {texts}");
    }
}

/// The files of an archive.
fn files(archive: &[u8]) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut found = Vec::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        found.push((file.name().unwrap().into_owned(), text));
    }
    found
}

#[tokio::test]
async fn all_tables_of_a_dashboard_come_in_one_file() {
    let server = with_licence(server().await);
    let inside = fees("inside", "takings");
    let section = json!({"slug": "part", "module-type": "section", "title": "Part", "modules": [inside]});
    // two names that are one where slashes are hyphens
    let modules = json!([fees("part-inside", "takings"), section, fees("lost", "nothing-of-this-name")]);
    let definition = json!({"slug": "whole", "title": "Whole", "dashboard-type": "transaction", "published": true,
        "licence": "Other Licence", "modules": modules});
    server.state.registry.put_dashboard(&definition).await.unwrap();
    let answer = get(&server, "/whole.zip").await;
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"whole-2016-06-15.zip\""));
    let files = files(&answer.body);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "part-inside.json",
        "part-inside.csv",
        "part-inside.csv-metadata.json",
        "part-inside-2.json",
        "part-inside-2.csv",
        "part-inside-2.csv-metadata.json",
        "lost.json",
        "README.txt",
    ];
    assert_eq!(names, expected);
    let of = |wanted: &str| &files.iter().find(|(name, _)| name == wanted).unwrap().1;
    assert_eq!(of("part-inside-2.csv"), "Date,Fees\r\n1 to 30 April 2016,5\r\n1 to 31 May 2016,7\r\n");
    let facts: Value = serde_json::from_str(of("part-inside-2.json")).unwrap();
    assert_eq!(facts["about"]["page"], "https://a.example/performance/whole/part/inside");
    assert_eq!(facts["about"]["licence"], json!({"title": "Other Licence", "url": null}));
    let metadata: Value = serde_json::from_str(of("part-inside-2.csv-metadata.json")).unwrap();
    assert_eq!(metadata["url"], "part-inside-2.csv");
    let readme = of("README.txt");
    for line in [
        "Title: Whole",
        "Licence: Other Licence",
        "Retrieved: 15 June 2016 at 11:00am",
        "Files: part-inside-2.csv, part-inside-2.csv-metadata.json, part-inside-2.json",
        "Dates: 1 April 2016 to 31 May 2016",
    ] {
        assert!(readme.contains(&format!("{line}\r\n")), "{line}: {readme}");
    }
}

#[tokio::test]
async fn the_time_of_retrieval_makes_no_new_figures() {
    let server = server().await;
    for path in [
        "/quay.json",
        "/quay.zip",
        "/quay/fees.json",
        "/quay/fees.csv",
        "/quay/fees.csv-metadata.json",
        "/quay/fees.xlsx",
        "/quay/fees.svg",
        "/quay/fees.png",
    ] {
        let first = get(&server, path).await;
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(later(&server, path, &[("if-none-match", &tag)]).await.status, 304, "{path}");
        let again = later(&server, path, &[]).await;
        assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
        assert_eq!(
            again.body == first.body,
            !tag.starts_with("W/"),
            "{path}: bytes of one strong tag are the same"
        );
    }
    let tag = get(&server, "/quay/fees.png").await.header("etag").unwrap().to_owned();
    crate::dashboards::take(&server, "2016-05-04T00:00:00Z", 1).await;
    assert_eq!(
        with(&server, "/quay/fees.png", &[("if-none-match", &tag)]).await.status,
        200,
        "other figures"
    );
    assert_eq!(NOW, "2016-06-15T10:00:00Z");
}

#[tokio::test]
async fn modules_without_a_chart_or_a_table_are_files_and_pictures_too() {
    let server = server().await;
    let source = |more: Value| {
        let mut parameters = json!({"sort_by": "_timestamp:descending", "limit": 2});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"data-group": "quay", "data-type": "takings", "query-params": parameters})
    };
    let modules = json!([
        {"slug": "figure", "module-type": "kpi", "title": "Fee <b>now</b>", "value-attribute": "fee", "format": "currency", "data-source": source(json!({}))},
        {"slug": "names", "module-type": "list", "title": "Takings", "label-attr": "fee", "link-attr": "_id", "url-root": "/x/", "data-source": source(json!({}))},
        {"slug": "rows", "module-type": "table", "title": "Rows", "data-source": source(json!({}))},
    ]);
    let definition = json!({"slug": "plain", "title": "Plain", "dashboard-type": "transaction", "published": true, "modules": modules});
    server.state.registry.put_dashboard(&definition).await.unwrap();
    for (slug, csv, drawn) in [
        ("figure", "Figure,Period,Value\r\nLatest,,£7.00\r\nChange,Apr 2016,+40.00%\r\n", ">£7.00</text>"),
        ("names", "Entry,Link\r\n7,/x/2016-05-03T00:00:00Z\r\n5,/x/2016-04-03T00:00:00Z\r\n", ">1. 7</text>"),
        ("rows", "fee\r\n7\r\n5\r\n", ">fee</text>"),
    ] {
        assert_eq!(get(&server, &format!("/plain/{slug}.csv")).await.text(), csv);
        let drawing = get(&server, &format!("/plain/{slug}.svg")).await;
        assert!(drawing.status == 200 && drawing.text().contains(drawn), "{slug}: {}", drawing.text());
        assert!(drawing.text().contains("<dcterms:source>"), "{slug}");
        for ending in ["png", "xlsx", "json", "csv-metadata.json"] {
            assert_eq!(get(&server, &format!("/plain/{slug}.{ending}")).await.status, 200, "{slug}.{ending}");
        }
    }
}

#[tokio::test]
async fn the_volumes_of_all_services_are_where_they_used_to_be() {
    let server = server().await;
    let answer = get(&server, "/data/transaction-volumes.csv").await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"transaction-volumes.csv\"")
    );
    assert!(
        answer.text().starts_with("Department,Service name,Completed transactions per year,Cost per year,")
    );
    assert!(answer.text().contains("\r\nDepartment of Tides,Mooring at the quay,,"), "{}", answer.text());
}

#[tokio::test]
async fn a_file_whose_figures_are_missing_for_now_is_not_said_to_be_gone() {
    let server = server().await;
    let definition = json!({"slug": "gap", "title": "Gap", "dashboard-type": "transaction", "published": true,
        "modules": [fees("lost", "nothing-of-this-name")]});
    server.state.registry.put_dashboard(&definition).await.unwrap();
    for (path, status) in
        [("/gap/lost", 200), ("/gap/lost.csv", 503), ("/gap/lost.png", 503), ("/gap/none.csv", 404)]
    {
        assert_eq!(get(&server, path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_data_set_may_have_a_licence_of_its_own() {
    let server = with_licence(server().await);
    let licences = async |path: &str| {
        let headers = [("x-test-now", NOW)];
        let answer = server.send(&server.everything, "GET", path, &headers, Vec::new()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let links = answer.header("link").unwrap_or_default().to_owned();
        links.split(", ").filter(|link| link.contains("license")).map(str::to_owned).collect::<Vec<_>>()
    };
    let usual = "<https://a.example/licence>; rel=\"license\"";
    assert_eq!(licences(QUERY).await, [usual]);
    assert_eq!(licences("/performance/quay/fees").await, [usual]);

    let set = async |change: Value| {
        server.json("PUT", "/admin-api/data-sets/quay_takings", crate::support::ADMIN, &change).await
    };
    let whole = |url: &str| {
        json!({"data_group": "quay", "data_type": "takings", "bearer_token": "t", "published": true,
        "raw_queries_allowed": true, "licence": "Toll Licence", "licence_url": url})
    };
    let refused = set(whole("javascript:alert(1)")).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("licence_url: 'javascript:alert(1)' is not a web address."),
        "{}",
        refused.text()
    );
    let changed = set(whole("https://b.example/toll")).await;
    assert_eq!((changed.status.as_u16(), &changed.value()["licence"]), (200, &json!("Toll Licence")));

    let own = "<https://b.example/toll>; rel=\"license\"";
    assert_eq!(licences(QUERY).await, [own]);
    assert_eq!(licences("/performance/quay/fees").await, [own]);
    assert_eq!(licences("/performance/quay").await, [usual], "a dashboard may be of many data sets");
    let module = get(&server, "/quay/fees").await.text();
    assert!(
        module.contains("<a href=\"https://b.example/toll\" rel=\"license\">Toll Licence</a>"),
        "{module}"
    );
    let about = get(&server, "/quay.json").await.value()["about"].clone();
    assert_eq!(about["licence"]["url"], "https://a.example/licence");
    assert_eq!(
        about["sources"][0]["licence"],
        json!({"title": "Toll Licence", "url": "https://b.example/toll"})
    );
    let packed = files(&get(&server, "/quay.zip").await.body);
    let readme = &packed.iter().find(|(name, _)| name == "README.txt").unwrap().1;
    assert!(readme.contains("Toll Licence, https://b.example/toll"), "{readme}");
}

#[tokio::test]
async fn a_dashboard_may_have_a_licence_of_its_own() {
    let server = with_licence(server().await);
    let change = json!({"slug": "quay", "title": "Mooring at the quay", "licence": "Harbour Licence", "licence_url": "https://b.example/terms"});
    let answer = server.json("PUT", "/admin-api/dashboard/quay", crate::support::ADMIN, &change).await;
    assert_eq!((answer.status.as_u16(), &answer.value()["licence"]), (200, &json!("Harbour Licence")));
    let page = get(&server, "/quay").await;
    assert!(
        page.text().contains("<a href=\"https://b.example/terms\" rel=\"license\">Harbour Licence</a>"),
        "{}",
        page.text()
    );
    assert!(page.header("link").unwrap().contains("<https://b.example/terms>; rel=\"license\""));
    assert!(get(&server, "/services").await.text().contains("Open Data Licence"));
    let wrong = json!({"slug": "quay", "title": "Mooring at the quay", "licence_url": "javascript:alert(1)"});
    let refused = server.json("PUT", "/admin-api/dashboard/quay", crate::support::ADMIN, &wrong).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("licence_url"), "{}", refused.text());
}
