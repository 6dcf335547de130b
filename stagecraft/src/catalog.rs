//! The whole configuration at one moment, in memory, with the indexes that the hot lookups use.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use sqlx::AnyConnection;

use crate::collector::Collector;
use crate::collector_type::CollectorType;
use crate::dashboard::Dashboard;
use crate::data_group::DataGroup;
use crate::data_set::{DataSet, DataSetFilter};
use crate::data_source::DataSource;
use crate::data_type::DataType;
use crate::database::{Row, read_all, stored_version};
use crate::module::Module;
use crate::module_tree::ModuleIndex;
use crate::module_type::ModuleType;
use crate::node::{Node, NodeType};
use crate::provider::Provider;
use crate::public::PublicDocuments;
use crate::token::AccessToken;
use crate::transform::{Transform, TransformType};
use crate::user::User;
use crate::{RegistryError, Uuid, data_set, token, transform};

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

/// Says where the catalog keeps the things of a kind, and by which field.
macro_rules! entity {
    ($kind:ty, $key:ty, $field:ident, $table:ident) => {
        impl Entity for $kind {
            type Key = $key;

            fn key(&self) -> $key {
                self.$field
            }

            fn table(catalog: &Catalog) -> &Table<$kind> {
                &catalog.$table
            }

            fn table_mut(catalog: &mut Catalog) -> &mut Table<$kind> {
                &mut catalog.$table
            }
        }
    };
}
pub(crate) use entity;

/// One state of the configuration. Immutable once it can be seen; cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub(crate) version: u64,
    pub(crate) data_groups: Table<DataGroup>,
    pub(crate) data_types: Table<DataType>,
    pub(crate) data_sets: Table<DataSet>,
    pub(crate) users: Table<User>,
    pub(crate) access_tokens: Table<AccessToken>,
    pub(crate) node_types: Table<NodeType>,
    pub(crate) nodes: Table<Node>,
    pub(crate) module_types: Table<ModuleType>,
    pub(crate) dashboards: Table<Dashboard>,
    pub(crate) modules: Table<Module>,
    pub(crate) transform_types: Table<TransformType>,
    pub(crate) transforms: Table<Transform>,
    pub(crate) providers: Table<Provider>,
    pub(crate) data_sources: Table<DataSource>,
    pub(crate) collector_types: Table<CollectorType>,
    pub(crate) collectors: Table<Collector>,
    pub(crate) public_documents: Arc<PublicDocuments>,
    data_set_index: Arc<DataSetIndex>,
    pub(crate) module_index: Arc<ModuleIndex>,
    /// As of the last change that was finished.
    pub(crate) tokens_by_hash: Arc<HashMap<String, Uuid>>,
    tokens_indexed: Table<AccessToken>,
    /// By the data type that they read, as of the last change that was finished.
    pub(crate) transforms_by_input: Arc<HashMap<i64, Vec<Arc<Transform>>>>,
    transforms_indexed: Table<Transform>,
}

/// Ways to data sets other than their keys. During an edit it is out of date, which `table` tells, and not used.
#[derive(Debug, Default)]
struct DataSetIndex {
    table: Table<DataSet>,
    by_name: HashMap<String, Arc<DataSet>>,
    by_group_and_type: HashMap<String, HashMap<String, Arc<DataSet>>>,
    /// Hashes of their tokens, also of those that are being replaced.
    tokens: HashSet<String>,
}

impl DataSetIndex {
    fn new(table: &Table<DataSet>) -> DataSetIndex {
        let mut index = DataSetIndex { table: table.clone(), ..DataSetIndex::default() };
        for data_set in table.values() {
            index.by_name.insert(data_set.name.clone(), data_set.clone());
            let of_group = index.by_group_and_type.entry(data_set.data_group.clone()).or_default();
            of_group.insert(data_set.data_type.clone(), data_set.clone());
            let previous = data_set.previous_token.as_ref().map(|(token, _)| token);
            let tokens = data_set.bearer_token.as_ref().into_iter().chain(previous);
            index.tokens.extend(tokens.map(|token| token::hash(token)));
        }
        index
    }
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
                catalog.finish();
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
        self.users = table(read_all(connection).await?);
        self.access_tokens = table(read_all(connection).await?);
        self.node_types = table(read_all(connection).await?);
        self.nodes = table(read_all(connection).await?);
        self.module_types = table(read_all(connection).await?);
        self.dashboards = table(read_all(connection).await?);
        self.modules = table(read_all(connection).await?);
        self.transform_types = table(read_all(connection).await?);
        self.transforms = table(read_all(connection).await?);
        self.providers = table(read_all(connection).await?);
        self.data_sources = table(read_all(connection).await?);
        self.collector_types = table(read_all(connection).await?);
        self.collectors = table(read_all(connection).await?);
        Ok(())
    }

    /// Brings the indexes up to date.
    pub(crate) fn finish(&mut self) {
        if !self.data_sets_are_indexed() {
            self.data_set_index = Arc::new(DataSetIndex::new(&self.data_sets));
        }
        if !Arc::ptr_eq(&self.tokens_indexed, &self.access_tokens) {
            self.tokens_by_hash = Arc::new(token::by_hash(&self.access_tokens));
            self.tokens_indexed = self.access_tokens.clone();
        }
        if !self.module_index.is_of(&self.modules) {
            self.module_index = Arc::new(ModuleIndex::new(&self.modules));
        }
        if !Arc::ptr_eq(&self.transforms_indexed, &self.transforms) {
            self.transforms_by_input = Arc::new(transform::by_input(&self.transforms));
            self.transforms_indexed = self.transforms.clone();
        }
        self.public_documents = Arc::default();
    }

    fn data_sets_are_indexed(&self) -> bool {
        Arc::ptr_eq(&self.data_set_index.table, &self.data_sets)
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
        if self.data_sets_are_indexed() {
            return self.data_set_index.by_name.get(name).cloned();
        }
        self.data_sets.values().find(|data_set| data_set.name == name).cloned()
    }

    /// The data set of this data group and data type.
    #[must_use]
    pub fn data_set_by(&self, group: &str, data_type: &str) -> Option<Arc<DataSet>> {
        if self.data_sets_are_indexed() {
            return self.data_set_index.by_group_and_type.get(group)?.get(data_type).cloned();
        }
        let is_it = |set: &&Arc<DataSet>| set.data_group == group && set.data_type == data_type;
        self.data_sets.values().find(is_it).cloned()
    }

    /// Whether this is the token of some data set, or the one before it.
    #[must_use]
    pub fn is_data_set_token(&self, token: &str) -> bool {
        self.data_set_index.tokens.contains(&token::hash(token))
    }

    /// The data sets that pass the filter, oldest first.
    pub fn data_sets<'a>(&'a self, filter: &'a DataSetFilter) -> impl Iterator<Item = &'a Arc<DataSet>> {
        self.data_sets.values().filter(|data_set| filter.accepts(data_set))
    }
}

fn table<T: Entity>(things: Vec<T>) -> Table<T> {
    Arc::new(things.into_iter().map(|thing| (thing.key(), Arc::new(thing))).collect())
}
