//! Dashboards and their modules: their rules, their public documents, and that documents are taken over unchanged.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

use serde_json::{Value, json};
use stagecraft::{DashboardChanges, ModuleEntry, NewDataSet, NewNode, Registry, RegistryError, Uuid};

async fn registry() -> Registry {
    let registry = Registry::in_memory().await.unwrap();
    registry.ensure_data_group("ferries").await.unwrap();
    registry.ensure_data_type("crossings").await.unwrap();
    registry.create_data_set(NewDataSet::of("ferries", "crossings")).await.unwrap();
    registry
}

fn named(slug: &str) -> DashboardChanges {
    DashboardChanges { slug: Some(slug.into()), title: Some("Ferries".into()), ..DashboardChanges::default() }
}

fn module(registry: &Registry, type_name: &str, slug: &str) -> ModuleEntry {
    let kind = registry.catalog().module_type(type_name).unwrap();
    ModuleEntry {
        type_id: kind.id.to_string(),
        slug: slug.into(),
        title: slug.into(),
        info: Some(Vec::new()),
        ..ModuleEntry::default()
    }
}

async fn create(registry: &Registry, changes: DashboardChanges) -> Result<Uuid, RegistryError> {
    registry.edit("", |edit| Ok(edit.create_dashboard(&changes)?.id)).await
}

async fn update(registry: &Registry, id: Uuid, changes: DashboardChanges) -> Result<(), RegistryError> {
    registry.edit("", |edit| edit.update_dashboard(id, &changes).map(|_| ())).await
}

#[tokio::test]
async fn a_dashboard_has_a_language_and_no_name_of_another_page() {
    let registry = registry().await;
    let refused = create(&registry, named("services")).await.unwrap_err().to_string();
    assert!(refused.contains("page of the public site"), "{refused}");
    let speaking = |language: &str| DashboardChanges {
        texts: vec![("language".into(), language.into())],
        ..named("fferi")
    };
    assert!(create(&registry, speaking("klingon")).await.is_err());
    create(&registry, speaking("cy")).await.unwrap();
    assert_eq!(registry.dashboard("fferi").unwrap()["language"], "cy");
    create(&registry, named("ferry")).await.unwrap();
    assert_eq!(registry.dashboard("ferry").unwrap().get("language"), None);
}

#[tokio::test]
async fn a_public_document_shows_options_beside_the_fields_which_win() {
    let registry = registry().await;
    let mut total = module(&registry, "realtime", "total");
    total.options = json!({"title": "hidden", "classes": "cols3"}).as_object().unwrap().clone();
    (total.data_group, total.data_type) = ("ferries".into(), "crossings".into());
    total.query_parameters = Some(json!({"group_by": "pier"}).as_object().unwrap().clone());
    create(&registry, DashboardChanges { modules: Some(vec![total]), ..named("ferries") }).await.unwrap();
    let document = registry.dashboard("ferries").unwrap();
    assert_eq!(document["published"], false);
    assert_eq!(document["relatedPages"], json!({"improve-dashboard-message": true, "other": []}));
    assert_eq!(
        document["modules"],
        json!([{"title": "total", "classes": "cols3", "slug": "total", "module-type": "realtime",
            "description": "", "info": [], "modules": [],
            "data-source": {"data-group": "ferries", "data-type": "crossings", "query-params": {"group_by": ["pier"]}}}])
    );
    assert_eq!(registry.dashboard("none"), None);
}

#[tokio::test]
async fn a_document_follows_every_change() {
    let registry = registry().await;
    let id = create(&registry, named("ferries")).await.unwrap();
    assert_eq!(registry.dashboard("ferries").unwrap()["title"], "Ferries");
    let renamed = DashboardChanges { title: Some("Boats".into()), ..DashboardChanges::default() };
    update(&registry, id, renamed).await.unwrap();
    assert_eq!(registry.dashboard("ferries").unwrap()["title"], "Boats");
    let moved = DashboardChanges { slug: Some("boats".into()), ..DashboardChanges::default() };
    update(&registry, id, moved).await.unwrap();
    assert_eq!(registry.dashboard("ferries"), None);
    assert!(registry.dashboard("boats").is_some());
}

