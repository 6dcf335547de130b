//! Rules of the configuration API that hold for whole kinds of requests, each as a table: who may do what, who sees what, which
//! methods there are, and what fields may hold.

use std::collections::BTreeMap;

use crate::support::{ADMIN, Answer, TestServer};
use serde_json::{Value, json};

/// A server with one data group, two data types and one of everything that others need.
struct Scene {
    server: TestServer,
    kind: String,
    department: String,
    transform_type: String,
    provider: String,
    source: String,
    collector_type: String,
}

impl Scene {
    async fn new() -> Scene {
        let server = TestServer::start().await;
        let make = async |path: &str, body: Value| {
            server.make(path, &body).await["id"].as_str().unwrap_or_default().to_owned()
        };
        make("/data-groups", json!({"name": "canals"})).await;
        make("/data-types", json!({"name": "boats"})).await;
        make("/data-types", json!({"name": "locks"})).await;
        let kind = make("/module-type", json!({"name": "gauge", "schema": {"type": "object"}})).await;
        let department = make("/organisation/type", json!({"name": "department"})).await;
        let transform_type =
            make("/transform-type", json!({"name": "t", "function": "a.b", "schema": {}})).await;
        let provider = make("/provider", json!({"slug": "gate", "name": "Gate"})).await;
        let source = json!({"slug": "main", "name": "Main", "provider_id": provider});
        let source = make("/data-source", source).await;
        let collector_type =
            json!({"slug": "gate", "name": "Gate", "provider_id": provider, "entry_point": "gate"});
        let collector_type = make("/collector-type", collector_type).await;
        make("/data-sets", json!({"data_group": "canals", "data_type": "boats"})).await;
        Scene { kind, department, transform_type, provider, source, collector_type, server }
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        self.server.json(method, &format!("/admin-api{path}"), token, body).await
    }

    async fn token(&self, email: &str, roles: &[&str]) -> String {
        let made = self.ask("POST", "/tokens", ADMIN, &json!({"name": email, "roles": roles})).await;
        made.value()["token"].as_str().unwrap().to_owned()
    }

    /// The path of a kind of thing, and a body that makes one called so.
    fn body(&self, path: &str, name: &str) -> Value {
        match path {
            "/data-groups" | "/data-types" | "/organisation/type" => json!({"name": name}),
            "/data-sets" => json!({"data_group": "canals", "data_type": "locks"}),
            "/dashboard" => json!({"slug": name, "title": name}),
            "/module-type" => json!({"name": name.replace('-', "_"), "schema": {"type": "object"}}),
            "/organisation/node" => json!({"type_id": self.department, "name": name, "slug": name}),
            "/transform-type" => {
                json!({"name": name, "function": format!("a.{}", name.replace('-', "_")), "schema": {}})
            }
            "/transform" => json!({"type_id": self.transform_type, "query-parameters": {}, "options": {},
                "input": {"data-type": "boats"}, "output": {"data-type": "locks"}}),
            "/users" => json!({"email": format!("{name}@example.gov.uk")}),
            "/provider" => json!({"slug": name, "name": name}),
            "/data-source" => json!({"slug": name, "name": name, "provider_id": self.provider}),
            "/collector-type" => {
                json!({"slug": name, "name": name, "provider_id": self.provider, "entry_point": name.replace('-', "_")})
            }
            "/collector" => {
                json!({"slug": name, "type_id": self.collector_type, "data_source_id": self.source,
                "data_set": {"data_group": "canals", "data_type": "boats"}})
            }
            other => panic!("{other}"),
        }
    }
}

/// The kinds of things in the order of the table of roles.
const KINDS: [&str; 12] = [
    "/data-groups",
    "/data-sets",
    "/dashboard",
    "/module-type",
    "/organisation/node",
    "/organisation/type",
    "/transform",
    "/transform-type",
    "/users",
    "/provider",
    "/data-source",
    "/collector-type",
];

