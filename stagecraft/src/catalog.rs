//! The whole configuration at one moment, in memory, with the indexes that the hot lookups use.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sqlx::AnyConnection;

use crate::dashboard::Dashboard;
use crate::data_group::DataGroup;
use crate::data_set::{DataSet, DataSetFilter};
use crate::data_type::DataType;
use crate::database::{Row, read_all, stored_version};
use crate::{RegistryError, data_set};

/// Everything of one kind, by key. Copying a table copies one pointer; changing a copy copies the table of pointers.
pub(crate) type Table<T> = Arc<BTreeMap<<T as Entity>::Key, Arc<T>>>;

/// A kind of thing that the catalog holds.
pub(crate) trait Entity: Row + Clone + Send + Sync + 'static {
    /// What identifies one.
    type Key: Ord + Clone + Into<crate::database::Column> + Send + Sync;
    /// The key of this one.
    fn key(&self) -> Self::Key;
    /// Where the catalog keeps them.
    fn table(catalog: &Catalog) -> &Table<Self>;
    /// The same, for a change.
    fn table_mut(catalog: &mut Catalog) -> &mut Table<Self>;
}

/// One state of the configuration. Immutable once it can be seen; cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub(crate) version: u64,
    pub(crate) data_groups: Table<DataGroup>,
    pub(crate) data_types: Table<DataType>,
    pub(crate) data_sets: Table<DataSet>,
    pub(crate) dashboards: Table<Dashboard>,
    index: Index,
}

/// Ways to things other than their keys. Rebuilt when an edit is done.
#[derive(Debug, Clone, Default)]
struct Index {
    data_sets: Arc<DataSetIndex>,
}

#[derive(Debug, Default)]
struct DataSetIndex {
    by_name: HashMap<String, Arc<DataSet>>,
    by_group_and_type: HashMap<String, HashMap<String, Arc<DataSet>>>,
}

impl Catalog {
    /// Reads the whole catalog, as it is at one moment.
    pub(crate) async fn load(connection: &mut AnyConnection) -> Result<Catalog, RegistryError> {
        loop {
            let version = stored_version(connection).await?;
            let mut catalog = Catalog { version, ..Catalog::default() };
            catalog.read(connection).await?;
            // Isolation differs between databases; this way the tables belong together on all of them.
            if stored_version(connection).await? == version {
                catalog.finish(None);
                return Ok(catalog);
            }
        }
    }

    async fn read(&mut self, connection: &mut AnyConnection) -> Result<(), RegistryError> {
        self.data_groups = table(read_all(connection).await?);
        self.data_types = table(read_all(connection).await?);
        let mut data_sets = read_all(connection).await?;
        data_set::fill_names(&mut data_sets, self)?;
        self.data_sets = table(data_sets);
        self.dashboards = table(read_all(connection).await?);
        Ok(())
    }

    /// Brings the indexes up to date, as far as the tables differ from those of `before`.
    pub(crate) fn finish(&mut self, before: Option<&Catalog>) {
        if before.is_none_or(|before| !Arc::ptr_eq(&before.data_sets, &self.data_sets)) {
            let mut index = DataSetIndex::default();
            for data_set in self.data_sets.values() {
                index.by_name.insert(data_set.name.clone(), data_set.clone());
                let of_group = index.by_group_and_type.entry(data_set.data_group.clone()).or_default();
                of_group.insert(data_set.data_type.clone(), data_set.clone());
            }
            self.index.data_sets = Arc::new(index);
        }
    }

    /// Grows with every change of the configuration.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The data group of this name.
    #[must_use]
    pub fn data_group(&self, name: &str) -> Option<Arc<DataGroup>> {
        self.data_groups.values().find(|group| group.name == name).cloned()
    }

    /// All data groups, oldest first.
    pub fn data_groups(&self) -> impl Iterator<Item = &Arc<DataGroup>> {
        self.data_groups.values()
    }

    /// The data type of this name.
    #[must_use]
    pub fn data_type(&self, name: &str) -> Option<Arc<DataType>> {
        self.data_types.values().find(|data_type| data_type.name == name).cloned()
    }

    /// All data types, oldest first.
    pub fn data_types(&self) -> impl Iterator<Item = &Arc<DataType>> {
        self.data_types.values()
    }

    /// The data set of this name.
    #[must_use]
    pub fn data_set(&self, name: &str) -> Option<Arc<DataSet>> {
        self.index.data_sets.by_name.get(name).cloned()
    }

    /// The data set of this data group and data type.
    #[must_use]
    pub fn data_set_by(&self, group: &str, data_type: &str) -> Option<Arc<DataSet>> {
        self.index.data_sets.by_group_and_type.get(group)?.get(data_type).cloned()
    }

    /// The data sets that pass the filter, oldest first.
    pub fn data_sets<'a>(&'a self, filter: &'a DataSetFilter) -> impl Iterator<Item = &'a Arc<DataSet>> {
        self.data_sets.values().filter(|data_set| filter.accepts(data_set))
    }
}

fn table<T: Entity>(things: Vec<T>) -> Table<T> {
    Arc::new(things.into_iter().map(|thing| (thing.key(), Arc::new(thing))).collect())
}
