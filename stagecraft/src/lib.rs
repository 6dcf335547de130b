//! The registry: what data sets there are and who may do what with them, what dashboards show, and everything else that
//! is configured rather than measured. It never touches records and renders nothing.
//!
//! All of it is small, so all of it is held in memory: a [`Catalog`] is one immutable state of the whole configuration.
//! Reading is synchronous and takes microseconds. Writing goes the other way round:
//!
//! ```text
//!   Registry::edit(author, |edit| ...)   a closure changes a copy of the catalog through an `Edit`, which checks every rule
//!        |                               and notes each row it puts or removes
//!        v
//!   database/                            the noted rows are written in one transaction, which also counts up the version
//!        |
//!        v
//!   Registry                             the copy becomes the catalog that everybody reads
//! ```
//!
//! The database is SQLite in a file by default and PostgreSQL by URL; the same SQL serves both.
//! One file is one kind of thing: [`data_group`], [`data_type`], [`data_set`], [`dashboard`] and so on.

pub mod audit;
mod catalog;
pub mod collector;
pub mod collector_type;
pub mod dashboard;
mod dashboard_texts;
mod dashboard_version;
pub mod data_group;
pub mod data_set;
mod data_set_changes;
pub mod data_source;
pub mod data_type;
mod database;
mod edit;
mod error;
pub mod history;
mod import;
pub mod job;
pub mod module;
mod module_tree;
pub mod module_type;
pub mod node;
pub mod password;
pub mod provider;
pub mod public;
mod query_parameters;
pub mod record_schema;
mod registry;
mod removal;
pub mod role;
mod schema;
pub mod scope;
mod secret;
mod seed;
pub mod session;
pub mod token;
pub mod transform;
pub mod user;
mod validate;

pub use audit::{AuditEntry, AuditFilter};
pub use catalog::Catalog;
pub use collector::{Collector, NewCollector};
pub use collector_type::{CollectorType, NewCollectorType};
pub use dashboard::{Dashboard, DashboardChanges, Link, LinkKind};
pub use data_group::DataGroup;
pub use data_set::{DataSet, DataSetFilter};
pub use data_set_changes::{DataSetChanges, NewDataSet};
pub use data_source::{DataSource, NewDataSource};
pub use data_type::DataType;
pub use edit::Edit;
pub use error::RegistryError;
pub use history::{FieldChange, HistoryEntry};
pub use job::{Job, JobState, NewJob, QueuedJob, TimeRange};
pub use module::{Module, ModuleEntry};
pub use module_tree::{ModuleForm, ModuleTree};
pub use module_type::ModuleType;
pub use node::{NewNode, Node, NodeType};
pub use provider::Provider;
pub use registry::{Registry, RegistryOptions};
pub use role::{Action, Role, Subject};
pub use scope::Scope;
pub use secret::SecretKey;
pub use session::Session;
pub use token::{AccessToken, NewToken};
pub use transform::{NewTransform, Transform, TransformType};
pub use user::User;
pub use uuid::Uuid;
