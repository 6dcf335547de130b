//! The organisation: nodes (departments, agencies, services and so on), each of a type and below any number of parents.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalog::{Catalog, Entity, Table, entity};
use crate::database::{Column, Row, RowReader};
use crate::validate::{ALL_FIELDS, FieldErrors, SLUG_MESSAGE, is_lower_slug};
use crate::{Edit, RegistryError};

/// A type of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeType {
    /// Identifies it.
    pub id: Uuid,
    /// Its name. `department`, `agency`, `service` and `transaction` mean something to dashboards.
    pub name: String,
}

/// A node of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Identifies it.
    pub id: Uuid,
    /// Its type.
    pub type_id: Uuid,
    /// Its name, for people.
    pub name: String,
    /// Its short name: without, the name serves.
    pub abbreviation: Option<String>,
    /// Its name in addresses.
    pub slug: String,
    /// What it belongs to.
    pub parents: BTreeSet<Uuid>,
}

/// A node to be made, or what a node shall be.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// See [`Node::type_id`].
    pub type_id: Uuid,
    /// See [`Node::name`].
    pub name: String,
    /// See [`Node::abbreviation`].
    pub abbreviation: Option<String>,
    /// See [`Node::slug`]; it must be there, though clients may leave it out.
    pub slug: Option<String>,
    /// A parent to be added.
    pub parent: Option<Uuid>,
}

impl NodeType {
    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"id": self.id.to_string(), "name": self.name})
    }
}

impl Node {
    /// The abbreviation, or the name where there is none.
    #[must_use]
    fn short_name(&self) -> &str {
        self.abbreviation.as_deref().unwrap_or(&self.name)
    }

    /// The admin API's form.
    #[must_use]
    pub fn to_json(&self, catalog: &Catalog) -> Value {
        json!({
            "id": self.id.to_string(),
            "type": catalog.node_types.get(&self.type_id).map(|node_type| node_type.to_json()),
            "name": self.name,
            "slug": self.slug,
            "abbreviation": self.short_name(),
        })
    }

    /// The form in public dashboards.
    #[must_use]
    pub fn to_public_json(&self) -> Value {
        let abbreviation = Some(self.short_name()).filter(|short| !short.is_empty());
        json!({"title": self.name, "abbr": abbreviation.unwrap_or(&self.name), "slug": self.slug})
    }
}

impl Row for NodeType {
    const TABLE: &'static str = "node_types";
    const COLUMNS: &'static [&'static str] = &["id", "name"];

    fn to_row(&self) -> Vec<Column> {
        vec![self.id.into(), self.name.as_str().into()]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<NodeType, RegistryError> {
        Ok(NodeType { id: row.uuid()?, name: row.text()? })
    }
}

impl Row for Node {
    const TABLE: &'static str = "nodes";
    const COLUMNS: &'static [&'static str] = &["id", "type_id", "name", "abbreviation", "slug", "parents"];

    fn to_row(&self) -> Vec<Column> {
        let parents: Vec<String> = self.parents.iter().map(Uuid::to_string).collect();
        vec![
            self.id.into(),
            self.type_id.into(),
            self.name.as_str().into(),
            self.abbreviation.as_deref().into(),
            self.slug.as_str().into(),
            (&json!(parents)).into(),
        ]
    }

    fn from_row(row: &mut RowReader<'_>) -> Result<Node, RegistryError> {
        Ok(Node {
            id: row.uuid()?,
            type_id: row.uuid()?,
            name: row.text()?,
            abbreviation: row.nullable_text()?,
            slug: row.text()?,
            parents: row.uuids()?,
        })
    }
}

entity!(NodeType, Uuid, id, node_types);
entity!(Node, Uuid, id, nodes);

impl Catalog {
    /// The type of nodes with this identifier.
    #[must_use]
    pub fn node_type(&self, id: Uuid) -> Option<Arc<NodeType>> {
        self.node_types.get(&id).cloned()
    }

    /// All types of nodes.
    pub fn node_types(&self) -> impl Iterator<Item = &Arc<NodeType>> {
        self.node_types.values()
    }

