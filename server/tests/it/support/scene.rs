//! A server on which there is something of every kind, for tests that walk all operations.

use serde_json::{Value, json};
use server::openapi::Operation;

use super::TestServer;

/// A server with one of everything, each used by another, so that none may be removed.
pub struct Scene {
    pub server: TestServer,
    /// A token without roles.
    pub roleless: String,
    /// What `{id}` stands for, by the path of the resource.
    ids: Vec<(&'static str, String)>,
    /// A token that can be taken back.
    token_id: String,
}

impl Scene {
    pub async fn new() -> Scene {
        let server = TestServer::start().await;
        let make = async |path: &str, body: Value| server.make(path, &body).await;
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        make("/data-groups", json!({"name": "canals"})).await;
        make("/data-types", json!({"name": "boats"})).await;
        make("/data-types", json!({"name": "ferries"})).await;
        make("/users", json!({"email": "owner@example.gov.uk"})).await;
        let owner = make("/tokens", json!({"name": "owner@example.gov.uk", "roles": ["admin"]})).await;
        let owner_token = owner["token"].as_str().unwrap();
        let data_set =
            json!({"data_group": "canals", "data_type": "boats", "bearer_token": "tok", "published": true});
        let made = server.json("POST", "/admin-api/data-sets", owner_token, &data_set).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let department = make("/organisation/type", json!({"name": "department"})).await;
        let node =
            make("/organisation/node", json!({"type_id": department["id"], "name": "N", "slug": "n"})).await;
        let kind = make("/module-type", json!({"name": "gauge", "schema": {"type": "object"}})).await;
        let module = |slug: &str, inside: Value| {
            json!({"type_id": kind["id"], "slug": slug, "title": slug, "description": "", "info": [], "options": {},
                "order": 1, "modules": inside})
        };
        let board = json!({"slug": "board", "title": "Board", "published": true, "organisation": node["id"],
            "modules": [module("outer", json!([module("inner", json!([]))]))]});
        let board = make("/dashboard", board).await;
        let transform_type =
            make("/transform-type", json!({"name": "t", "function": "a.b", "schema": {}})).await;
        let transform = json!({"type_id": transform_type["id"], "query-parameters": {}, "options": {},
            "input": {"data-type": "boats"}, "output": {"data-type": "ferries"}});
        let transform = make("/transform", transform).await;
        let provider = make("/provider", json!({"slug": "gate", "name": "Gate"})).await;
        let source =
            make("/data-source", json!({"slug": "main", "name": "Main", "provider_id": provider["id"]}))
                .await;
        let collector_type =
            json!({"slug": "gate", "name": "Gate", "provider_id": provider["id"], "entry_point": "gate"});
        let collector_type = make("/collector-type", collector_type).await;
        let collector = json!({"slug": "c", "type_id": collector_type["id"], "data_source_id": source["id"],
            "data_set": {"data_group": "canals", "data_type": "boats"}});
        let collector = make("/collector", collector).await;
        let roleless = make("/tokens", json!({"name": "r@example.gov.uk", "roles": []})).await;
        let ids = vec![
            ("/data-groups", "canals".to_owned()),
            ("/data-types", "boats".to_owned()),
            ("/data-sets", "canals_boats".to_owned()),
            ("/users", "owner@example.gov.uk".to_owned()),
            ("/dashboards", id(&board)),
            ("/dashboard", id(&board)),
            ("/modules", id(&board["modules"][0])),
            ("/module-type", "gauge".to_owned()),
            ("/module", id(&board["modules"][0])),
            ("/organisation/type", id(&department)),
            ("/organisation/node", id(&node)),
            ("/transform-type", id(&transform_type)),
            ("/transform", id(&transform)),
            ("/provider", id(&provider)),
            ("/data-source", id(&source)),
            ("/collector-type", id(&collector_type)),
            ("/collector", id(&collector)),
        ];
        Scene { roleless: roleless["token"].as_str().unwrap().to_owned(), token_id: id(&owner), ids, server }
    }

    /// The path of an operation on things that are there or, with `missing`, are not.
    pub fn path(&self, operation: &Operation, missing: bool) -> String {
        let nothing = "00000000-0000-4000-8000-000000000000";
        let resource = operation.path.strip_prefix("/admin-api").unwrap_or_default();
        let of_resource = self.ids.iter().find(|(path, _)| {
            resource.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("/{id}"))
        });
        let id = match of_resource {
            None if missing && resource.starts_with("/transactions-explorer-service") => "NO-ID",
            _ if missing => nothing,
            Some((_, id)) => id,
            None if resource.starts_with("/transactions-explorer-service") => "any",
            None => &self.token_id,
        };
        let there = |name: &'static str| if missing { "none" } else { name };
        operation
            .path
            .replace("{id}", id)
            .replace("{version}", nothing)
            .replace("{data_group}", there("canals"))
            .replace("{data_type}", "boats")
            .replace("{data_set_name}", there("canals_boats"))
            .replace("{name}", there("canals_boats"))
            .replace("{record_id}", "absent")
            .replace("{email}", there("owner@example.gov.uk"))
            .replace("{slug}", there("c"))
            .replace("{uid}", "some")
    }
}
