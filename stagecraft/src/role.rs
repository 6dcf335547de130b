//! Roles, and what each of them may do with each kind of thing.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a person or program may be, as the sign-on service and tokens name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Data groups and data sets.
    Signin,
    /// Dashboards, modules and their types.
    Dashboard,
    /// Making and changing dashboards, and what they need.
    DashboardEditor,
    /// The organisation tree.
    Organisation,
    /// Transforms and their types.
    Transforms,
    /// Users.
    User,
    /// Everything about collectors, and reading data sets.
    Collector,
    /// Reading collectors.
    CollectorView,
    /// Allows nothing by itself, but what is allowed then also holds for what others own.
    Omniscient,
    /// Those who present no token.
    Anon,
    /// The sign-on service, telling that a user has changed.
    #[serde(rename = "user_update_permission")]
    UserUpdatePermission,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Role, UnknownRole> {
        serde_json::from_value(serde_json::Value::from(name)).map_err(|_| UnknownRole(name.to_owned()))
    }
}

/// There is no role of this name.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no role called {0:?}: there are admin, dashboard-editor, dashboard, signin, organisation, transforms, user, \
     collector, collector-view, omniscient, anon and user_update_permission"
)]
pub struct UnknownRole(pub String);

/// The kinds of things that permissions are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Data groups, and data types with them.
    DataGroup,
    /// Data sets.
    DataSet,
    /// Dashboards and their modules.
    Dashboard,
    /// Types of modules.
    ModuleType,
    /// The organisation tree and its types.
    Organisation,
    /// Transforms.
    Transform,
    /// Types of transforms.
    TransformType,
    /// Users.
    User,
    /// Providers and data sources of collectors.
    Provider,
    /// Types of collectors, and collectors.
    Collector,
    /// Tokens, which only administrators hand out.
    Token,
}

/// What can be done with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Look at it, or list them.
    Read,
    /// Make one.
    Create,
    /// Change it.
    Update,
    /// Remove it.
    Delete,
}

impl Role {
    /// Whether this role alone allows the action.
    #[must_use]
    pub fn allows(self, subject: Subject, action: Action) -> bool {
        use Action::{Create, Read, Update};
        match self {
            Role::Admin => true,
            Role::Signin => matches!(subject, Subject::DataGroup | Subject::DataSet),
            Role::Dashboard => matches!(subject, Subject::Dashboard | Subject::ModuleType),
            Role::DashboardEditor => match subject {
                Subject::DataGroup | Subject::DataSet | Subject::Transform => matches!(action, Read | Create),
                Subject::Dashboard => matches!(action, Read | Create | Update),
                Subject::ModuleType | Subject::Organisation | Subject::TransformType => action == Read,
                _ => false,
            },
            Role::Organisation => subject == Subject::Organisation,
            Role::Transforms => matches!(subject, Subject::Transform | Subject::TransformType),
            Role::User => subject == Subject::User,
            Role::Collector => match subject {
                Subject::Provider | Subject::Collector => true,
                Subject::DataSet => action == Read,
                _ => false,
            },
            Role::CollectorView => subject == Subject::Collector && action == Read,
            Role::Anon => {
                action == Read
                    && matches!(
                        subject,
                        Subject::Dashboard
                            | Subject::ModuleType
                            | Subject::Organisation
                            | Subject::Transform
                            | Subject::TransformType
                    )
            }
            Role::Omniscient | Role::UserUpdatePermission => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_sign_on_service() {
        for (name, role) in [
            ("admin", Role::Admin),
            ("dashboard-editor", Role::DashboardEditor),
            ("collector-view", Role::CollectorView),
            ("user_update_permission", Role::UserUpdatePermission),
        ] {
            assert_eq!(name.parse::<Role>().unwrap(), role);
        }
        let unknown = "Admin".parse::<Role>().unwrap_err().to_string();
        for role in [Role::Admin, Role::Signin, Role::Dashboard, Role::DashboardEditor, Role::Organisation]
            .into_iter()
            .chain([Role::Transforms, Role::User, Role::Collector, Role::CollectorView, Role::Omniscient])
            .chain([Role::Anon, Role::UserUpdatePermission])
        {
            assert!(unknown.contains(&role.to_string()), "{role} is offered: {unknown}");
        }
    }

    #[test]
    fn an_editor_of_dashboards_deletes_nothing() {
        for subject in [Subject::Dashboard, Subject::DataSet, Subject::Transform, Subject::DataGroup] {
            assert!(!Role::DashboardEditor.allows(subject, Action::Delete));
        }
        assert!(Role::DashboardEditor.allows(Subject::Dashboard, Action::Update));
    }

    #[test]
    fn seeing_everything_allows_nothing_by_itself() {
        assert!(!Role::Omniscient.allows(Subject::DataSet, Action::Read));
    }
}
