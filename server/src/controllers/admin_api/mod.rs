//! The configuration API: data groups, data sets, dashboards and all else that the registry keeps, over HTTP.
//!
//! Most paths are *resources* and behave alike: [`mod@resource`] holds what they share (who may do what, in which order things
//! are checked, what is answered), and one file a resource says only what differs. The others are *endpoints* of their own.
//! Every request is resolved to a [`caller`], bodies are checked against a [`shape`], and [`answer`] knows the headers and
//! the form of refusals that existing clients rely on.

mod answer;
mod audit_log;
mod caller;
mod collector_types;
mod collectors;
mod dashboards;
mod data_groups;
mod data_set_tokens;
mod data_sets;
mod data_sources;
mod data_types;
mod endpoints;
mod history;
mod jobs;
mod module_body;
mod module_types;
mod modules;
mod organisation;
mod paging;
mod parameters;
pub mod problems;
mod providers;
mod public;
mod resource;
pub mod shape;
mod sign_on;
mod tokens;
mod transforms;
mod user_roles;
mod users;
mod written_list;

use axum::Router;
use axum::routing::{MethodRouter, any, get};

use crate::state::AppState;
use resource::{Resource, dispatch};
use shape::Shape;

pub use history::VERSION;
use stagecraft::Subject;
pub use user_roles::ROLES;

/// The table of contents of the configuration API.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/_status", endpoint(endpoints::status))
        .route("/_status/", endpoint(endpoints::status))
        .route("/_status/data-sets", endpoint(endpoints::data_set_count))
        .route("/_status/data-sets/", endpoint(endpoints::data_set_count))
        .route("/public/dashboards", endpoint(public::dashboards))
        .route("/public/dashboards/", any(endpoints::without_slash))
        .route("/data-sets/{name}/users", endpoint(endpoints::data_set_users))
        .route("/data-sets/{name}/users/", any(endpoints::without_slash))
        .route("/data-sets/{name}/dashboard", endpoint(endpoints::data_set_dashboards))
        .route("/data-sets/{name}/dashboard/", any(endpoints::without_slash))
        .route("/data-sets/{name}/transform", endpoint(endpoints::data_set_transforms))
        .route("/data-sets/{name}/transform/", any(endpoints::without_slash))
        .route("/dashboard/{id}/problems", endpoint(problems::read))
        .route("/transactions-explorer-service/{id}/dashboard", endpoint(endpoints::service_dashboards))
        .route("/transactions-explorer-service/{id}/dashboard/", endpoint(endpoints::service_dashboards))
        .route("/collector-run/{slug}", any(collectors::run))
        .route("/auth/gds/api/users/{uid}", any(sign_on::user_changed))
        .route("/auth/gds/api/users/{uid}/", any(sign_on::user_changed))
        .route("/auth/gds/api/users/{uid}/reauth", any(sign_on::user_changed))
        .route("/auth/gds/api/users/{uid}/reauth/", any(sign_on::user_changed))
        .route("/audit-log", endpoint(audit_log::read))
        .route("/jobs", endpoint(jobs::list))
        .route("/jobs/{id}", endpoint(jobs::item))
        .route("/data-sets/{name}/token", any(data_set_tokens::rotate))
        .route("/users/{email}/roles", any(user_roles::roles))
        .route("/tokens", any(tokens::collection))
        .route("/tokens/{id}", any(tokens::item))
        .merge(resources().into_iter().fold(Router::new(), |all, resource| all.merge(resource.routes)))
        .fallback(endpoints::nothing_here)
}

/// A resource at its path.
pub struct Mounted {
    /// Where its list is.
    pub path: &'static str,
    /// What they are called, many of them.
    pub name: &'static str,
    /// What permissions are about.
    pub subject: Subject,
    /// The bodies of what makes and changes one.
    pub shape: Shape,
    /// Whether it is told how they came to be what they are.
    pub has_history: bool,
    /// What can be made below one: its name in the path, what it does, and the bodies.
    pub below: &'static [(&'static str, &'static str, &'static Shape)],
    routes: Router<AppState>,
}

/// All resources.
pub fn resources() -> Vec<Mounted> {
    vec![
        mounted::<data_groups::DataGroups>("/data-groups", "data groups"),
        mounted::<data_types::DataTypes>("/data-types", "data types"),
        mounted::<data_sets::DataSets>("/data-sets", "data sets"),
        mounted::<users::Users>("/users", "users"),
        mounted::<dashboards::Dashboards>("/dashboard", "dashboards"),
        mounted::<dashboards::Dashboards>("/dashboards", "dashboards"),
        mounted::<modules::Modules>("/module", "modules"),
        mounted::<modules::Modules>("/modules", "modules"),
        mounted::<module_types::ModuleTypes>("/module-type", "types of modules"),
        mounted::<organisation::NodeTypes>("/organisation/type", "types of organisations"),
        mounted::<organisation::Nodes>("/organisation/node", "organisations"),
        mounted::<transforms::TransformTypes>("/transform-type", "types of transforms"),
        mounted::<transforms::Transforms>("/transform", "transforms"),
        mounted::<providers::Providers>("/provider", "providers"),
        mounted::<data_sources::DataSources>("/data-source", "data sources"),
        mounted::<collector_types::CollectorTypes>("/collector-type", "types of collectors"),
        mounted::<collectors::Collectors>("/collector", "collectors"),
    ]
}

fn mounted<R: Resource>(path: &'static str, name: &'static str) -> Mounted {
    Mounted {
        path,
        name,
        subject: R::SUBJECT,
        shape: R::SHAPE,
        has_history: R::HISTORY.is_some(),
        below: R::BELOW,
        routes: resource::<R>(path),
    }
}

/// The paths of a resource: all of them, one, and what is below one; each with or without a slash at the end.
fn resource<R: Resource>(path: &str) -> Router<AppState> {
    let mut router = Router::new();
    for below in ["", "/{id}", "/{id}/{sub}"] {
        for slash in ["", "/"] {
            router = router.route(&format!("{path}{below}{slash}"), any(dispatch::<R>));
        }
    }
    router.route(&format!("{path}/{{id}}/{{sub}}/{{*rest}}"), any(dispatch::<R>))
}

/// An endpoint that is only read.
fn endpoint<H, T>(handler: H) -> MethodRouter<AppState>
where
    H: axum::handler::Handler<T, AppState>,
    T: 'static,
{
    get(handler).fallback(endpoints::only_read)
}
