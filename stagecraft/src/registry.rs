//! The registry itself: a catalog that everybody reads, and the one way to change it.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::Mutex;

use crate::data_set::{DataSet, DataSetFilter};
use crate::data_set_changes::{DataSetChanges, NewDataSet};
use crate::database::{Database, stored_version};
use crate::secret::{SecretKey, Secrets};
use crate::{Catalog, DataGroup, DataType, Edit, RegistryError};

/// What a registry needs besides its database.
#[derive(Clone)]
pub struct RegistryOptions {
    /// Tells the present time, for what is created and changed.
    pub clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// Encrypts credentials. Without one, they are refused.
    pub secret_key: Option<SecretKey>,
}

impl std::fmt::Debug for RegistryOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RegistryOptions").finish_non_exhaustive()
    }
}

impl Default for RegistryOptions {
    fn default() -> RegistryOptions {
        RegistryOptions { clock: Arc::new(Utc::now), secret_key: None }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Registry").field("version", &self.config_version()).finish_non_exhaustive()
    }
}

/// The configuration: read from memory, written to the database first.
pub struct Registry {
    shared: Arc<Shared>,
    clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    secrets: Secrets,
    /// Held while a change is made, so that the changes of this process follow each other.
    writing: Arc<Mutex<()>>,
}

/// What a write under way needs, even if nobody waits for it any more.
struct Shared {
    database: Database,
    catalog: RwLock<Arc<Catalog>>,
}

impl Shared {
    fn show(&self, catalog: Catalog) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
    }

    async fn reload(&self) -> Result<(), RegistryError> {
        let catalog = Catalog::load(&mut *self.database.acquire().await?).await?;
        self.show(catalog);
        Ok(())
    }
}

impl Registry {
    /// Opens the registry at a URL (`postgres://...`, `sqlite://...`) or in an SQLite file at a path, which is made if
    /// it does not exist.
    ///
    /// # Errors
    /// If the database cannot be opened, migrated or read.
    pub async fn open(url_or_path: &str) -> Result<Registry, RegistryError> {
        Registry::open_with(url_or_path, RegistryOptions::default()).await
    }

    /// Opens the registry in an SQLite file, which is made if it does not exist. The key for secrets is in a file of the
    /// same name that ends in `.key`, made likewise: keep a copy of it, and not beside the copies of the database.
    ///
    /// # Errors
    /// If the database cannot be opened, migrated or read.
    pub async fn open_file(path: &Path) -> Result<Registry, RegistryError> {
        let secret_key = Some(SecretKey::in_file(&path.with_added_extension("key"))?);
        let options = RegistryOptions { secret_key, ..RegistryOptions::default() };
        Registry::open_with(&path.to_string_lossy(), options).await
    }

    /// Opens the registry with options other than the usual ones.
    ///
    /// # Errors
    /// If the database cannot be opened, migrated or read.
    pub async fn open_with(url_or_path: &str, options: RegistryOptions) -> Result<Registry, RegistryError> {
        let database = Database::open(url_or_path).await?;
        let catalog = Catalog::load(&mut *database.acquire().await?).await?;
        let fresh = catalog.version() == 1;
        let registry = Registry {
            shared: Arc::new(Shared { database, catalog: RwLock::new(Arc::new(catalog)) }),
            clock: options.clock,
            secrets: Secrets::new(options.secret_key),
            writing: Arc::default(),
        };
        if fresh {
            // Another process may be doing the same; only one of them finds the first version.
            let seed = |edit: &mut Edit| if edit.catalog().version() == 1 { edit.seed() } else { Ok(()) };
            registry.edit("", seed).await?;
        }
        Ok(registry)
    }

    /// Copies the SQLite file of a registry while it is used; the copy is of one moment. The key for secrets is not copied.
    ///
    /// # Errors
    /// If the file cannot be read, or there is a file at `to` already.
    pub async fn copy_file(from: &Path, to: &Path) -> Result<(), RegistryError> {
        crate::database::copy_file(from, to).await
    }

    /// A registry that is gone when it is dropped, for tests and trials.
    ///
    /// # Errors
    /// If the database cannot be set up.
    pub async fn in_memory() -> Result<Registry, RegistryError> {
        let secret_key = Some(SecretKey::generate());
        let options = RegistryOptions { secret_key, ..RegistryOptions::default() };
        Registry::open_with("sqlite::memory:", options).await
    }

    /// The present configuration. It does not change while it is looked at.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.shared.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Grows with every change of the configuration, also by other processes once [`refresh`](Registry::refresh) has seen it.
    #[must_use]
    pub fn config_version(&self) -> u64 {
        self.catalog().version()
    }

