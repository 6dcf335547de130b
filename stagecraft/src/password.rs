//! Passwords: what makes one, and how it is kept and checked. Hashing takes tens of milliseconds on purpose.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::RegistryError;

/// The fewest characters of a password. Length is all that is asked for (NIST SP 800-63B, 3.1.1.2).
const SHORTEST: usize = 12;
/// The most bytes of a password, so that nobody makes us hash books.
pub const LONGEST: usize = 1_000;

/// The Argon2id hash of a password with a salt of its own, in the PHC string format. The parameters are those of the
/// library, which follow OWASP's: 19 MiB of memory, two passes, one lane.
///
/// # Errors
/// If the password is too short or too long, or is the e-mail address.
pub fn hash(password: &str, email: &str) -> Result<String, RegistryError> {
    let refuse = |message: String| Err(RegistryError::Invalid(message));
    if password.chars().count() < SHORTEST {
        return refuse(format!(
            "a password has at least {SHORTEST} characters: a few words are easy to remember"
        ));
    }
    if password.len() > LONGEST {
        return refuse(format!("a password has at most {LONGEST} bytes"));
    }
    if password.eq_ignore_ascii_case(email) {
        return refuse("a password is not the e-mail address".to_owned());
    }
    match Argon2::default().hash_password(password.as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => refuse(format!("the password cannot be hashed: {error}")),
    }
}

/// Whether a password is the one that was hashed. Without a hash the answer is no, and takes as long.
#[must_use]
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    // The hash of a password that nobody knows, so that the time does not tell whether a user exists.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$Zm9yIG5vYm9keSBhdCBhbGw$5BHEHxfy0mGnz2jVQd0iFh3XKzmzGXMS9kTPYvLJwWg";
    if password.len() > LONGEST {
        return false;
    }
    let matches = |hash: &str| {
        PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    };
    match hash {
        Some(hash) => matches(hash),
        None => {
            matches(NOBODY);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_not_kept() {
        let kept = hash("correct horse battery", "a@example.gov.uk").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !kept.contains("horse"));
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterx", Some(&kept)));
        assert!(!verify("correct horse battery", None));
        assert!(!verify("correct horse battery", Some("no hash")));
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        assert_ne!(hash("correct horse battery", "").unwrap(), hash("correct horse battery", "").unwrap());
    }

    #[test]
    fn what_is_no_password() {
        let complaint = |password: &str| hash(password, "someone@example.gov.uk").unwrap_err().to_string();
        assert!(complaint("short").contains("12 characters"));
        assert!(complaint("Someone@example.gov.uk").contains("e-mail"));
        assert!(complaint(&"x".repeat(2_000)).contains("at most"));
    }
}
