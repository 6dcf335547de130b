//! Data sets: one data group and one data type, and how the records of the pair are written and read.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::RegistryError;
use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::record_schema::UsualSchema;

/// A data set's configuration.
#[derive(Clone, PartialEq)]
pub struct DataSet {
    /// Its number, in the order of creation; never shown.
    pub id: i64,
    /// Its name, which never changes: lower-case letters, digits and underscores.
    pub name: String,
    pub(crate) data_group_id: i64,
    /// The name of its data group.
    pub data_group: String,
    pub(crate) data_type_id: i64,
    /// The name of its data type.
    pub data_type: String,
    /// What a writer must present; without one nobody can write.
    pub bearer_token: Option<String>,
    /// The token before that one, and until when it is still good.
    pub previous_token: Option<(String, DateTime<Utc>)>,
    /// Whether queries may ask for single records.
    pub raw_queries_allowed: bool,
    /// Whether it can be read at all.
    pub queryable: bool,
    /// Whether it is finished and shown, and so protected from deletion.
    pub published: bool,
    /// Whether its records show the present moment, so that answers are cached for a short time only.
    pub realtime: bool,
    /// The size in bytes past which the oldest records go; none or 0: never.
    pub capped_size: Option<i64>,
    /// For how many days records are kept, by their `_timestamp`; none or 0: for ever.
    pub retention_days: Option<i64>,
    /// The seconds after which it counts as stale; none: it is not watched.
    pub max_age_expected: Option<i64>,
    /// The fields whose values make up the identifier of a record.
    pub auto_ids: Vec<String>,
    /// `csv` or `excel` where people upload files; otherwise empty.
    pub upload_format: String,
    /// What uploaded files pass through, by name.
    pub upload_filters: Vec<String>,
    /// A JSON schema of its own for its records, in the place of the one that follows from its data type.
    pub schema: Option<Value>,
    /// The name of the licence of its records; empty: that of the dashboard or of the site.
    pub licence: String,
    /// Where the text of that licence is; empty: nowhere.
    pub licence_url: String,
    /// The e-mail addresses of those who may see and change it.
    pub owners: BTreeSet<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its configuration was last changed.
    pub modified_at: DateTime<Utc>,
}

/// The token is a secret.
impl std::fmt::Debug for DataSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DataSet")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Which data sets to list; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct DataSetFilter {
    /// Only those of the data group of this name.
    pub data_group: Option<String>,
    /// Only those of the data type of this name.
    pub data_type: Option<String>,
    /// Only those owned by this e-mail address.
    pub owner: Option<String>,
}

impl DataSetFilter {
    /// Whether the data set is wanted.
    #[must_use]
    pub fn accepts(&self, data_set: &DataSet) -> bool {
        self.data_group.as_ref().is_none_or(|group| *group == data_set.data_group)
            && self.data_type.as_ref().is_none_or(|data_type| *data_type == data_set.data_type)
            && self.owner.as_ref().is_none_or(|owner| data_set.owners.contains(owner))
    }
}

/// The admin API's form of a data set.
#[derive(Serialize)]
struct Form<'a> {
    name: &'a str,
    data_group: &'a str,
    data_type: &'a str,
    raw_queries_allowed: bool,
    bearer_token: &'a str,
    upload_format: &'a str,
    upload_filters: &'a [String],
    auto_ids: &'a [String],
    queryable: bool,
    realtime: bool,
    capped_size: Option<i64>,
    max_age_expected: Option<i64>,
    published: bool,
    schema: SchemaForm<'a>,
    /// Older clients know nothing of this and what follows, and see it only where somebody has set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_days: Option<i64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    licence: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    licence_url: &'a str,
}

/// The schema of its records.
#[derive(Serialize)]
#[serde(untagged)]
enum SchemaForm<'a> {
    Own(&'a Value),
    Usual(UsualSchema<'a>),
}

impl DataSet {
    /// The name that a data set has unless it was given another.
    #[must_use]
    pub fn default_name(data_group: &str, data_type: &str) -> String {
        format!("{data_group}_{data_type}").replace('-', "_")
    }

    /// Whether a token allows writing at this moment: the one that the data set has, or the one before while it is good. Takes
    /// the same time wherever they differ.
    #[must_use]
    pub fn accepts_token(&self, token: &str, now: DateTime<Utc>) -> bool {
        let is = |own: &str| !own.is_empty() && bool::from(own.as_bytes().ct_eq(token.as_bytes()));
        let previous = self.previous_token.as_ref();
        self.bearer_token.as_deref().is_some_and(is)
            || previous.is_some_and(|(previous, until)| is(previous) && now < *until)
    }

    /// The JSON schema that its records have to satisfy.
    #[must_use]
    pub fn record_schema(&self) -> Value {
        json!(self.schema_form())
    }

    /// The admin API's form. It contains the token: only those who may write see it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!(self.form())
    }

    /// The same, to be written.
    #[must_use]
    pub fn form(&self) -> impl Serialize + '_ {
        Form {
            name: &self.name,
            data_group: &self.data_group,
            data_type: &self.data_type,
            raw_queries_allowed: self.raw_queries_allowed,
            bearer_token: self.bearer_token.as_deref().unwrap_or_default(),
            upload_format: &self.upload_format,
            upload_filters: &self.upload_filters,
            auto_ids: &self.auto_ids,
            queryable: self.queryable,
            realtime: self.realtime,
            capped_size: self.capped_size,
            max_age_expected: self.max_age_expected,
            published: self.published,
            schema: self.schema_form(),
            retention_days: self.retention_days,
            licence: &self.licence,
            licence_url: &self.licence_url,
        }
    }

    fn schema_form(&self) -> SchemaForm<'_> {
        match &self.schema {
            Some(schema) => SchemaForm::Own(schema),
            None => SchemaForm::Usual(UsualSchema::of(&self.data_group, &self.data_type)),
        }
    }
}

