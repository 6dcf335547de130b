//! The description of the APIs: an OpenAPI 3.1 document made from the tables that the routes are made from, and a page to read it.

mod answers;
mod operations;
mod page;
mod query;

use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, Schema,
};

use crate::controllers::admin_api::shape::{Kind, Shape};
use crate::controllers::admin_api::{self, Mounted};
pub use operations::OPERATIONS;
pub use page::page;
use stagecraft::{Action, Role};

/// Who may ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Everybody,
    /// Whoever has the token of the data set, or one whose scopes cover it.
    DataSetToken,
    /// Whoever has a token or a session with a role that allows it.
    Role,
    /// Whoever has the administrator's token.
    Administrator,
}

/// What a request carries.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON, and what it holds in words.
    Json(&'static str),
    /// JSON of this shape.
    Shaped(Shape),
}

/// One method of one path.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// In small letters.
    pub method: &'static str,
    /// With the names of what varies in braces.
    pub path: &'static str,
    /// The group that it is shown in.
    pub tag: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may ask for it.
    pub access: Access,
    /// What the request carries.
    pub body: Body,
    /// The statuses of its refusals.
    pub refusals: &'static [u16],
}

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);

/// `GET /openapi.json`.
pub async fn json() -> Response {
    match DOCUMENT.to_json() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the description cannot be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Every operation: those of the list, and those of each resource.
pub fn operations() -> Vec<Operation> {
    let mut all = OPERATIONS.to_vec();
    all.extend(admin_api::resources().iter().flat_map(of_resource));
    all
}

/// The operations on the list of a resource, on one of its things, and on what is below that.
fn of_resource(resource: &Mounted) -> Vec<Operation> {
    // The table of contents is made once and kept, so its texts may be too.
    let keep = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let open = Role::Anon.allows(resource.subject, Action::Read);
    let mut all = Vec::new();
    let mut add = |method, below: &str, summary: String, body, refusals: &'static [u16]| {
        all.push(Operation {
            method,
            path: keep(format!("/admin-api{}{below}", resource.path)),
            tag: "Configuration",
            summary: keep(summary),
            access: if method == "get" && open { Access::Everybody } else { Access::Role },
            body,
            refusals,
        });
    };
    let (name, shaped) = (resource.name, Body::Shaped(resource.shape));
    let Changes { make, change, remove, is_removed_if_unused } = Changes::of(resource.path);
    let if_unused = if is_removed_if_unused { ", with `?if=unused` and if nothing uses it" } else { "" };
    let list = format!("List {name}; `page` and `per-page` give a part");
    add("get", "", list, Body::None, &[400, 401, 403]);
    add("post", "", format!("Make one of the {name}"), shaped, make);
    add("get", "/{id}", format!("Look at one of the {name}"), Body::None, &[401, 403, 404]);
    add("put", "/{id}", format!("Change one of the {name}"), shaped, change);
    add("delete", "/{id}", format!("Remove one of the {name}{if_unused}"), Body::None, remove);
    if resource.has_history {
        let changes = format!("Of one of the {name}: what was changed, when and by whom");
        add("get", "/{id}/history", changes, Body::None, &[400, 401, 403, 404]);
        let version = format!("One of the {name} as it was");
        add("get", "/{id}/history/{version}", version, Body::None, &[401, 403, 404]);
    }
    for (below, summary, shape) in resource.below {
        let path = format!("/{{id}}/{below}");
        add("post", &path, (*summary).to_owned(), Body::Shaped(**shape), &[400, 401, 403, 404, 413, 415]);
    }
    match resource.path {
        "/dashboard" | "/dashboards" => {
            let restore = "Bring back a version of a dashboard, which may have been removed".to_owned();
            let version = Body::Shaped(admin_api::VERSION);
            add("post", "/{id}/restore", restore, version, &[400, 401, 403, 404, 413, 415]);
            let modules = "The modules of a dashboard".to_owned();
            add("get", "/{id}/module", modules, Body::None, &[401, 403, 404]);
        }
        "/organisation/node" => {
            let ancestors = "All that an organisation belongs to, with `?self=true` itself too".to_owned();
            add("get", "/{id}/ancestors", ancestors, Body::None, &[401, 403, 404]);
        }
        _ => {}
    }
    all
}

/// With which statuses changes of the things of a resource are refused.
struct Changes {
    make: &'static [u16],
    change: &'static [u16],
    remove: &'static [u16],
    /// Whether a thing is only removed if nothing uses it.
    is_removed_if_unused: bool,
}

