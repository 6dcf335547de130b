//! What is answered when nothing is refused: the form of every answer that is JSON. A test holds them against what is answered.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{ComponentsBuilder, Ref, RefOr, Schema};

use super::Operation;

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Truth,
    /// Any object.
    Map,
    /// Anything.
    Any,
    /// This, or null.
    OrNull(&'static Form),
    /// Many of this.
    List(&'static Form),
    /// An object of these fields; those whose name ends with a question mark may be absent.
    Object(&'static [(&'static str, Form)]),
    /// One of the list of named forms.
    Named(&'static str),
    /// Many of a named form.
    Many(&'static str),
}

use Form::{Any, Integer, List, Many, Map, Named, Object, OrNull, Text, Truth};

const TEXTS: Form = List(&Text);
const MAYBE_TEXT: Form = OrNull(&Text);
const MAYBE_INTEGER: Form = OrNull(&Integer);
/// Something by which others name it.
const REFERENCE: Form = Object(&[("id", Text), ("slug", Text), ("name", Text)]);
const ID: Form = Object(&[("id", Text)]);
const PLACE: Form = Object(&[("data-type", Text), ("data-group?", Text)]);
const DONE: Form = Object(&[("status", Text), ("message?", Text)]);

/// The forms of things, by their names in the description.
const NAMED: &[(&str, Form)] = &[
    ("Done", DONE),
    ("Rows", Object(&[("data", List(&Map)), ("warning?", Text), ("cursor?", MAYBE_TEXT), ("explain?", Any)])),
    (
        "LateDataSets",
        Object(&[
            ("status", Text),
            ("message", Text),
            (
                "data_sets?",
                List(&Object(&[
                    ("name", Text),
                    ("last-updated", Text),
                    ("max-age-expected", Integer),
                    ("seconds-out-of-date", Integer),
                ])),
            ),
        ]),
    ),
    ("Health", Object(&[("status", Text), ("faults", TEXTS)])),
    ("DataGroup", Object(&[("name", Text)])),
    ("DataType", Object(&[("name", Text), ("description", Text)])),
    (
        "DataSet",
        Object(&[
            ("name", Text),
            ("data_group", Text),
            ("data_type", Text),
            ("raw_queries_allowed", Truth),
            ("bearer_token", Text),
            ("upload_format", Text),
            ("upload_filters", TEXTS),
            ("auto_ids", TEXTS),
            ("queryable", Truth),
            ("realtime", Truth),
            ("capped_size", MAYBE_INTEGER),
            ("max_age_expected", MAYBE_INTEGER),
            ("published", Truth),
            ("schema", Map),
            ("retention_days?", Integer),
            ("licence?", Text),
            ("licence_url?", Text),
        ]),
    ),
    ("User", Object(&[("email", Text)])),
    ("Roles", Object(&[("email", Text), ("roles", TEXTS)])),
    (
        "Dashboard",
        Object(&[
            ("id", Text),
            ("slug", Text),
            ("title", Text),
            ("status", Text),
            ("published", Truth),
            ("improve_dashboard_message", Truth),
            ("links", List(&Object(&[("title", Text), ("type", Text), ("url", Text)]))),
            ("modules", Many("Module")),
            ("organisation?", OrNull(&Named("Organisation"))),
            ("dashboard_type", Text),
            ("page_type", Text),
            ("description", Text),
            ("description_extra", Text),
            ("costs", Text),
            ("other_notes", Text),
            ("customer_type", Text),
            ("business_model", Text),
            ("strapline", Text),
            ("tagline", Text),
            ("language?", Text),
            ("licence?", Text),
            ("licence_url?", Text),
        ]),
    ),
    (
        "DashboardInList",
        Object(&[
            ("id", Text),
            ("title", Text),
            ("url", Text),
            ("public-url", Text),
            ("status", Text),
            ("published", Truth),
        ]),
    ),
    (
        "Module",
        Object(&[
            ("id", Text),
            ("type", ID),
            ("dashboard", ID),
            ("parent", OrNull(&ID)),
            ("slug", Text),
            ("title", Text),
            ("description", Text),
            ("info", List(&Any)),
            ("options", Map),
            ("query_parameters", OrNull(&Map)),
            ("modules", Many("Module")),
            ("data_group?", Text),
            ("data_type?", Text),
            ("data_set?", OrNull(&Map)),
        ]),
    ),
    ("ModuleType", Object(&[("id", Text), ("name", Text), ("schema", Map)])),
    ("OrganisationType", Object(&[("id", Text), ("name", Text)])),
    (
        "Organisation",
        Object(&[
            ("id", Text),
            ("name", Text),
            ("type?", OrNull(&Named("OrganisationType"))),
            ("slug?", Text),
            ("abbreviation?", Text),
        ]),
    ),
    ("TransformType", Object(&[("id", Text), ("name", Text), ("function", Text), ("schema", Map)])),
    (
        "Transform",
        Object(&[
            ("id", Text),
            ("type", Object(&[("id", Text), ("function", MAYBE_TEXT)])),
            ("input", PLACE),
            ("query-parameters", Map),
            ("options", Map),
            ("output", PLACE),
        ]),
    ),
    ("Provider", Object(&[("id", Text), ("slug", Text), ("name", Text), ("credentials_schema", Map)])),
    ("DataSource", Object(&[("id", Text), ("slug", Text), ("name", Text), ("provider", OrNull(&REFERENCE))])),
    (
        "CollectorType",
        Object(&[
            ("id", Text),
            ("slug", Text),
            ("name", Text),
            ("entry_point", Text),
            ("query_schema", Map),
            ("options_schema", Map),
            ("provider", OrNull(&REFERENCE)),
        ]),
    ),
    (
        "Collector",
        Object(&[
            ("id", Text),
            ("slug", Text),
            ("name", Text),
            ("entry_point", MAYBE_TEXT),
            ("query", Map),
            ("options", Map),
            ("type", OrNull(&REFERENCE)),
            ("data_source", OrNull(&REFERENCE)),
            (
                "data_set",
                OrNull(&Object(&[("data_group", Text), ("data_type", Text), ("bearer_token", Text)])),
            ),
            ("provider", OrNull(&REFERENCE)),
        ]),
    ),
    (
        "Change",
        Object(&[
            ("version", Text),
            ("at", Text),
            ("author", Text),
            ("name", Text),
            ("action", Text),
            ("changes", List(&Object(&[("field", Text), ("from", Any), ("to", Any)]))),
        ]),
    ),
    (
        "Version",
        Object(&[("version", Text), ("at", Text), ("author", Text), ("name", Text), ("snapshot", Any)]),
    ),
    (
        "Job",
        Object(&[
            ("id", Text),
            ("kind", Text),
            ("argument", Map),
            ("earliest", MAYBE_TEXT),
            ("latest", MAYBE_TEXT),
            ("depth", Integer),
            ("state", Text),
            ("queued_at", Text),
            ("due_at", Text),
            ("attempts", Integer),
            ("started_at", MAYBE_TEXT),
            ("finished_at", MAYBE_TEXT),
            ("outcome", MAYBE_TEXT),
        ]),
    ),
    (
        "AuditEntry",
        Object(&[
            ("at", Text),
            ("actor", Text),
            ("credential", Text),
            ("address", Text),
            ("action", Text),
            ("subject", Text),
            ("status", Integer),
            ("times", Integer),
            ("request_id", Text),
        ]),
    ),
    (
        "Token",
        Object(&[
            ("id", Text),
            ("name", Text),
            ("label", Text),
            ("roles", TEXTS),
            ("scopes", TEXTS),
            ("created", Text),
            ("expires", MAYBE_TEXT),
            ("last_used?", MAYBE_TEXT),
            ("token?", Text),
        ]),
    ),
    ("DataSetToken", Object(&[("name", Text), ("bearer_token", Text), ("previous_good_until", MAYBE_TEXT)])),
    ("Problem", Object(&[("module", Text), ("problem", Text)])),
];

/// The kinds of things that are configured: where they are, and what one of them looks like.
const THINGS: &[(&str, &str)] = &[
    ("/data-groups", "DataGroup"),
    ("/data-types", "DataType"),
    ("/data-sets", "DataSet"),
    ("/users", "User"),
    ("/dashboards", "Dashboard"),
    ("/dashboard", "Dashboard"),
    ("/modules", "Module"),
    ("/module", "Module"),
    ("/module-type", "ModuleType"),
    ("/organisation/type", "OrganisationType"),
    ("/organisation/node", "Organisation"),
    ("/transform-type", "TransformType"),
    ("/transform", "Transform"),
    ("/provider", "Provider"),
    ("/data-source", "DataSource"),
    ("/collector-type", "CollectorType"),
    ("/collector", "Collector"),
];

/// What an operation answers; none if it is no JSON, or nothing.
pub fn of(operation: &Operation) -> Option<Form> {
    let Some(path) = operation.path.strip_prefix("/admin-api") else {
        return match (operation.method, operation.path) {
            ("options", _) | (_, "/metrics" | "/docs") => None,
            (_, "/openapi.json") => Some(Map),
            (_, "/_health") => Some(Named("Health")),
            (_, "/_status/data-sets") => Some(Named("LateDataSets")),
            ("get", "/data/{data_group}/{data_type}" | "/{data_set_name}") => Some(Named("Rows")),
            _ => Some(Named("Done")),
        };
    };
    Some(match (operation.method, path) {
        (_, "/_status") => Named("Done"),
        (_, "/_status/data-sets") => Object(&[("message", Text)]),
        // The list, or with `slug` one dashboard as pages read it.
        (_, "/public/dashboards") => Map,
        (_, "/data-sets/{name}/users") => Many("User"),
        (_, "/data-sets/{name}/dashboard" | "/transactions-explorer-service/{id}/dashboard") => {
            Many("Dashboard")
        }
        (_, "/data-sets/{name}/transform") => Many("Transform"),
        (_, "/data-sets/{name}/token") => Named("DataSetToken"),
        (_, "/dashboard/{id}/problems") => Many("Problem"),
        (_, "/jobs") => Many("Job"),
        (_, "/jobs/{id}") => Named("Job"),
        (_, "/audit-log") => Many("AuditEntry"),
        (_, "/users/{email}/roles") => Named("Roles"),
        ("get", "/tokens") => Many("Token"),
        ("post", "/tokens") => Named("Token"),
        ("delete", "/tokens/{id}") => ID,
        ("get", "/dashboard" | "/dashboards") => Many("DashboardInList"),
        (method, path) => {
            let (place, thing) = THINGS.iter().find(|(place, _)| {
                path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with("/{id}"))
            })?;
            match (method, &path[place.len()..]) {
                ("get", "") => Many(thing),
                (_, "/{id}/history") => Many("Change"),
                (_, "/{id}/history/{version}") => Named("Version"),
                ("get", "/{id}/module") => Many("Module"),
                ("post", "/{id}/module") => Named("Module"),
                ("get", "/{id}/ancestors") => Many("Organisation"),
                _ => Named(thing),
            }
        }
    })
}

