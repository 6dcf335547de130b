//! Who makes a request, and what they may do and see.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use stagecraft::{Action, Role, Subject};

use super::answer::Refusal;
use crate::auth::bearer;
use crate::state::AppState;

/// The caller of a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The e-mail address under which the caller owns things; empty for the administrator and the anonymous.
    pub email: String,
    /// Which token the caller presented, without telling it.
    pub token: String,
    roles: BTreeSet<Role>,
    administrator: bool,
    anonymous: bool,
}

impl Caller {
    /// Resolves the token of a request. Anything but `Bearer <token>` counts as no token.
    ///
    /// # Errors
    /// 401 if there is a token and nobody knows it.
    pub fn of(state: &AppState, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let Some(token) = bearer(headers) else {
            if let Some(session) = state.access.sessions.get(headers) {
                return Ok(Caller::signed_in(state, &session.email));
            }
            let roles = BTreeSet::from([Role::Anon]);
            let (email, token) = (String::new(), "none".to_owned());
            return Ok(Caller { email, token, roles, administrator: false, anonymous: true });
        };
        if state.is_admin(headers) {
            let roles = BTreeSet::from([Role::Admin, Role::Omniscient]);
            let (email, token) = (String::new(), "administrator".to_owned());
            return Ok(Caller { email, token, roles, administrator: true, anonymous: false });
        }
        let known = state.registry.catalog().access_token(token, state.now(headers));
        let known = known.ok_or_else(Refusal::unauthorized)?;
        Ok(Caller {
            email: known.email.clone(),
            token: known.id.to_string(),
            roles: known.roles.clone(),
            administrator: false,
            anonymous: false,
        })
    }

    /// Somebody who is signed in with a browser.
    pub fn signed_in(state: &AppState, email: &str) -> Caller {
        let user = state.registry.catalog().user(email);
        Caller {
            email: email.to_owned(),
            token: "session".to_owned(),
            roles: user.map(|user| user.roles.clone()).unwrap_or_default(),
            administrator: false,
            anonymous: false,
        }
    }

    /// All that what the caller may see depends on, as a text.
    pub fn identity(&self) -> String {
        let roles: Vec<String> = self.roles.iter().map(Role::to_string).collect();
        format!("{} {} {}", self.administrator, roles.join(","), self.email)
    }

    /// Whether this is the administrator of the deployment, who may do what no role allows.
    pub fn is_administrator(&self) -> bool {
        self.administrator
    }

    /// Lets the caller do something with a kind of thing.
    ///
    /// # Errors
    /// 403 if no role of the caller's allows it.
    pub fn may(&self, action: Action, subject: Subject) -> Result<(), Refusal> {
        match self.roles.iter().any(|role| role.allows(subject, action)) {
            true => Ok(()),
            false => Err(Refusal::forbidden()),
        }
    }

    /// Lets only callers with a token and one of these roles pass.
    ///
    /// # Errors
    /// 401 without a token, 403 without the role.
    pub fn must_be(&self, roles: &[Role]) -> Result<(), Refusal> {
        if self.anonymous {
            return Err(Refusal::unauthorized());
        }
        match self.administrator || roles.iter().any(|role| self.roles.contains(role)) {
            true => Ok(()),
            false => Err(Refusal::forbidden()),
        }
    }

    /// Whether the caller may know of something with these owners.
    pub fn sees(&self, owners: &BTreeSet<String>) -> bool {
        self.roles.contains(&Role::Admin)
            || self.roles.contains(&Role::Omniscient)
            || owners.contains(&self.email)
    }
}
