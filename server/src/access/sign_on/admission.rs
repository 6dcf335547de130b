//! Who of those whom the sign-on service vouches for may come in, and as which user.

use std::collections::BTreeSet;

use serde_json::Value;
use stagecraft::{Edit, RegistryError, Role, User};
use thiserror::Error;

use super::id_token::Claims;

/// Whom an installation lets in.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// Only addresses in these domains, in small letters; empty: in any.
    pub domains: BTreeSet<String>,
    /// Claims that the service must make, by name and value; a claim that is a list has to hold the value.
    pub claims: Vec<(String, String)>,
    /// Whether addresses count that the service does not say it has verified.
    pub trust_email: bool,
    /// The roles of users who come for the first time; without, only users who are there already may come in.
    pub new_users: Option<BTreeSet<Role>>,
}

/// Why somebody is not let in, for that person to read.
#[derive(Debug, Error)]
pub enum NotAdmitted {
    /// There is nothing to know the user by.
    #[error("the sign-on service does not tell your e-mail address")]
    NoEmail,
    /// The address could be anybody's.
    #[error("the sign-on service has not verified that {0} is your e-mail address")]
    Unverified(String),
    /// The address is of elsewhere.
    #[error("{0} is not an address of a domain that may sign in here")]
    Domain(String),
    /// The service does not say what it has to.
    #[error("the sign-on service does not say of you that {0} is {1}, which is needed to sign in here")]
    Claim(String, String),
    /// There is no such user.
    #[error("{0} has no account here: an administrator can make one")]
    Unknown(String),
    /// The registry refuses, or cannot.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl Admission {
    /// Checks what the service says of somebody, and gives the address that it says.
    ///
    /// # Errors
    /// Why this one is not let in.
    pub fn check<'a>(&self, claims: &'a Claims) -> Result<&'a str, NotAdmitted> {
        let email = claims.email().ok_or(NotAdmitted::NoEmail)?;
        if !self.trust_email && !claims.email_is_verified() {
            return Err(NotAdmitted::Unverified(email.to_owned()));
        }
        let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
        if !self.domains.is_empty() && !self.domains.contains(&domain) {
            return Err(NotAdmitted::Domain(email.to_owned()));
        }
        for (name, wanted) in &self.claims {
            let says = match claims.all.get(name) {
                Some(Value::Array(several)) => several.iter().any(|one| is(one, wanted)),
                Some(one) => is(one, wanted),
                None => false,
            };
            if !says {
                return Err(NotAdmitted::Claim(name.clone(), wanted.clone()));
            }
        }
        Ok(email)
    }

    /// The e-mail address of the user whom the service means: the one it meant before, else the one with that address, who is
    /// remembered then, else a new one.
    ///
    /// # Errors
    /// If there is none and none may be made, or the one with that address is known as somebody else.
    pub fn admit(&self, edit: &mut Edit, email: &str, sign_on: &str) -> Result<String, NotAdmitted> {
        let find = |edit: &Edit, is_it: &dyn Fn(&User) -> bool| {
            edit.catalog().users().find(|user| is_it(user)).map(|user| user.email.clone())
        };
        if let Some(known) = find(edit, &|user| user.sign_on.as_deref() == Some(sign_on)) {
            return Ok(known);
        }
        let known = find(edit, &|user| user.email.eq_ignore_ascii_case(email));
        let email = match (known, &self.new_users) {
            (Some(known), _) => known,
            (None, Some(roles)) => {
                edit.set_roles(email, roles.clone())?;
                email.to_owned()
            }
            (None, None) => return Err(NotAdmitted::Unknown(email.to_owned())),
        };
        edit.set_sign_on(&email, sign_on)?;
        Ok(email)
    }
}

/// Whether a claim has a value, as it is written on the command line.
fn is(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::String(text) => text == wanted,
        other => serde_json::to_string(other).is_ok_and(|text| text == wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(all: Value) -> Claims {
        let all = all.as_object().unwrap().clone();
        Claims { issuer: "https://id.example".into(), subject: "1".into(), all }
    }

    #[test]
    fn an_address_has_to_be_verified_and_of_an_allowed_domain() {
        let admission =
            Admission { domains: BTreeSet::from(["example.gov.uk".into()]), ..Admission::default() };
        let check =
            |all: Value| admission.check(&claims(all)).map(str::to_owned).map_err(|error| error.to_string());
        assert_eq!(
            check(json!({"email": "a@Example.gov.uk", "email_verified": true})).unwrap(),
            "a@Example.gov.uk"
        );
        assert!(check(json!({"email": "a@example.gov.uk"})).unwrap_err().contains("not verified"));
        assert!(check(json!({"email": "a@example.gov.uk", "email_verified": false})).is_err());
        assert!(
            check(json!({"email": "a@example.com", "email_verified": "true"}))
                .unwrap_err()
                .contains("domain")
        );
        assert!(check(json!({"email": "a@evil.example.gov.uk", "email_verified": true})).is_err());
        assert!(check(json!({"email_verified": true})).unwrap_err().contains("does not tell"));
        let trusting = Admission { trust_email: true, ..Admission::default() };
        assert!(trusting.check(&claims(json!({"email": "a@example.com"}))).is_ok());
    }

    #[test]
    fn a_claim_that_is_needed_may_be_a_list() {
        let claims_needed = vec![("groups".to_owned(), "performance".to_owned())];
        let admission = Admission { claims: claims_needed, trust_email: true, ..Admission::default() };
        let check =
            |groups: Value| admission.check(&claims(json!({"email": "a@b.uk", "groups": groups}))).is_ok();
        assert!(check(json!(["other", "performance"])) && check(json!("performance")));
        assert!(!check(json!(["other"])) && !check(json!(null)) && !check(json!("performance-not")));
    }
}
