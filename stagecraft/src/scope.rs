//! Scopes: what a token is for, however much its owner may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a token may be used for. A token without scopes may be used for everything in the admin API that its
/// roles allow, and for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// `admin-api`: looking at the configuration and changing it, as far as the roles allow.
    AdminApi,
    /// `admin-api:read`: looking at it.
    AdminApiRead,
    /// `data:write:GROUP/TYPE`: writing the records of a data set; `*` stands for any group or type.
    Write {
        /// The name of the data group, or `*`.
        data_group: String,
        /// The name of the data type, or `*`.
        data_type: String,
    },
}

impl Scope {
    /// Whether it covers a request to the admin API; `change` says whether the request is to change something.
    #[must_use]
    pub fn covers_admin_api(&self, change: bool) -> bool {
        match self {
            Scope::AdminApi => true,
            Scope::AdminApiRead => !change,
            Scope::Write { .. } => false,
        }
    }

    /// Whether it covers writing records of this data group and type.
    #[must_use]
    pub fn covers_writing(&self, group: &str, kind: &str) -> bool {
        let fits = |pattern: &str, name: &str| pattern == "*" || pattern == name;
        match self {
            Scope::Write { data_group, data_type } => fits(data_group, group) && fits(data_type, kind),
            Scope::AdminApi | Scope::AdminApiRead => false,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::AdminApi => f.write_str("admin-api"),
            Scope::AdminApiRead => f.write_str("admin-api:read"),
            Scope::Write { data_group, data_type } => write!(f, "data:write:{data_group}/{data_type}"),
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Scope, UnknownScope> {
        let unknown = || UnknownScope(text.to_owned());
        match text {
            "admin-api" => Ok(Scope::AdminApi),
            "admin-api:read" => Ok(Scope::AdminApiRead),
            _ => {
                let pair = text.strip_prefix("data:write:").and_then(|rest| rest.split_once('/'));
                let (group, kind) = pair.ok_or_else(unknown)?;
                if group.is_empty() || kind.is_empty() || kind.contains('/') {
                    return Err(unknown());
                }
                Ok(Scope::Write { data_group: group.to_owned(), data_type: kind.to_owned() })
            }
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownScope;

    fn try_from(text: String) -> Result<Scope, UnknownScope> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.to_string()
    }
}

/// There is no such scope.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no scope: there are admin-api, admin-api:read and data:write:GROUP/TYPE, where * is any")]
pub struct UnknownScope(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scopes_cover() {
        let write: Scope = "data:write:canals/*".parse().unwrap();
        assert!(write.covers_writing("canals", "boats") && !write.covers_writing("roads", "boats"));
        assert!(!write.covers_admin_api(false));
        assert!(Scope::AdminApiRead.covers_admin_api(false) && !Scope::AdminApiRead.covers_admin_api(true));
        assert!(Scope::AdminApi.covers_admin_api(true) && !Scope::AdminApi.covers_writing("a", "b"));
    }

    #[test]
    fn scopes_read_back_as_they_print() {
        for text in ["admin-api", "admin-api:read", "data:write:*/*", "data:write:a-b/c"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for bad in
            ["", "admin", "data:write", "data:write:a", "data:write:a/b/c", "data:write:/b", "data:read:a/b"]
        {
            assert!(bad.parse::<Scope>().unwrap_err().to_string().contains("no scope"), "{bad}");
        }
    }
}
