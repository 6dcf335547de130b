//! Removing what nothing uses: things that the older system could not remove at all. What is used is named, and stays.

use uuid::Uuid;

use crate::{
    Collector, CollectorType, Dashboard, DataGroup, DataSet, DataSource, DataType, Edit, Module, ModuleType,
    Node, NodeType, Provider, RegistryError, Transform, TransformType, User,
};

/// Refuses if anything is counted: `uses` are how many and of what, in the singular.
fn unused(uses: &[(usize, &str)]) -> Result<(), RegistryError> {
    let uses: Vec<String> = uses
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    match uses.is_empty() {
        true => Ok(()),
        false => Err(RegistryError::Invalid(format!("cannot delete what is in use: by {}", uses.join(", ")))),
    }
}

impl Edit {
    /// Removes a data group without data sets and transforms.
    ///
    /// # Errors
    /// If there is none of this name, or it is used.
    pub fn delete_data_group(&mut self, name: &str) -> Result<(), RegistryError> {
        let group = self.catalog().data_group(name).ok_or_else(RegistryError::no_such_item)?;
        let data_sets = self.all::<DataSet>().filter(|data_set| data_set.data_group == name).count();
        let transforms =
            self.all::<Transform>().filter(|transform| transform.mentions_group(group.id)).count();
        unused(&[(data_sets, "data set"), (transforms, "transform")])?;
        self.remove::<DataGroup>(&group.id);
        Ok(())
    }

    /// Removes a data type without data sets and transforms.
    ///
    /// # Errors
    /// If there is none of this name, or it is used.
    pub fn delete_data_type(&mut self, name: &str) -> Result<(), RegistryError> {
        let kind = self.catalog().data_type(name).ok_or_else(RegistryError::no_such_item)?;
        let data_sets = self.all::<DataSet>().filter(|data_set| data_set.data_type == name).count();
        let transforms = self.all::<Transform>().filter(|transform| transform.mentions_type(kind.id)).count();
        unused(&[(data_sets, "data set"), (transforms, "transform")])?;
        self.remove::<DataType>(&kind.id);
        Ok(())
    }

    /// Removes a type of modules without modules.
    ///
    /// # Errors
    /// If it is used.
    pub fn delete_module_type(&mut self, id: Uuid) -> Result<(), RegistryError> {
        let modules = self.all::<Module>().filter(|module| module.type_id == id).count();
        unused(&[(modules, "module")])?;
        self.remove::<ModuleType>(&id);
        Ok(())
    }

    /// Removes a module with nothing in it.
    ///
    /// # Errors
    /// If there are modules in it.
    pub fn delete_module(&mut self, id: Uuid) -> Result<(), RegistryError> {
        let inside = self.all::<Module>().filter(|module| module.parent_id == Some(id)).count();
        unused(&[(inside, "module in it")])?;
        self.remove::<Module>(&id);
        Ok(())
    }

    /// Removes a type of nodes without nodes.
    ///
    /// # Errors
    /// If it is used.
    pub fn delete_node_type(&mut self, id: Uuid) -> Result<(), RegistryError> {
        unused(&[(self.all::<Node>().filter(|node| node.type_id == id).count(), "node")])?;
        self.remove::<NodeType>(&id);
        Ok(())
    }

    /// Removes a node that no dashboard is about and that nothing is below.
    ///
    /// # Errors
    /// If it is used.
    pub fn delete_node(&mut self, id: Uuid) -> Result<(), RegistryError> {
        let dashboards =
            self.all::<Dashboard>().filter(|dashboard| dashboard.organisation == Some(id)).count();
        let below = self.all::<Node>().filter(|node| node.parents.contains(&id)).count();
        unused(&[(dashboards, "dashboard"), (below, "node")])?;
        self.remove::<Node>(&id);
        Ok(())
    }

    /// Removes a type of transforms without transforms.
    ///
    /// # Errors
    /// If it is used.
    pub fn delete_transform_type(&mut self, id: Uuid) -> Result<(), RegistryError> {
        unused(&[(
            self.all::<Transform>().filter(|transform| transform.type_id == id).count(),
            "transform",
        )])?;
        self.remove::<TransformType>(&id);
        Ok(())
    }

    /// Removes a transform. What it has written stays.
    pub fn delete_transform(&mut self, id: Uuid) {
        self.remove::<Transform>(&id);
    }

    /// Removes a user who owns nothing and cannot come in.
    ///
    /// # Errors
    /// If there is no such user, or one of that.
    pub fn delete_user(&mut self, email: &str) -> Result<(), RegistryError> {
        let user = self.catalog().user(email).ok_or_else(RegistryError::no_such_item)?;
        if self.catalog().may_come_in(&user) {
            return Err(RegistryError::Invalid(format!(
                "{email} has roles, a password or tokens: take that away first with `performance-platform user revoke`"
            )));
        }
        unused(&[
            (self.all::<DataSet>().filter(|thing| thing.owners.contains(email)).count(), "data set"),
            (self.all::<Dashboard>().filter(|thing| thing.owners.contains(email)).count(), "dashboard"),
            (self.all::<Transform>().filter(|thing| thing.owners.contains(email)).count(), "transform"),
            (self.all::<DataSource>().filter(|thing| thing.owners.contains(email)).count(), "data source"),
            (self.all::<Collector>().filter(|thing| thing.owners.contains(email)).count(), "collector"),
        ])?;
        self.remove::<User>(&user.id);
        Ok(())
    }

    /// Removes a provider without data sources and types of collectors.
    ///
    /// # Errors
    /// If it is used.
    pub fn delete_provider(&mut self, id: Uuid) -> Result<(), RegistryError> {
        let sources = self.all::<DataSource>().filter(|source| source.provider_id == id).count();
        let kinds = self.all::<CollectorType>().filter(|kind| kind.provider_id == id).count();
        unused(&[(sources, "data source"), (kinds, "collector type")])?;
        self.remove::<Provider>(&id);
        Ok(())
    }

    /// Removes a data source, with its credentials, that no collector asks.
    ///
    /// # Errors
    /// If it is used.
    pub fn delete_data_source(&mut self, id: Uuid) -> Result<(), RegistryError> {
        unused(&[(
            self.all::<Collector>().filter(|collector| collector.data_source_id == id).count(),
            "collector",
        )])?;
        self.remove::<DataSource>(&id);
        Ok(())
    }

    /// Removes a type of collectors without collectors.
    ///
    /// # Errors
    /// If it is used.
    pub fn delete_collector_type(&mut self, id: Uuid) -> Result<(), RegistryError> {
        unused(&[(
            self.all::<Collector>().filter(|collector| collector.type_id == id).count(),
            "collector",
        )])?;
        self.remove::<CollectorType>(&id);
        Ok(())
    }

    /// Removes a collector. What it has collected stays.
    pub fn delete_collector(&mut self, id: Uuid) {
        self.remove::<Collector>(&id);
    }
}