    /// The node with this identifier.
    #[must_use]
    pub fn node(&self, id: Uuid) -> Option<Arc<Node>> {
        self.nodes.get(&id).cloned()
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    /// The name of a node's type.
    #[must_use]
    pub fn type_of(&self, node: &Node) -> &str {
        self.node_types.get(&node.type_id).map_or("", |node_type| &node_type.name)
    }

    /// What a node belongs to, the farthest first, without the node itself. A node that is reached over ways of different
    /// lengths is there once for each.
    #[must_use]
    pub fn ancestors(&self, node: &Node) -> Vec<Arc<Node>> {
        let mut levels: Vec<BTreeSet<Uuid>> = Vec::new();
        let mut level = node.parents.clone();
        // Parents are never below their children; the bound is for rows that others have written.
        while !level.is_empty() && levels.len() < self.nodes.len() {
            let above =
                level.iter().filter_map(|id| self.nodes.get(id)).flat_map(|node| node.parents.clone());
            let above = above.collect();
            levels.push(std::mem::replace(&mut level, above));
        }
        let ids = levels.iter().rev().flatten();
        ids.filter_map(|id| self.nodes.get(id)).cloned().collect()
    }
}

impl Edit {
    /// Makes a type of nodes.
    ///
    /// # Errors
    /// If the name is taken, blank or too long.
    pub fn create_node_type(&mut self, name: &str) -> Result<Arc<NodeType>, RegistryError> {
        self.put_node_type(NodeType { id: Uuid::new_v4(), name: name.to_owned() })
    }

    /// Renames a type of nodes.
    ///
    /// # Errors
    /// If there is no such type, or the name is taken, blank or too long.
    pub fn rename_node_type(&mut self, id: Uuid, name: &str) -> Result<Arc<NodeType>, RegistryError> {
        self.catalog().node_type(id).ok_or_else(RegistryError::no_such_item)?;
        self.put_node_type(NodeType { id, name: name.to_owned() })
    }

    fn put_node_type(&mut self, node_type: NodeType) -> Result<Arc<NodeType>, RegistryError> {
        let mut errors = FieldErrors::default();
        errors.required("name", &node_type.name);
        errors.at_most("name", &node_type.name, 256);
        if self.all::<NodeType>().any(|other| other.name == node_type.name && other.id != node_type.id) {
            errors.add("name", "Node type with this Name already exists.");
        }
        errors.into_result()?;
        Ok(self.put(node_type))
    }

    /// Makes a node.
    ///
    /// # Errors
    /// If the type or parent does not exist, or a field breaks the rules.
    pub fn create_node(&mut self, new: &NewNode) -> Result<Arc<Node>, RegistryError> {
        self.put_node(Uuid::new_v4(), BTreeSet::new(), new)
    }

    /// Changes a node: all of it but its parents, to which one may be added.
    ///
    /// # Errors
    /// If the node, type or parent does not exist, or a field breaks the rules.
    pub fn update_node(&mut self, id: Uuid, new: &NewNode) -> Result<Arc<Node>, RegistryError> {
        let old = self.catalog().node(id).ok_or_else(RegistryError::no_such_item)?;
        self.put_node(id, old.parents.clone(), new)
    }

    fn put_node(
        &mut self,
        id: Uuid,
        mut parents: BTreeSet<Uuid>,
        new: &NewNode,
    ) -> Result<Arc<Node>, RegistryError> {
        if self.catalog().node_type(new.type_id).is_none() {
            return Err(RegistryError::Invalid("no NodeType found".into()));
        }
        if let Some(parent) = new.parent {
            let found = self.catalog().node(parent);
            let found = found.ok_or_else(|| RegistryError::Invalid("parent not found".into()))?;
            if parent == id || self.catalog().ancestors(&found).iter().any(|above| above.id == id) {
                return Err(RegistryError::Invalid("a node cannot be below itself".into()));
            }
            parents.insert(parent);
        }
        let mut errors = FieldErrors::default();
        errors.required("name", &new.name);
        errors.at_most("name", &new.name, 256);
        errors.at_most("abbreviation", new.abbreviation.as_deref().unwrap_or_default(), 50);
        match &new.slug {
            None => errors.add("slug", "This field cannot be null."),
            Some(slug) => {
                if errors.required("slug", slug) {
                    errors.only("slug", slug, is_lower_slug, SLUG_MESSAGE);
                    errors.at_most("slug", slug, 150);
                }
            }
        }
        let node = Node {
            id,
            type_id: new.type_id,
            name: new.name.clone(),
            abbreviation: new.abbreviation.clone(),
            slug: new.slug.clone().unwrap_or_default(),
            parents,
        };
        let same = |other: &Node| {
            other.id != id
                && (&other.name, &other.slug, other.type_id) == (&node.name, &node.slug, node.type_id)
        };
        if self.all::<Node>().any(|other| same(other)) {
            errors.add(ALL_FIELDS, "Node with this Name, Slug and TypeOf already exists.");
        }
        errors.into_result()?;
        Ok(self.put(node))
    }
}
