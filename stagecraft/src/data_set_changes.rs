//! Making, changing and removing data sets.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use crate::collector::Collector;
use crate::data_group::DataGroup;
use crate::data_set::DataSet;
use crate::data_type::DataType;
use crate::validate::{ALL_FIELDS, FieldErrors};
use crate::{Edit, RegistryError};

/// A data set to be made.
#[derive(Debug, Clone, Default)]
pub struct NewDataSet {
    /// The name of an existing data group.
    pub data_group: String,
    /// The name of an existing data type.
    pub data_type: String,
    /// A name other than the one that follows from the two, as data sets of older systems may have.
    pub name: Option<String>,
    /// The settings that differ from the usual ones.
    pub settings: DataSetChanges,
}

impl NewDataSet {
    /// A data set with the usual settings.
    #[must_use]
    pub fn of(data_group: &str, data_type: &str) -> NewDataSet {
        NewDataSet {
            data_group: data_group.to_owned(),
            data_type: data_type.to_owned(),
            ..NewDataSet::default()
        }
    }
}

/// Settings of a data set to be changed; what is `None` stays as it is.
#[derive(Clone, Default)]
pub struct DataSetChanges {
    /// See [`DataSet::bearer_token`]; empty: none.
    pub bearer_token: Option<String>,
    /// See [`DataSet::raw_queries_allowed`].
    pub raw_queries_allowed: Option<bool>,
    /// See [`DataSet::queryable`].
    pub queryable: Option<bool>,
    /// See [`DataSet::published`].
    pub published: Option<bool>,
    /// See [`DataSet::realtime`].
    pub realtime: Option<bool>,
    /// See [`DataSet::capped_size`].
    pub capped_size: Option<Option<i64>>,
    /// See [`DataSet::retention_days`].
    pub retention_days: Option<Option<i64>>,
    /// See [`DataSet::max_age_expected`].
    pub max_age_expected: Option<Option<i64>>,
    /// See [`DataSet::auto_ids`].
    pub auto_ids: Option<Vec<String>>,
    /// See [`DataSet::upload_format`].
    pub upload_format: Option<String>,
    /// See [`DataSet::upload_filters`].
    pub upload_filters: Option<Vec<String>>,
    /// See [`DataSet::schema`].
    pub schema: Option<Option<Value>>,
    /// See [`DataSet::licence`].
    pub licence: Option<String>,
    /// See [`DataSet::licence_url`].
    pub licence_url: Option<String>,
    /// See [`DataSet::owners`].
    pub owners: Option<BTreeSet<String>>,
}

/// The token is a secret.
impl std::fmt::Debug for DataSetChanges {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DataSetChanges").finish_non_exhaustive()
    }
}

impl DataSet {
    fn apply(&mut self, changes: &DataSetChanges) {
        fn set<T: Clone>(field: &mut T, change: &Option<T>) {
            if let Some(value) = change {
                field.clone_from(value);
            }
        }
        if let Some(token) = &changes.bearer_token {
            self.bearer_token = Some(token.clone()).filter(|token| !token.is_empty());
            // Whoever sets a token may have to shut somebody out: the one before is good no more.
            self.previous_token = None;
        }
        set(&mut self.raw_queries_allowed, &changes.raw_queries_allowed);
        set(&mut self.queryable, &changes.queryable);
        set(&mut self.published, &changes.published);
        set(&mut self.realtime, &changes.realtime);
        set(&mut self.capped_size, &changes.capped_size);
        set(&mut self.retention_days, &changes.retention_days);
        set(&mut self.max_age_expected, &changes.max_age_expected);
        set(&mut self.auto_ids, &changes.auto_ids);
        set(&mut self.upload_format, &changes.upload_format);
        set(&mut self.upload_filters, &changes.upload_filters);
        set(&mut self.schema, &changes.schema);
        set(&mut self.licence, &changes.licence);
        set(&mut self.licence_url, &changes.licence_url);
        set(&mut self.owners, &changes.owners);
    }

    fn check(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        errors.only(
            "name",
            &self.name,
            |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_',
            "Only lowercase alphanumeric characters and underscores are allowed.",
        );
        errors.at_most("name", &self.name, 200);
        errors.at_most("bearer_token", self.bearer_token.as_deref().unwrap_or_default(), 255);
        errors.at_most("upload_format", &self.upload_format, 255);
        errors.at_most("licence", &self.licence, 100);
        errors.at_most("licence_url", &self.licence_url, 200);
        errors.web_address("licence_url", &self.licence_url);
        errors.not_negative("capped_size", self.capped_size);
        errors.not_negative("retention_days", self.retention_days);
        errors.not_negative("max_age_expected", self.max_age_expected);
        errors
    }
}