/// What each role may do with each kind: get, post, put, delete.
const ROLES: [(&str, [&str; 12]); 11] = [
    ("admin", ["GPUD"; 12]),
    ("signin", ["GPUD", "GPUD", "", "", "", "", "", "", "", "", "", ""]),
    ("dashboard", ["", "", "GPUD", "GPUD", "", "", "", "", "", "", "", ""]),
    ("dashboard-editor", ["GP", "GP", "GPU", "G", "G", "G", "GP", "G", "", "", "", ""]),
    ("organisation", ["", "", "", "", "GPUD", "GPUD", "", "", "", "", "", ""]),
    ("transforms", ["", "", "", "", "", "", "GPUD", "GPUD", "", "", "", ""]),
    ("user", ["", "", "", "", "", "", "", "", "GPUD", "", "", ""]),
    ("collector", ["", "G", "", "", "", "", "", "", "", "GPUD", "GPUD", "GPUD"]),
    ("collector-view", ["", "", "", "", "", "", "", "", "", "", "", "G"]),
    ("omniscient", [""; 12]),
    ("user_update_permission", [""; 12]),
];

#[tokio::test]
async fn each_role_may_do_what_the_table_says_and_nothing_else() {
    let scene = Scene::new().await;
    for (role, row) in ROLES {
        let token = scene.token(&format!("{role}@example.gov.uk"), &[role]).await;
        for (kind, allowed) in KINDS.iter().zip(row) {
            for (method, letter) in [("GET", 'G'), ("POST", 'P'), ("PUT", 'U'), ("DELETE", 'D')] {
                let path = if matches!(method, "PUT" | "DELETE") {
                    format!("{kind}/absent")
                } else {
                    (*kind).to_owned()
                };
                // Whoever may gets as far as what is wrong with the request.
                let answer = scene.ask(method, &path, &token, &json!([])).await;
                let (status, may) = (answer.status.as_u16(), allowed.contains(letter));
                let expected: &[u16] = match (may, method) {
                    (false, _) => &[403],
                    (true, "GET") => &[200],
                    (true, "POST") => &[400],
                    (true, _) => &[404],
                };
                assert!(expected.contains(&status), "{role}: {method} {path}: {status} {}", answer.text());
                assert!(may || answer.value()["message"] == "Forbidden: user lacks permission.");
            }
        }
    }
}

#[tokio::test]
async fn owned_things_are_there_for_their_owners_and_those_who_see_everything() {
    let scene = Scene::new().await;
    let roles = ["signin", "dashboard", "transforms", "collector"];
    let owner = scene.token("owner@example.gov.uk", &roles).await;
    let other = scene.token("other@example.gov.uk", &roles).await;
    let seeing = scene.token("seeing@example.gov.uk", &[&roles[..], &["omniscient"]].concat()).await;
    let admin = scene.token("admin@example.gov.uk", &["admin"]).await;
    for kind in ["/data-sets", "/dashboard", "/transform", "/data-source", "/collector"] {
        let made = scene.ask("POST", kind, &owner, &scene.body(kind, "mine")).await;
        assert_eq!(made.status, 200, "{kind}: {}", made.text());
        let made = made.value();
        let id = made["id"].as_str().or(made["name"].as_str()).unwrap();
        let item = format!("{kind}/{id}");
        let listed = async |token: &str| {
            let list = scene.ask("GET", kind, token, &Value::Null).await.value();
            let is_it = |thing: &Value| [&thing["id"], &thing["name"]].iter().any(|name| **name == id);
            list.as_array().unwrap().iter().any(is_it)
        };
        for token in [&owner, &seeing, &admin] {
            assert!(listed(token).await, "{kind}");
            assert_eq!(scene.ask("GET", &item, token, &Value::Null).await.status, 200, "{item}");
        }
        assert!(!listed(&other).await, "{kind}");
        for method in ["GET", "PUT", "DELETE"] {
            let answer = scene.ask(method, &item, &other, &scene.body(kind, "theirs")).await;
            let told = (answer.status.as_u16(), answer.value()["message"].clone());
            assert_eq!(told, (404, json!("model not found")), "{method} {item}");
        }
        let anonymous = scene.server.get(&format!("/admin-api{item}")).await;
        assert!(matches!(anonymous.status.as_u16(), 403 | 404), "{item}");
    }
    // Modules are those of the owners of their dashboard.
    let module = json!({"type_id": scene.kind, "slug": "m", "title": "M", "order": 1});
    let below = scene.ask("POST", "/dashboard/mine/module", &other, &module).await;
    assert_eq!(
        (below.status.as_u16(), below.value()["message"].clone()),
        (404, json!("parent resource not found"))
    );
    let made = scene.ask("POST", "/dashboard/mine/module", &owner, &module).await.value();
    let item = format!("/module/{}", made["id"].as_str().unwrap());
    assert_eq!(scene.ask("GET", &item, &owner, &Value::Null).await.status, 200);
    assert_eq!(scene.ask("GET", &item, &other, &Value::Null).await.status, 404);
    assert_eq!(scene.ask("GET", "/module", &other, &Value::Null).await.value(), json!([]));
}