/// Splits a list as people write it: commas between, blanks around do not count.
#[must_use]
pub fn split_list(text: &str) -> Vec<String> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    text.split(',').map(|part| part.trim().to_owned()).collect()
}

impl Row for DataSet {
    const TABLE: &'static str = "data_sets";
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "data_group_id",
        "data_type_id",
        "bearer_token",
        "raw_queries_allowed",
        "queryable",
        "published",
        "realtime",
        "capped_size",
        "max_age_expected",
        "auto_ids",
        "upload_format",
        "upload_filters",
        "record_schema",
        "owners",
        "created_at",
        "modified_at",
        "previous_token",
        "previous_token_until",
        "retention_days",
        "licence",
        "licence_url",
    ];

    fn to_row(&self) -> Vec<Column> {
        vec![
            self.id.into(),
            self.name.as_str().into(),
            self.data_group_id.into(),
            self.data_type_id.into(),
            self.bearer_token.as_deref().unwrap_or_default().into(),
            self.raw_queries_allowed.into(),
            self.queryable.into(),
            self.published.into(),
            self.realtime.into(),
            self.capped_size.into(),
            self.max_age_expected.into(),
            (&json!(self.auto_ids)).into(),
            self.upload_format.as_str().into(),
            (&json!(self.upload_filters)).into(),
            Column::NullableText(self.schema.as_ref().map(Value::to_string)),
            (&json!(self.owners)).into(),
            self.created_at.into(),
            self.modified_at.into(),
            self.previous_token.as_ref().map(|(token, _)| token.as_str()).into(),
            self.previous_token.as_ref().map(|(_, until)| *until).into(),
            self.retention_days.into(),
            self.licence.as_str().into(),
            self.licence_url.as_str().into(),
        ]
    }

    /// The names of the data group and data type are in their own tables: see [`fill_names`].
    fn from_row(row: &mut RowReader<'_>) -> Result<DataSet, RegistryError> {
        Ok(DataSet {
            id: row.integer()?,
            name: row.text()?,
            data_group_id: row.integer()?,
            data_group: String::new(),
            data_type_id: row.integer()?,
            data_type: String::new(),
            bearer_token: Some(row.text()?).filter(|token| !token.is_empty()),
            raw_queries_allowed: row.truth()?,
            queryable: row.truth()?,
            published: row.truth()?,
            realtime: row.truth()?,
            capped_size: row.nullable_integer()?,
            max_age_expected: row.nullable_integer()?,
            auto_ids: row.json()?,
            upload_format: row.text()?,
            upload_filters: row.json()?,
            schema: row.nullable_json()?,
            owners: row.json()?,
            created_at: row.time()?,
            modified_at: row.time()?,
            previous_token: row.nullable_text()?.zip(row.nullable_time()?),
            retention_days: row.nullable_integer()?,
            licence: row.text()?,
            licence_url: row.text()?,
        })
    }
}

/// Gives data sets that were just read the names of their data groups and data types.
pub(crate) fn fill_names(data_sets: &mut [DataSet], catalog: &Catalog) -> Result<(), RegistryError> {
    let groups: HashMap<i64, &str> =
        catalog.data_groups.values().map(|group| (group.id, group.name.as_str())).collect();
    let types: HashMap<i64, &str> =
        catalog.data_types.values().map(|data_type| (data_type.id, data_type.name.as_str())).collect();
    for data_set in data_sets {
        let found = (groups.get(&data_set.data_group_id), types.get(&data_set.data_type_id));
        let (Some(group), Some(data_type)) = found else {
            let reason = format!("{} has no data group or no data type", data_set.name);
            return Err(RegistryError::Corrupt { table: DataSet::TABLE, reason });
        };
        data_set.data_group = (*group).to_owned();
        data_set.data_type = (*data_type).to_owned();
    }
    Ok(())
}

entity!(DataSet, i64, id, data_sets);