/// Adds the named forms.
pub fn add_to(components: ComponentsBuilder) -> ComponentsBuilder {
    NAMED.iter().fold(components, |components, (name, form)| components.schema(*name, schema(form)))
}

/// A form as the description has it.
pub fn schema(form: &Form) -> RefOr<Schema> {
    let of = |kind: Type| RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(kind).build()));
    match form {
        Text => of(Type::String),
        Integer => of(Type::Integer),
        Truth => of(Type::Boolean),
        Map => of(Type::Object),
        Any => RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(SchemaType::AnyValue).build())),
        OrNull(form) => {
            let either = utoipa::openapi::OneOfBuilder::new().item(of(Type::Null)).item(schema(form));
            RefOr::T(Schema::OneOf(either.build()))
        }
        List(form) => RefOr::T(Schema::Array(ArrayBuilder::new().items(schema(form)).build())),
        Many(name) => RefOr::T(Schema::Array(ArrayBuilder::new().items(schema(&Named(name))).build())),
        Object(fields) => {
            let object =
                fields.iter().fold(ObjectBuilder::new().schema_type(Type::Object), |object, (name, form)| {
                    let field = name.trim_end_matches('?');
                    let object = object.property(field, schema(form));
                    if field.len() == name.len() { object.required(field) } else { object }
                });
            RefOr::T(Schema::Object(object.build()))
        }
        Named(name) => RefOr::Ref(Ref::from_schema_name(*name)),
    }
}
