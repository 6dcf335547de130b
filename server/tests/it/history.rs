//! What was changed and by whom, bringing it back, copies, removals, pages of lists and tags of versions.

use crate::support::{ADMIN, Answer, TestServer};
use serde_json::{Value, json};

/// A server with a dashboard that `ann` owns, and ann's token.
struct Scene {
    server: TestServer,
    ann: String,
}

impl Scene {
    async fn new() -> Scene {
        let server = TestServer::start().await;
        let ann = token(&server, "ann@example.gov.uk", &["dashboard-editor", "signin"]).await;
        let scene = Scene { server, ann };
        for (path, body) in [
            ("/data-types", json!({"name": "boats"})),
            ("/data-groups", json!({"name": "canals"})),
            ("/module-type", json!({"name": "gauge", "schema": {"type": "object"}})),
        ] {
            scene.admin("POST", path, body).await;
        }
        let data_set = json!({"data_group": "canals", "data_type": "boats", "bearer_token": "tok"});
        scene.ask("POST", "/data-sets", data_set).await;
        scene
    }

    /// A request of ann's that succeeds.
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.send(method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        answer.value()
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        self.server.json(method, &format!("/admin-api{path}"), &self.ann, &body).await
    }

    async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.server.json(method, &format!("/admin-api{path}"), ADMIN, &body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        answer.value()
    }

    async fn board(&self) -> Value {
        let kind = self.admin("GET", "/module-type/gauge", Value::Null).await["id"].clone();
        let module = |slug: &str, inside: Value| {
            json!({"type_id": kind, "slug": slug, "title": slug, "description": "", "info": null, "options": {"a": 1},
                "order": 1, "modules": inside})
        };
        let mut shown = module("shown", json!([]));
        shown["data_group"] = "canals".into();
        shown["data_type"] = "boats".into();
        shown["query_parameters"] = json!({"period": "week"});
        let body = json!({"slug": "locks", "title": "Locks", "modules": [module("section", json!([shown]))],
            "links": [{"title": "Go", "type": "transaction", "url": "https://www.example.gov.uk/go"}]});
        self.ask("POST", "/dashboard", body).await
    }
}

async fn token(server: &TestServer, email: &str, roles: &[&str]) -> String {
    let answer =
        server.json("POST", "/admin-api/tokens", ADMIN, &json!({"name": email, "roles": roles})).await;
    answer.value()["token"].as_str().unwrap().to_owned()
}

fn without_ids(mut modules: Value) -> Value {
    for module in modules.as_array_mut().unwrap() {
        let object = module.as_object_mut().unwrap();
        for key in ["id", "parent", "dashboard"] {
            object.remove(key);
        }
        let inside = object["modules"].take();
        object["modules"] = without_ids(inside);
    }
    modules
}

#[tokio::test]
async fn the_history_of_a_dashboard_says_who_changed_what_from_what_to_what() {
    let scene = Scene::new().await;
    let board = scene.board().await;
    let path = format!("/dashboard/{}", board["id"].as_str().unwrap());
    scene.ask("PUT", &path, json!({"slug": "locks-and-weirs", "title": "Locks and weirs"})).await;
    scene.admin("PUT", &path, json!({"slug": "locks-and-weirs", "title": "Weirs"})).await;
    let history = scene.ask("GET", &format!("{path}/history"), Value::Null).await;
    let said: Vec<(&str, &str, &str)> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["author"].as_str().unwrap(),
                line["action"].as_str().unwrap(),
                line["name"].as_str().unwrap(),
            )
        })
        .collect();
    let ann = "ann@example.gov.uk";
    assert_eq!(
        said,
        [("", "changed", "locks-and-weirs"), (ann, "changed", "locks-and-weirs"), (ann, "created", "locks")]
    );
    assert_eq!(history[0]["changes"], json!([{"field": "title", "from": "Locks and weirs", "to": "Weirs"}]));
    let fields: Vec<&str> = history[1]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["slug", "title"]);
    let short = scene.ask("GET", "/dashboard/locks-and-weirs/history?limit=1", Value::Null).await;
    assert_eq!(short, json!([history[0]]));
    assert_eq!(
        scene.send("GET", "/dashboard/locks-and-weirs/history?limit=0", Value::Null).await.status,
        400
    );
    let version = history[2]["version"].as_str().unwrap();
    let first = scene.ask("GET", &format!("{path}/history/{version}"), Value::Null).await;
    assert_eq!(
        (&first["snapshot"]["slug"], &first["snapshot"]["modules"]),
        (&json!("locks"), &board["modules"])
    );
    let bob = token(&scene.server, "bob@example.gov.uk", &["dashboard-editor"]).await;
    let foreign = scene.server.json("GET", &format!("/admin-api{path}/history"), &bob, &Value::Null).await;
    assert_eq!(foreign.status, 404, "a history is seen by those who see the thing");
}