#[tokio::test]
async fn publishing_wins_over_the_status_and_protects_from_deletion() {
    let registry = registry().await;
    let id = create(&registry, DashboardChanges { published: Some(true), ..named("ferries") }).await.unwrap();
    assert_eq!(registry.catalog().public_list()["items"].as_array().unwrap().len(), 1);
    let refused = registry.edit("", |edit| edit.delete_dashboard(id)).await.unwrap_err();
    assert_eq!(refused.to_string(), "cannot delete published resource");
    let both = DashboardChanges {
        status: Some("published".into()),
        published: Some(false),
        ..DashboardChanges::default()
    };
    update(&registry, id, both).await.unwrap();
    assert_eq!(registry.catalog().dashboard(id).unwrap().status, "unpublished");
    assert_eq!(registry.catalog().public_list()["items"], json!([]));
    registry.edit("", |edit| edit.delete_dashboard(id)).await.unwrap();
    assert_eq!(registry.dashboard("ferries"), None);
}

#[tokio::test]
async fn a_dashboard_that_is_sent_back_as_it_was_read_keeps_its_status() {
    let registry = registry().await;
    let retired = DashboardChanges { status: Some("retired".into()), ..named("ferries") };
    let id = create(&registry, retired).await.unwrap();
    let as_read = DashboardChanges {
        status: Some("retired".into()),
        published: Some(false),
        ..DashboardChanges::default()
    };
    update(&registry, id, as_read).await.unwrap();
    assert_eq!(registry.catalog().dashboard(id).unwrap().status, "retired");
}

#[tokio::test]
async fn a_tree_of_modules_takes_the_place_of_the_old_one() {
    let registry = registry().await;
    let mut section = module(&registry, "section", "section");
    section.children = vec![module(&registry, "realtime", "leaf")];
    let old = module(&registry, "realtime", "old");
    let id = create(&registry, DashboardChanges { modules: Some(vec![section, old]), ..named("ferries") });
    let id = id.await.unwrap();
    let leaf = registry.catalog().modules().find(|module| module.slug == "leaf").unwrap().id;

    // The leaf leaves its section, which goes with everything else that is not mentioned.
    let mut kept = module(&registry, "realtime", "leaf");
    kept.id = Some(leaf.to_string());
    let tree = DashboardChanges { modules: Some(vec![kept]), ..DashboardChanges::default() };
    update(&registry, id, tree).await.unwrap();
    let catalog = registry.catalog();
    let slugs: Vec<&str> = catalog.modules().map(|module| module.slug.as_str()).collect();
    assert_eq!(slugs, ["leaf"]);
    assert_eq!(catalog.module(leaf).unwrap().parent_id, None);
    assert_eq!(catalog.modules_of(id), [catalog.module(leaf).unwrap()]);
}

#[tokio::test]
async fn a_module_is_in_a_tree_once() {
    let registry = registry().await;
    let first =
        DashboardChanges { modules: Some(vec![module(&registry, "section", "m")]), ..named("ferries") };
    let id = create(&registry, first).await.unwrap();
    let known = |slug: &str| ModuleEntry {
        id: Some(registry.catalog().modules().next().unwrap().id.to_string()),
        ..module(&registry, "section", slug)
    };
    let inside_itself = ModuleEntry { children: vec![known("n")], ..known("m") };
    for modules in [vec![known("m"), known("n")], vec![inside_itself]] {
        let twice = DashboardChanges { modules: Some(modules), ..DashboardChanges::default() };
        let refused = update(&registry, id, twice).await.unwrap_err().to_string();
        assert!(refused.ends_with("is in the tree twice'"), "{refused}");
    }
    assert_eq!(registry.catalog().modules_of(id)[0].slug, "m");
}