impl Edit {
    /// Makes a data set, owned by the author of the edit.
    ///
    /// # Errors
    /// If the data group or data type does not exist, they have a data set already, the name is taken, or a setting breaks
    /// the rules.
    pub fn create_data_set(&mut self, new: &NewDataSet) -> Result<Arc<DataSet>, RegistryError> {
        let group: Arc<DataGroup> = self.catalog().data_group(&new.data_group).ok_or_else(|| {
            RegistryError::Invalid(format!("No data group with name '{}' found", new.data_group))
        })?;
        let data_type: Arc<DataType> = self.catalog().data_type(&new.data_type).ok_or_else(|| {
            RegistryError::Invalid(format!("No data type with name '{}' found", new.data_type))
        })?;
        let name = match &new.name {
            Some(name) => name.clone(),
            None => DataSet::default_name(&group.name, &data_type.name),
        };
        let owners = self.author_as_owner()?;
        let mut data_set = DataSet {
            id: self.next_id::<DataSet>(),
            name,
            data_group_id: group.id,
            data_group: group.name.clone(),
            data_type_id: data_type.id,
            data_type: data_type.name.clone(),
            bearer_token: None,
            previous_token: None,
            raw_queries_allowed: true,
            queryable: true,
            published: false,
            realtime: false,
            capped_size: None,
            retention_days: None,
            licence: String::new(),
            licence_url: String::new(),
            max_age_expected: Some(86_400),
            auto_ids: Vec::new(),
            upload_format: String::new(),
            upload_filters: Vec::new(),
            schema: None,
            owners,
            created_at: self.now(),
            modified_at: self.now(),
        };
        data_set.apply(&new.settings);
        let mut errors = data_set.check();
        if new.name.is_some() {
            errors.required("name", &data_set.name);
        }
        let same_pair = |other: &&Arc<DataSet>| {
            other.data_group_id == data_set.data_group_id && other.data_type_id == data_set.data_type_id
        };
        if self.all::<DataSet>().any(|other| same_pair(&other)) {
            errors.add(ALL_FIELDS, "Data set with this Data group and Data type already exists.");
        }
        errors.into_result()?;
        // Two pairs may lead to one name: `a-b` and `c`, `a` and `b-c`.
        if self.all::<DataSet>().any(|other| other.name == data_set.name) {
            return Err(RegistryError::Conflict(format!("a data set named {} exists", data_set.name)));
        }
        Ok(self.put(data_set))
    }

    /// Changes the settings of a data set. Its name, data group and data type stay.
    ///
    /// # Errors
    /// If there is no such data set, or a setting breaks the rules.
    pub fn update_data_set(
        &mut self,
        name: &str,
        changes: &DataSetChanges,
    ) -> Result<Arc<DataSet>, RegistryError> {
        let old = self.find_data_set(name)?;
        let mut data_set = DataSet { modified_at: self.now(), ..DataSet::clone(&old) };
        data_set.apply(changes);
        data_set.check().into_result()?;
        Ok(self.put(data_set))
    }

    /// Gives a data set a new token, which is told in the answer. The one before stays good for `overlap`, so that writers
    /// can change over one after another.
    ///
    /// # Errors
    /// If there is no such data set.
    pub fn rotate_data_set_token(
        &mut self,
        name: &str,
        overlap: TimeDelta,
    ) -> Result<(Arc<DataSet>, String), RegistryError> {
        let old = self.find_data_set(name)?;
        let token = crate::token::random();
        let until = self.now() + overlap;
        let data_set = DataSet {
            modified_at: self.now(),
            bearer_token: Some(token.clone()),
            previous_token: old.bearer_token.clone().map(|previous| (previous, until)),
            ..DataSet::clone(&old)
        };
        Ok((self.put(data_set), token))
    }

    /// Removes a data set with the modules that show it and the collectors that fill it, and answers what it was.
    /// Its records are the store's business.
    ///
    /// # Errors
    /// If there is no such data set, or it or a dashboard that shows it is published.
    pub fn delete_data_set(&mut self, name: &str) -> Result<Arc<DataSet>, RegistryError> {
        let data_set = self.find_data_set(name)?;
        if data_set.published {
            return Err(RegistryError::Invalid("cannot delete published resource".into()));
        }
        let showing = self.catalog().dashboards_showing(&data_set);
        if let Some(dashboard) = showing.iter().find(|dashboard| dashboard.published()) {
            let title = &dashboard.title;
            let message =
                format!("the published dashboard '{title}' shows this data set: unpublish it first");
            return Err(RegistryError::Invalid(message));
        }
        self.remove_modules(|module| module.data_set_id == Some(data_set.id));
        let collectors = self.all::<Collector>().filter(|collector| collector.data_set_id == data_set.id);
        let collectors: Vec<_> = collectors.map(|collector| collector.id).collect();
        for id in &collectors {
            self.remove::<Collector>(id);
        }
        self.remove::<DataSet>(&data_set.id);
        Ok(data_set)
    }

    fn find_data_set(&self, name: &str) -> Result<Arc<DataSet>, RegistryError> {
        self.catalog().data_set(name).ok_or_else(RegistryError::no_such_item)
    }
}