#[tokio::test]
async fn an_earlier_version_of_a_dashboard_can_be_brought_back() {
    let scene = Scene::new().await;
    let board = scene.board().await;
    let id = board["id"].as_str().unwrap();
    let path = format!("/dashboard/{id}");
    let body = json!({"slug": "weirs", "title": "Weirs", "status": "published", "description": "new",
        "links": [{"title": "Other", "type": "other", "url": "/x"}], "modules": []});
    scene.ask("PUT", &path, body).await;
    let history = scene.ask("GET", &format!("{path}/history"), Value::Null).await;
    let body = json!({"version": history[1]["version"]});
    let restored = scene.ask("POST", &format!("{path}/restore"), body.clone()).await;
    assert_eq!(without_ids(restored["modules"].clone()), without_ids(board["modules"].clone()));
    for key in ["id", "slug", "title", "description", "links"] {
        assert_eq!(restored[key], board[key], "{key}");
    }
    assert_eq!(restored["status"], "published", "whether it is published stays");
    assert_eq!(scene.ask("GET", &format!("{path}/history"), Value::Null).await.as_array().unwrap().len(), 3);

    // Removed, and brought back by its identifier.
    scene.ask("PUT", &path, json!({"slug": "locks", "title": "Locks", "published": false})).await;
    scene.admin("DELETE", &path, Value::Null).await;
    assert_eq!(scene.send("GET", &path, Value::Null).await.status, 404);
    let bob = token(&scene.server, "bob@example.gov.uk", &["dashboard-editor"]).await;
    let foreign = scene.server.json("POST", &format!("/admin-api{path}/restore"), &bob, &body).await;
    assert_eq!(foreign.status, 404);
    let back = scene.ask("POST", &format!("{path}/restore"), body).await;
    assert_eq!(
        (&back["id"], &back["slug"], &back["status"]),
        (&board["id"], &json!("locks"), &json!("unpublished"))
    );

    let missing = json!({"version": "00000000-0000-4000-8000-000000000000"});
    assert_eq!(scene.send("POST", &format!("{path}/restore"), missing).await.status, 404);
    assert_eq!(scene.send("POST", &format!("{path}/restore"), json!({})).await.status, 400);
    let of_data_set = scene.send("POST", "/data-sets/canals_boats/restore", json!({"version": id})).await;
    assert_eq!(of_data_set.status, 404, "{}", of_data_set.text());
}