impl Changes {
    fn of(path: &str) -> Changes {
        let usual = Changes {
            make: &[400, 401, 403, 413, 415],
            change: &[400, 401, 403, 404, 412, 413, 415],
            remove: &[400, 401, 403, 404, 405, 412],
            is_removed_if_unused: true,
        };
        let of_what_is_removed_with_its_parts: &[u16] = &[400, 401, 403, 404, 412];
        match path {
            // Modules are made and changed with their dashboard.
            "/module" | "/modules" => {
                Changes { make: &[400, 401, 403, 404, 413, 415], change: &[405], ..usual }
            }
            "/dashboard" | "/dashboards" => Changes {
                make: &[400, 401, 403, 404, 413, 415],
                remove: of_what_is_removed_with_its_parts,
                is_removed_if_unused: false,
                ..usual
            },
            "/data-sets" => {
                Changes { remove: of_what_is_removed_with_its_parts, is_removed_if_unused: false, ..usual }
            }
            // Nothing uses transforms and collectors, so nothing keeps them.
            "/transform" | "/collector" => Changes { remove: &[401, 403, 404, 405, 412], ..usual },
            _ => usual,
        }
    }
}

fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Performance Platform")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Records in, questions answered, and what is configured. Where the number of requests is limited, one too many is \
             answered 429 with `Retry-After`; a body that stops coming is answered 408, and one for which there is no room now 503.",
        ))
        .build();
    let mut paths = PathsBuilder::new();
    for operation in operations() {
        paths = paths.path(operation.path, path_item(&operation));
    }
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", bearer)
        .schema("Refusal", refusal())
        .schema("ConfigurationRefusal", configuration_refusal());
    let components = answers::add_to(components).build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components)).build()
}

fn path_item(operation: &Operation) -> PathItem {
    let answer =
        ContentBuilder::new().schema(answers::of(operation).map(|form| answers::schema(&form))).build();
    let mut built = OperationBuilder::new().tag(operation.tag).summary(Some(operation.summary)).response(
        "200",
        ResponseBuilder::new().description("Done").content(kind_of_answer(operation.path), answer),
    );
    for name in parameters(operation.path) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text))
            .build();
        built = built.parameter(parameter);
    }
    for (name, about) in query::of(operation) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .description(Some(about))
            .required(Required::False)
            .schema(Some(text))
            .build();
        built = built.parameter(parameter);
    }
    for status in operation.refusals {
        let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        let schema = match operation.path.starts_with("/admin-api") {
            true => "#/components/schemas/ConfigurationRefusal",
            false => "#/components/schemas/Refusal",
        };
        let content = ContentBuilder::new().schema(Some(Ref::new(schema))).build();
        let response = ResponseBuilder::new().description(reason.unwrap_or_default());
        built = built.response(status.to_string(), response.content("application/json", content));
    }
    if operation.access != Access::Everybody {
        built = built.security(SecurityRequirement::new::<_, [&str; 0], &str>("bearer", []));
    }
    let schema = match operation.body {
        Body::None => None,
        Body::Json(about) => Some(ObjectBuilder::new().description(Some(about)).build()),
        Body::Shaped(shape) => Some(object(&shape)),
    };
    if let Some(schema) = schema {
        let content = ContentBuilder::new().schema(Some(Schema::Object(schema))).build();
        built =
            built.request_body(Some(RequestBodyBuilder::new().content("application/json", content).build()));
    }
    let method = match operation.method {
        "post" => HttpMethod::Post,
        "put" => HttpMethod::Put,
        "patch" => HttpMethod::Patch,
        "delete" => HttpMethod::Delete,
        "options" => HttpMethod::Options,
        _ => HttpMethod::Get,
    };
    PathItem::new(method, built.build())
}

/// The media type of what is answered.
fn kind_of_answer(path: &str) -> &'static str {
    match path {
        "/docs" => "text/html",
        "/metrics" => "text/plain",
        _ => "application/json",
    }
}

/// What the read and write API say when they refuse.
fn refusal() -> utoipa::openapi::schema::Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let texts = ArrayBuilder::new().items(text());
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("One sentence, or one for each thing that is wrong with records."))
        .property("status", text())
        .property("message", text())
        .property("messages", texts)
        .build()
}

/// What the configuration API says when it refuses.
fn configuration_refusal() -> utoipa::openapi::schema::Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let error = ["id", "status", "code", "title", "detail"]
        .iter()
        .fold(ObjectBuilder::new().schema_type(Type::Object), |error, name| error.property(*name, text()));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .property("message", text())
        .property("errors", ArrayBuilder::new().items(error))
        .required("status")
        .required("message")
        .required("errors")
        .build()
}

/// The names of what varies in a path.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn object(shape: &Shape) -> utoipa::openapi::schema::Object {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, kind) in shape.required.iter().chain(shape.optional) {
        object = object.property(*name, schema(*kind));
    }
    for (name, _) in shape.required {
        object = object.required(*name);
    }
    object.build()
}

fn schema(kind: Kind) -> RefOr<Schema> {
    let of = |kind: Type| Schema::Object(ObjectBuilder::new().schema_type(kind).build());
    RefOr::T(match kind {
        Kind::Text | Kind::Uuid | Kind::UuidOrNull => of(Type::String),
        Kind::Truth => of(Type::Boolean),
        Kind::Integer | Kind::Amount => of(Type::Integer),
        Kind::Object | Kind::ObjectOrNull => of(Type::Object),
        Kind::List => Schema::Array(ArrayBuilder::new().build()),
        Kind::Texts => {
            Schema::Array(ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String)).build())
        }
    })
}