#[tokio::test]
async fn every_path_says_which_methods_it_has() {
    let scene = Scene::new().await;
    let made = scene.ask("POST", "/dashboard", ADMIN, &json!({"slug": "board", "title": "Board"})).await;
    assert_eq!(made.status, 200);
    for (method, path, allow) in [
        ("PATCH", "/data-groups", "GET, HEAD, POST, OPTIONS"),
        ("PATCH", "/data-groups/canals", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("POST", "/data-groups/canals", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("DELETE", "/data-groups/canals", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("PUT", "/module/x", "GET, HEAD, DELETE, OPTIONS"),
        ("PUT", "/dashboard/board/module", "GET, HEAD, POST, OPTIONS"),
        ("DELETE", "/dashboard/board/module", "GET, HEAD, POST, OPTIONS"),
        ("PUT", "/tokens", "GET, HEAD, POST"),
        ("GET", "/tokens/x", "DELETE"),
        ("GET", "/data-sets/canals_boats/token", "POST"),
        ("GET", "/auth/gds/api/users/x/reauth", "POST, PUT"),
        ("POST", "/_status", "GET, HEAD, OPTIONS"),
        ("PUT", "/public/dashboards", "GET, HEAD, OPTIONS"),
        ("DELETE", "/data-sets/canals_boats/users", "GET, HEAD, OPTIONS"),
    ] {
        let answer = scene.ask(method, path, ADMIN, &json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some(allow)), "{method} {path}");
    }
    for path in ["/_status", "/data-sets/canals_boats/users", "/data-groups", "/data-groups/canals"] {
        let answer = scene.ask("OPTIONS", path, ADMIN, &Value::Null).await;
        assert!(answer.status == 200 && answer.header("allow").unwrap().contains("GET"), "{path}");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing_and_nothing_else_is_there() {
    let scene = Scene::new().await;
    let sign_on = scene.token("sign-on@example.gov.uk", &["user_update_permission"]).await;
    for path in ["/auth/gds/api/users/7/reauth/", "/auth/gds/api/users/7/"] {
        assert_eq!(scene.ask("POST", path, &sign_on, &Value::Null).await.status, 204, "{path}");
    }
    for path in
        ["/data-groups/", "/data-groups/canals/", "/transactions-explorer-service/7/dashboard/", "/_status/"]
    {
        assert_eq!(scene.ask("GET", path, ADMIN, &Value::Null).await.status, 200, "{path}");
    }
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let answer = scene.ask(method, "/nothing-here", ADMIN, &json!({})).await;
        let body = answer.value();
        assert_eq!(
            (&body["status"], &body["errors"][0]["status"]),
            (&json!(404), &json!("404")),
            "{method}: {body}"
        );
    }
}

#[tokio::test]
async fn of_a_parameter_that_is_given_twice_the_last_counts() {
    let scene = Scene::new().await;
    let count = async |path: &str| {
        scene.ask("GET", path, ADMIN, &Value::Null).await.value().as_array().unwrap().len()
    };
    assert_eq!(count("/data-groups?name=none&name=canals").await, 1);
    assert_eq!(count("/data-groups?name=canals&name=none").await, 0);
    scene.ask("POST", "/organisation/node", ADMIN, &scene.body("/organisation/node", "trust")).await;
    assert_eq!(count("/organisation/node?type=agency&type=department").await, 1, "types are alternatives");
    scene.ask("POST", "/dashboard", ADMIN, &json!({"slug": "board", "title": "Board"})).await;
    let shown = scene.ask("GET", "/public/dashboards?slug=none&slug=board", ADMIN, &Value::Null).await;
    assert_eq!(shown.value()["slug"], "board");
}

/// What making a dashboard with these keys beside slug and title is answered.
async fn dashboard(scene: &Scene, more: Value) -> Answer {
    let mut body = json!({"slug": "board", "title": "Board"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = scene.ask("POST", "/dashboard", ADMIN, &body).await;
    scene.ask("DELETE", "/dashboard/board", ADMIN, &Value::Null).await;
    answer
}

#[tokio::test]
async fn keys_with_hyphens_are_judged_by_their_fields() {
    let scene = Scene::new().await;
    for (more, complaint) in [
        (json!({"page-type": null}), "page_type: This field cannot be null."),
        (json!({"page-type": ""}), "page_type: This field cannot be blank."),
        (json!({"strapline": ""}), "strapline: This field cannot be blank."),
        (json!({"dashboard-type": ""}), "dashboard_type: This field cannot be blank."),
        (json!({"dashboard-type": true}), "dashboard_type: Value 'True' is not a valid choice."),
        (json!({"customer-type": 5}), "customer_type: Value '5' is not a valid choice."),
        (
            json!({"improve-dashboard-message": "maybe"}),
            "improve_dashboard_message: 'maybe' value must be either True or False.",
        ),
    ] {
        let answer = dashboard(&scene, more.clone()).await;
        assert_eq!(answer.status, 400, "{more}");
        assert_eq!(answer.value()["message"], format!("validation errors:\n{complaint}"), "{more}");
    }
    for (more, field, value) in [
        (json!({"page-type": 5}), "page_type", json!("5")),
        (json!({"improve-dashboard-message": "False"}), "improve_dashboard_message", json!(false)),
        (json!({"improve-dashboard-message": 1}), "improve_dashboard_message", json!(true)),
        (json!({"customer-type": ""}), "customer_type", json!("")),
        (json!({"other-notes": "n"}), "other_notes", json!("n")),
    ] {
        let answer = dashboard(&scene, more.clone()).await;
        assert_eq!(answer.value()[field], value, "{more}: {}", answer.text());
    }
}

#[tokio::test]
async fn texts_are_measured_in_characters() {
    let scene = Scene::new().await;
    let limits = BTreeMap::from([
        ("title", 256),
        ("description", 500),
        ("description_extra", 400),
        ("costs", 1500),
        ("other_notes", 1000),
        ("tagline", 400),
        ("page_type", 80),
        ("status", 30),
    ]);
    for (field, most) in limits {
        let fits = dashboard(&scene, json!({field: "é".repeat(most)})).await;
        assert_eq!(fits.status, 200, "{field}: {}", fits.text());
        let too_long = dashboard(&scene, json!({field: "é".repeat(most + 1)})).await;
        let complaint = format!(
            "validation errors:\n{field}: Ensure this value has at most {most} characters (it has {}).",
            most + 1
        );
        assert_eq!((too_long.status.as_u16(), too_long.value()["message"].clone()), (400, json!(complaint)));
    }
}

#[tokio::test]
async fn a_data_source_has_the_credentials_that_its_provider_asks_for() {
    let scene = Scene::new().await;
    let schema = json!({"type": "object", "required": ["key"]});
    let provider = json!({"slug": "till", "name": "Till", "credentials_schema": schema});
    let provider = scene.ask("POST", "/provider", ADMIN, &provider).await.value();
    let mut source = json!({"slug": "till-1", "name": "Till 1", "provider_id": provider["id"]});
    for credentials in [None, Some(json!({})), Some(json!({"other": "hush"}))] {
        source.as_object_mut().unwrap().remove("credentials");
        if let Some(credentials) = &credentials {
            source["credentials"] = credentials.clone();
        }
        let refused = scene.ask("POST", "/data-source", ADMIN, &source).await;
        let message = refused.value()["message"].as_str().unwrap().to_owned();
        assert!(
            refused.status == 400 && message.starts_with("validation error: credentials are invalid: "),
            "{message}"
        );
        assert!(!message.contains("hush"));
    }
    source["credentials"] = json!({"key": "hush"});
    assert_eq!(scene.ask("POST", "/data-source", ADMIN, &source).await.status, 200);
    // Whoever changes it need not know them.
    source.as_object_mut().unwrap().remove("credentials");
    source["name"] = json!("The first till");
    assert_eq!(scene.ask("PUT", "/data-source/till-1", ADMIN, &source).await.status, 200);
}