#[tokio::test]
async fn everything_has_a_history_and_no_secret_is_in_it() {
    let scene = Scene::new().await;
    let group = "/data-groups/canals";
    scene.admin("PUT", group, json!({"name": "waterways"})).await;
    let history = scene.admin("GET", "/data-groups/waterways/history", Value::Null).await;
    assert_eq!(history[0]["changes"], json!([{"field": "name", "from": "canals", "to": "waterways"}]));
    let body = json!({"data_group": "waterways", "data_type": "boats", "bearer_token": "another"});
    scene.admin("PUT", "/data-sets/canals_boats", body).await;
    let told = scene.admin("GET", "/data-sets/canals_boats/history", Value::Null).await;
    let changed: Vec<&Value> =
        told[0]["changes"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
    assert_eq!(changed, ["bearer_token"], "{told}");
    assert!(!told.to_string().contains("another") && !told.to_string().contains("\"tok\""), "{told}");

    let provider = scene.admin("POST", "/provider", json!({"slug": "gate", "name": "Gate"})).await;
    let mut source = json!({"slug": "main", "name": "Main", "provider_id": provider["id"], "credentials": {"key": "hush"}});
    scene.admin("POST", "/data-source", source.clone()).await;
    source["credentials"] = json!({"key": "hush2"});
    scene.admin("PUT", "/data-source/main", source).await;
    let told = scene.admin("GET", "/data-source/main/history", Value::Null).await;
    assert_eq!(told[0]["changes"][0]["field"], "credentials");
    assert!(!told.to_string().contains("hush"), "{told}");
    for path in [
        "/provider/gate",
        "/users/ann@example.gov.uk",
        "/data-types/boats",
        "/module-type/gauge",
        "/collector-type/ga",
    ] {
        let told = scene.admin("GET", &format!("{path}/history"), Value::Null).await;
        assert!(!told.as_array().unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn dashboards_modules_and_collectors_are_copied() {
    let scene = Scene::new().await;
    let board = scene.board().await;
    scene
        .ask("PUT", "/dashboard/locks", json!({"slug": "locks", "title": "Locks", "status": "published"}))
        .await;
    let copy = scene.ask("POST", "/dashboard/locks/clone", json!({"slug": "weirs", "title": "Weirs"})).await;
    assert_eq!(
        (&copy["slug"], &copy["title"], &copy["status"]),
        (&json!("weirs"), &json!("Weirs"), &json!("unpublished"))
    );
    assert_eq!(without_ids(copy["modules"].clone()), without_ids(board["modules"].clone()));
    assert_ne!(copy["modules"][0]["id"], board["modules"][0]["id"]);
    assert_eq!(copy["links"], board["links"]);
    let taken = scene.send("POST", "/dashboard/locks/clone", json!({"slug": "weirs"})).await;
    assert!(taken.status == 400 && taken.text().contains("Slug already exists"), "{}", taken.text());

    let module = board["modules"][0]["modules"][0]["id"].as_str().unwrap();
    let twin = scene.ask("POST", &format!("/module/{module}/clone"), json!({"slug": "twin"})).await;
    assert_eq!(
        (&twin["data_group"], &twin["query_parameters"], &twin["parent"]),
        (&json!("canals"), &json!({"period": "week"}), &Value::Null)
    );
    let elsewhere = scene
        .ask("POST", &format!("/module/{module}/clone"), json!({"slug": "guest", "dashboard": "weirs"}))
        .await;
    assert_eq!(elsewhere["dashboard"]["id"], copy["id"]);
    let same = scene.send("POST", &format!("/module/{module}/clone"), json!({"slug": "shown"})).await;
    assert!(same.text().contains("Module with this Dashboard and Slug already exists"), "{}", same.text());

    let type_id = scene.admin("GET", "/collector-type/ga", Value::Null).await["id"].clone();
    let source = scene.admin("GET", "/data-source/ga-performanceplatform", Value::Null).await["id"].clone();
    let collector = json!({"slug": "visits", "type_id": type_id, "data_source_id": source, "query": {"q": 1},
        "data_set": {"data_group": "canals", "data_type": "boats"}});
    scene.admin("POST", "/collector", collector).await;
    let copy = scene.admin("POST", "/collector/visits/clone", json!({})).await;
    assert_eq!((&copy["slug"], &copy["query"]), (&json!("visits-clone"), &json!({"q": 1})));
}

#[tokio::test]
async fn what_nothing_uses_can_be_removed_by_those_who_ask_for_it() {
    let scene = Scene::new().await;
    scene.board().await;
    let remove = async |path: &str| {
        let answer = scene.server.json("DELETE", &format!("/admin-api{path}"), ADMIN, &Value::Null).await;
        (answer.status.as_u16(), answer.value()["message"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(remove("/module-type/gauge").await, (405, "cannot delete resource".to_owned()));
    assert_eq!(
        remove("/module-type/gauge?if=unused").await,
        (400, "cannot delete what is in use: by 2 modules".to_owned())
    );
    assert_eq!(
        remove("/data-groups/canals?if=unused").await.1,
        "cannot delete what is in use: by 1 data set"
    );
    assert_eq!(
        remove("/module/section?if=unused").await.1,
        "cannot delete what is in use: by 1 module in it"
    );
    assert_eq!(remove("/users/ann@example.gov.uk?if=unused").await.0, 400);
    for path in [
        "/module/shown",
        "/module/section",
        "/module-type/gauge",
        "/data-sets/canals_boats",
        "/data-groups/canals",
        "/data-types/boats",
    ] {
        assert_eq!(remove(&format!("{path}?if=unused")).await.0, 200, "{path}");
        assert_eq!(remove(&format!("{path}?if=unused")).await.0, 404, "{path}");
    }
    let made = scene.admin("POST", "/organisation/type", json!({"name": "department"})).await;
    let kind = made["id"].as_str().unwrap();
    let node = json!({"type_id": kind, "name": "Canals", "slug": "canals"});
    let node = scene.admin("POST", "/organisation/node", node).await["id"].as_str().unwrap().to_owned();
    assert_eq!(
        remove(&format!("/organisation/type/{kind}?if=unused")).await.1,
        "cannot delete what is in use: by 1 node"
    );
    assert_eq!(remove(&format!("/organisation/node/{node}?if=unused")).await.0, 200);
    assert_eq!(remove(&format!("/organisation/type/{kind}?if=unused")).await.0, 200);
    let refused = scene.send("DELETE", "/provider/ga?if=unused", Value::Null).await;
    assert_eq!(refused.status, 403);
    assert_eq!(remove("/provider/ga?if=unused").await.0, 400);
    for path in ["/collector-type/gcloud", "/data-source/gcloud", "/provider/gcloud"] {
        assert_eq!(remove(&format!("{path}?if=unused")).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn lists_come_in_pages_for_those_who_ask() {
    let scene = Scene::new().await;
    for name in ["a", "b", "c", "d"] {
        scene.admin("POST", "/data-groups", json!({"name": name})).await;
    }
    let get = async |query: &str| scene.send("GET", &format!("/data-groups{query}"), Value::Null).await;
    assert_eq!(get("").await.value().as_array().unwrap().len(), 5);
    let second = get("?per-page=2&page=2").await;
    assert_eq!(second.value(), json!([{"name": "b"}, {"name": "c"}]));
    assert_eq!(second.header("x-total-count"), Some("5"));
    let links = second.header("link").unwrap();
    assert!(links.contains("</admin-api/data-groups?per-page=2&page=3>; rel=\"next\""), "{links}");
    assert!(links.contains("page=1>; rel=\"prev\"") && links.contains("page=3>; rel=\"last\""), "{links}");
    assert_eq!(get("?per-page=2&page=9").await.value(), json!([]));
    for nonsense in ["?page=0", "?page=x", "?per-page=0", "?per-page=1001", "?page=-1"] {
        assert_eq!(get(nonsense).await.status, 400, "{nonsense}");
    }
}

#[tokio::test]
async fn an_answer_that_is_known_is_not_sent_again_and_a_change_can_ask_for_the_version_it_saw() {
    let scene = Scene::new().await;
    scene.board().await;
    let send = async |method: &str, path: &str, name: &str, value: &str, body: &Value| {
        let authorization = format!("Bearer {}", scene.ann);
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/json"), (name, value)];
        let body = body.to_string().into_bytes();
        scene
            .server
            .send(&scene.server.everything, method, &format!("/admin-api{path}"), &headers, body)
            .await
    };
    for path in [
        "/dashboard",
        "/dashboard/locks",
        "/data-sets",
        "/dashboard/locks/module",
        "/public/dashboards?slug=locks",
    ] {
        let first = send("GET", path, "accept", "*/*", &Value::Null).await;
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path}")).to_owned();
        let again = send("GET", path, "if-none-match", &tag, &Value::Null).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
    }
    let list =
        send("GET", "/dashboard", "accept", "*/*", &Value::Null).await.header("etag").unwrap().to_owned();
    let seen = send("GET", "/dashboard/locks", "accept", "*/*", &Value::Null)
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    let body = json!({"slug": "locks", "title": "One"});
    let one = send("PUT", "/dashboard/locks", "if-match", &seen, &body).await;
    assert_eq!(one.status, 200);
    let two =
        send("PUT", "/dashboard/locks", "if-match", &seen, &json!({"slug": "locks", "title": "Two"})).await;
    assert_eq!(two.status, 412, "{}", two.text());
    assert!(two.value()["message"].as_str().unwrap().contains("changed since"));
    let now = one.header("etag").unwrap().to_owned();
    assert_eq!(send("DELETE", "/data-sets/canals_boats", "if-match", &now, &Value::Null).await.status, 412);
    assert_eq!(send("PUT", "/dashboard/locks", "if-match", &now, &body).await.status, 200);
    assert_eq!(send("GET", "/dashboard", "if-none-match", &list, &Value::Null).await.status, 200);
}
