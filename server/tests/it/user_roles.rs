//! What users may do: who says so, and who gets no rights by it.

use crate::access::{get_with, token, welcomed};
use crate::support::ADMIN;
use serde_json::{Value, json};

#[tokio::test]
async fn an_administrator_says_what_users_may_do() {
    let (server, ann) = welcomed().await;
    for email in ["ann@example.gov.uk", "bob@example.gov.uk"] {
        server.json("POST", "/admin-api/users", ADMIN, &json!({"email": email})).await;
    }
    let ask = async |method: &str, email: &str, token: &str, body: Value| {
        server.json(method, &format!("/admin-api/users/{email}/roles"), token, &body).await
    };
    let told = ask("GET", "bob%40example.gov.uk", ADMIN, Value::Null).await.value();
    assert_eq!(told, json!({"email": "bob@example.gov.uk", "roles": []}));
    let given =
        ask("PUT", "bob@example.gov.uk", ADMIN, json!({"roles": ["dashboard", "admin", "dashboard"]})).await;
    assert_eq!(given.value()["roles"], json!(["admin", "dashboard"]), "{}", given.text());

    // What is taken from a user is taken from the user's tokens too, and at once.
    let bobs = token(&server, json!({"name": "bob@example.gov.uk", "roles": ["admin", "dashboard"]})).await;
    assert_eq!(ask("GET", "bob@example.gov.uk", &bobs, Value::Null).await.status, 200);
    let less = ask("PUT", "bob@example.gov.uk", ADMIN, json!({"roles": ["dashboard"]})).await;
    assert_eq!(less.value()["roles"], json!(["dashboard"]));
    assert_eq!(ask("GET", "bob@example.gov.uk", &bobs, Value::Null).await.status, 403);
    assert_eq!(server.json("GET", "/admin-api/dashboard", &bobs, &Value::Null).await.status, 200);

    // Whoever may make users may not make administrators.
    let maker = token(&server, json!({"name": "bob@example.gov.uk", "roles": ["user"]})).await;
    let refused = ask("PUT", "bob@example.gov.uk", &maker, json!({"roles": ["admin"]})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("vary")),
        (403, Some("Authorization, Cookie, Accept-Encoding"))
    );
    assert_eq!(ask("PUT", "bob@example.gov.uk", "guessed", json!({"roles": ["admin"]})).await.status, 401);

    // Nobody locks everybody out.
    let last = ask("PUT", "ann@example.gov.uk", ADMIN, json!({"roles": ["dashboard"]})).await;
    assert!(last.status == 400 && last.text().contains("last administrator"), "{}", last.text());
    assert_eq!(get_with(&server, "/admin-api/users/ann@example.gov.uk/roles", &ann).await.status, 200);

    for (body, reason) in [
        (json!({"roles": ["boss"]}), "there is no role called"),
        (json!({"roles": "admin"}), "is not of type 'array'"),
        (json!({"roles": [1]}), "is not of type 'array'"),
        (json!({}), "'roles' is a required property"),
        (json!({"roles": [], "email": "x@example.gov.uk"}), "'email' was unexpected"),
    ] {
        let refused = ask("PUT", "bob@example.gov.uk", ADMIN, body.clone()).await;
        assert!(refused.status == 400 && refused.text().contains(reason), "{body}: {}", refused.text());
    }
    assert_eq!(ask("PUT", "eve@example.gov.uk", ADMIN, json!({"roles": []})).await.status, 404);
    let wrong = ask("POST", "bob@example.gov.uk", ADMIN, json!({"roles": []})).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, Some("GET, HEAD, PUT")));

    let history =
        server.json("GET", "/admin-api/users/bob@example.gov.uk/history", ADMIN, &Value::Null).await.value();
    assert_eq!(
        history[0]["changes"],
        json!([{"field": "roles", "from": ["admin", "dashboard"], "to": ["dashboard"]}]),
        "{history}"
    );
    let log = server.json("GET", "/admin-api/audit-log", ADMIN, &Value::Null).await.text();
    assert!(log.contains("PUT /admin-api/users/bob@example.gov.uk/roles"), "{log}");
}

#[tokio::test]
async fn whoever_may_change_users_gets_no_rights_by_it() {
    let (server, _) = welcomed().await;
    let maker = token(&server, json!({"name": "mallory@example.gov.uk", "roles": ["user"]})).await;
    let ask = async |method: &str, path: &str, token: &str, body: Value| {
        server.json(method, &format!("/admin-api/users/{path}"), token, &body).await.status.as_u16()
    };
    for email in ["plain@example.gov.uk", "token@example.gov.uk", "role@example.gov.uk"] {
        server.json("POST", "/admin-api/users", &maker, &json!({"email": email})).await;
    }
    let theirs = token(&server, json!({"name": "token@example.gov.uk", "roles": ["admin"]})).await;
    assert_eq!(ask("PUT", "role@example.gov.uk/roles", ADMIN, json!({"roles": ["dashboard"]})).await, 200);
    // An address that leads to roles, a password or tokens is no address to take over.
    for email in ["ann@example.gov.uk", "token@example.gov.uk", "role@example.gov.uk"] {
        assert_eq!(
            ask("PUT", email, &maker, json!({"email": "mallory2@example.gov.uk"})).await,
            403,
            "{email}"
        );
        assert_ne!(ask("DELETE", &format!("{email}?if=unused"), &maker, Value::Null).await, 200, "{email}");
    }
    assert_eq!(
        ask("PUT", "plain@example.gov.uk", &maker, json!({"email": "plainer@example.gov.uk"})).await,
        200
    );
    // An administrator may, and tokens go along.
    assert_eq!(ask("PUT", "token@example.gov.uk", ADMIN, json!({"email": "new@example.gov.uk"})).await, 200);
    let board = json!({"slug": "board", "title": "Board"});
    assert_eq!(server.json("POST", "/admin-api/dashboard", &theirs, &board).await.status, 200);
    let catalog = server.state.registry.catalog();
    assert!(catalog.dashboard_by_slug("board").unwrap().owners.contains("new@example.gov.uk"));
    assert!(catalog.user("token@example.gov.uk").is_none(), "nobody comes in under the old address");
}