    /// Makes a change: all the steps of `change` are stored, or none. `author` is the e-mail address of who asked for it.
    ///
    /// `change` runs again from the start if another process has changed the configuration meanwhile, so it must do nothing
    /// but edit.
    ///
    /// # Errors
    /// What `change` refuses; or the database's failure.
    pub async fn edit<T, E: From<RegistryError>>(
        &self,
        author: &str,
        change: impl Fn(&mut Edit) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writing = self.writing.clone().lock_owned().await;
        loop {
            let before = self.catalog();
            let mut edit = Edit::new(&before, author, self.now(), self.secrets.clone());
            let answer = change(&mut edit)?;
            if edit.is_empty() {
                return Ok(answer);
            }
            let (changes, after) = edit.finish(&before);
            let shared = self.shared.clone();
            // In a task of its own: a caller who goes away must not leave a change stored that nobody sees.
            let task = tokio::spawn(async move {
                let stored = shared.database.commit(before.version(), &changes).await?;
                if stored {
                    shared.show(after);
                } else {
                    shared.reload().await?;
                }
                Ok::<_, RegistryError>((stored, writing))
            });
            let stored;
            (stored, writing) = task.await.map_err(|_| RegistryError::Interrupted)??;
            if stored {
                return Ok(answer);
            }
        }
    }

    /// Finds out what a change would answer, and changes nothing.
    ///
    /// # Errors
    /// What `change` refuses.
    pub fn trial<T, E>(&self, change: impl Fn(&mut Edit) -> Result<T, E>) -> Result<T, E> {
        change(&mut Edit::new(&self.catalog(), "", self.now(), self.secrets.clone()))
    }

    /// Takes over what other processes have changed. Returns whether there was anything.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn refresh(&self) -> Result<bool, RegistryError> {
        let _writing = self.writing.lock().await;
        let stored = stored_version(&mut *self.shared.database.acquire().await?).await?;
        if stored == self.config_version() {
            return Ok(false);
        }
        self.shared.reload().await?;
        Ok(true)
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn database(&self) -> &Database {
        &self.shared.database
    }

    /// The present in the microseconds that databases keep: what is remembered must equal what will be read again.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(6)
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.shared.database.close().await;
    }
}

/// The lookups and changes that most callers need, each on the present configuration.
impl Registry {
    /// The data set of this name.
    #[must_use]
    pub fn data_set(&self, name: &str) -> Option<Arc<DataSet>> {
        self.catalog().data_set(name)
    }

    /// The data set of this data group and data type.
    #[must_use]
    pub fn data_set_by(&self, group: &str, data_type: &str) -> Option<Arc<DataSet>> {
        self.catalog().data_set_by(group, data_type)
    }

    /// All data sets, oldest first.
    #[must_use]
    pub fn data_sets(&self) -> Vec<Arc<DataSet>> {
        self.catalog().data_sets(&DataSetFilter::default()).cloned().collect()
    }

    /// The data group of this name, made if it does not exist.
    ///
    /// # Errors
    /// If the name breaks the rules.
    pub async fn ensure_data_group(&self, name: &str) -> Result<Arc<DataGroup>, RegistryError> {
        self.edit("", |edit| match edit.catalog().data_group(name) {
            Some(group) => Ok(group),
            None => edit.create_data_group(name),
        })
        .await
    }

    /// The data type of this name, made if it does not exist.
    ///
    /// # Errors
    /// If the name breaks the rules.
    pub async fn ensure_data_type(&self, name: &str) -> Result<Arc<DataType>, RegistryError> {
        self.edit("", |edit| match edit.catalog().data_type(name) {
            Some(data_type) => Ok(data_type),
            None => edit.create_data_type(name, ""),
        })
        .await
    }

    /// Makes a data group.
    ///
    /// # Errors
    /// If the name is taken or breaks the rules.
    pub async fn create_data_group(&self, name: &str) -> Result<Arc<DataGroup>, RegistryError> {
        self.edit("", |edit| edit.create_data_group(name)).await
    }

    /// Makes a data type.
    ///
    /// # Errors
    /// If the name is taken or breaks the rules.
    pub async fn create_data_type(&self, name: &str, about: &str) -> Result<Arc<DataType>, RegistryError> {
        self.edit("", |edit| edit.create_data_type(name, about)).await
    }

    /// Makes a data set.
    ///
    /// # Errors
    /// If the data group or data type does not exist, they have a data set already, or a setting breaks the rules.
    pub async fn create_data_set(&self, new: NewDataSet) -> Result<Arc<DataSet>, RegistryError> {
        self.edit("", |edit| edit.create_data_set(&new)).await
    }

    /// Changes the settings of a data set.
    ///
    /// # Errors
    /// If there is no such data set, or a setting breaks the rules.
    pub async fn update_data_set(
        &self,
        name: &str,
        changes: &DataSetChanges,
    ) -> Result<Arc<DataSet>, RegistryError> {
        self.edit("", |edit| edit.update_data_set(name, changes)).await
    }

    /// Removes a data set. Its records are the store's business.
    ///
    /// # Errors
    /// If there is no such data set, or it is published.
    pub async fn delete_data_set(&self, name: &str) -> Result<Arc<DataSet>, RegistryError> {
        self.edit("", |edit| edit.delete_data_set(name)).await
    }
}