#[tokio::test]
async fn a_wrong_module_leaves_no_half_made_dashboard() {
    let registry = registry().await;
    let mut wrong = module(&registry, "kpi", "wrong");
    wrong.order = 2;
    let modules = Some(vec![module(&registry, "realtime", "fine"), wrong]);
    let refused = create(&registry, DashboardChanges { modules, ..named("ferries") }).await.unwrap_err();
    let message = refused.to_string();
    let start = "Error in module 2 (slug 'wrong') - message: 'options field failed validation: ";
    assert!(message.starts_with(start), "{message}");
    assert_eq!(registry.dashboard("ferries"), None);
    assert_eq!(registry.catalog().modules().count(), 0);
}

#[tokio::test]
async fn the_modules_of_other_dashboards_cannot_be_taken() {
    let registry = registry().await;
    let theirs =
        DashboardChanges { modules: Some(vec![module(&registry, "realtime", "m")]), ..named("theirs") };
    create(&registry, theirs).await.unwrap();
    let mut taken = module(&registry, "realtime", "m");
    taken.id = Some(registry.catalog().modules().next().unwrap().id.to_string());
    let ours = DashboardChanges { modules: Some(vec![taken]), ..named("ours") };
    let refused = create(&registry, ours).await.unwrap_err();
    assert!(refused.to_string().contains("not found"), "{refused}");
}

#[tokio::test]
async fn links_lead_to_the_web_only() {
    let registry = registry().await;
    let link = |url: &str| {
        let link = json!({"title": "T", "type": "other", "url": url});
        DashboardChanges { links: Some(vec![serde_json::from_value(link).unwrap()]), ..named("ferries") }
    };
    assert!(create(&registry, link("javascript:alert(1)")).await.is_err());
    create(&registry, link("https://www.gov.uk/x")).await.unwrap();
}

#[tokio::test]
async fn departments_and_agencies_come_from_the_present_tree() {
    let registry = registry().await;
    let organisation = registry
        .edit("", |edit| {
            let (department, agency) =
                (edit.create_node_type("department")?, edit.create_node_type("agency")?);
            let node = |type_id: Uuid, name: &str, parent: Option<Uuid>| NewNode {
                type_id,
                name: name.into(),
                abbreviation: None,
                slug: Some(name.to_lowercase()),
                parent,
            };
            let top = edit.create_node(&node(department.id, "Rivers", None))?;
            Ok::<_, RegistryError>(edit.create_node(&node(agency.id, "Boats", Some(top.id)))?.id)
        })
        .await
        .unwrap();
    create(&registry, DashboardChanges { organisation: Some(organisation), ..named("ferries") })
        .await
        .unwrap();
    let document = registry.dashboard("ferries").unwrap();
    assert_eq!(document["department"]["title"], "Rivers");
    assert_eq!(document["agency"], json!({"title": "Boats", "abbr": "Boats", "slug": "boats"}));

    // The tree changes, and the dashboard with it; a circle is refused.
    let catalog = registry.catalog();
    let top = catalog.nodes().find(|node| node.name == "Rivers").unwrap().clone();
    let changed = |abbreviation: Option<&str>, parent| NewNode {
        type_id: top.type_id,
        name: top.name.clone(),
        abbreviation: abbreviation.map(str::to_owned),
        slug: Some(top.slug.clone()),
        parent,
    };
    registry.edit("", |edit| edit.update_node(top.id, &changed(Some("R"), None))).await.unwrap();
    assert_eq!(registry.dashboard("ferries").unwrap()["department"]["abbr"], "R");
    let circle = registry.edit("", |edit| edit.update_node(top.id, &changed(None, Some(organisation)))).await;
    assert!(circle.is_err());
}

