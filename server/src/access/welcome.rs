//! The way in for the first administrator: a link that is told once, on the terminal of whoever started the server.

use std::sync::{Mutex, PoisonError};

use stagecraft::{Registry, Role, Uuid};

use crate::auth::Token;

/// The key of the link, until it is used.
#[derive(Debug, Default)]
pub struct Welcome {
    key: Mutex<Option<Token>>,
}

impl Welcome {
    /// A new key, if nobody can sign in as an administrator yet.
    #[must_use]
    pub fn offer(&self, registry: &Registry) -> Option<String> {
        let catalog = registry.catalog();
        if catalog.users().any(|user| user.can_sign_in() && user.roles.contains(&Role::Admin)) {
            return None;
        }
        let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Token::new(key.as_str());
        Some(key)
    }

    /// Whether this is the key, and it was not used.
    #[must_use]
    pub fn fits(&self, key: &str) -> bool {
        let held = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_some_and(|held| held.matches(key))
    }

    /// Makes the key fit no more.
    pub fn close(&self) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