fn document() -> Value {
    json!({
        "slug": "ferries", "title": "Ferries", "published": true, "page-type": "dashboard",
        "dashboard-type": "transaction", "strapline": "Service dashboard", "tagline": "All ferries",
        "description": "", "description-extra": "", "costs": "", "other-notes": "", "customer-type": "",
        "business-model": "",
        "department": {"title": "Department of Rivers", "abbr": "DoR", "slug": "department-of-rivers"},
        "agency": {"title": "Boats", "abbr": "Boats", "slug": "boats"},
        "relatedPages": {
            "improve-dashboard-message": false,
            "transaction": {"title": "Book", "type": "transaction", "url": "https://www.gov.uk/book"},
            "other": [{"title": "More", "type": "other", "url": "https://www.gov.uk/more"}],
        },
        "modules": [
            {"slug": "piers", "module-type": "section", "title": "Piers", "description": "", "info": null, "modules": [
                {"slug": "total", "module-type": "kpi", "title": "Total", "description": "d", "info": ["i"],
                 "value-attribute": "n", "modules": [],
                 "data-source": {"data-group": "ferries", "data-type": "crossings", "query-params": {"period": "week"}}},
            ]},
            {"slug": "unknown", "module-type": "brand_new", "title": "Unknown", "description": "", "info": [],
             "modules": [], "data-source": {"data-group": "no", "data-type": "set", "query-params": {"period": "day"}}},
        ],
    })
}

#[tokio::test]
async fn a_public_document_comes_out_as_it_went_in() {
    let registry = registry().await;
    registry.put_dashboard(&document()).await.unwrap();
    assert_eq!(*registry.dashboard("ferries").unwrap(), document());
    // And again, in the place of the first.
    let mut changed = document();
    changed["title"] = "Boats".into();
    changed["modules"].as_array_mut().unwrap().truncate(1);
    registry.put_dashboard(&changed).await.unwrap();
    assert_eq!(*registry.dashboard("ferries").unwrap(), changed);
    assert_eq!(registry.catalog().modules().count(), 2);
    assert_eq!(registry.catalog().nodes().count(), 2);
}

#[tokio::test]
async fn documents_that_are_none_are_refused() {
    let registry = registry().await;
    for wrong in [
        json!([]),
        json!({"slug": "x"}),
        json!({"slug": "X Y", "title": "T"}),
        json!({"slug": "x", "title": "T", "modules": ["leaf"]}),
        json!({"slug": "x", "title": "T", "modules": [{"slug": "m", "module-type": "kpi"}]}),
        json!({"slug": "x", "title": "T", "relatedPages": {"other": [{"title": "no address"}]}}),
    ] {
        let refused = registry.put_dashboard(&wrong).await;
        assert!(matches!(&refused, Err(RegistryError::Invalid(_))), "{wrong}: {refused:?}");
    }
    assert!(registry.dashboards().is_empty());
}

#[tokio::test]
async fn a_data_set_that_a_published_dashboard_shows_is_protected() {
    let registry = registry().await;
    registry.put_dashboard(&document()).await.unwrap();
    let refused = registry.delete_data_set("ferries_crossings").await.unwrap_err();
    assert!(refused.to_string().contains("'Ferries'"), "{refused}");
    let mut draft = document();
    draft["published"] = false.into();
    registry.put_dashboard(&draft).await.unwrap();
    registry.delete_data_set("ferries_crossings").await.unwrap();
    let slugs: Vec<String> = registry.catalog().modules().map(|module| module.slug.clone()).collect();
    assert_eq!(slugs.len(), 2);
    assert!(!slugs.contains(&"total".to_owned()));
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let registry = Registry::open_file(&path).await.unwrap();
    registry.ensure_data_group("ferries").await.unwrap();
    registry.ensure_data_type("crossings").await.unwrap();
    registry.create_data_set(NewDataSet::of("ferries", "crossings")).await.unwrap();
    registry.put_dashboard(&document()).await.unwrap();
    registry.close().await;
    let again = Registry::open_file(&path).await.unwrap();
    assert_eq!(*again.dashboard("ferries").unwrap(), document());
    again.close().await;
}
