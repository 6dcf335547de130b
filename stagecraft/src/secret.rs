//! Encrypting what the registry must keep but never show.
//!
//! XChaCha20-Poly1305 with a random nonce for every text; the text is bound to the thing that it belongs to, so that
//! nobody who can write to the database can move a secret to another thing.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::RegistryError;

const NONCE_LENGTH: usize = 24;

/// The key with which secrets are encrypted: 32 bytes.
#[derive(Clone)]
pub struct SecretKey(Key<XChaCha20Poly1305>);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretKey(..)")
    }
}

impl SecretKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> SecretKey {
        SecretKey(Key::<XChaCha20Poly1305>::generate())
    }

    /// Reads a key as it is written in configuration and key files: 32 bytes in base 64.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse(text: &str) -> Result<SecretKey, RegistryError> {
        let bytes = STANDARD.decode(text.trim()).ok();
        let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let key = key.ok_or_else(|| {
            RegistryError::Invalid("the key for secrets has to be 32 bytes in base 64".into())
        })?;
        Ok(SecretKey(key.into()))
    }

    /// The key as [`parse`](SecretKey::parse) reads it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The key in a file, which is made with a new key if it does not exist, for nobody else to read.
    ///
    /// # Errors
    /// If the file cannot be read or made, or holds no key.
    pub fn in_file(path: &Path) -> Result<SecretKey, RegistryError> {
        let failed = |error: std::io::Error| RegistryError::Key { path: path.to_owned(), error };
        match std::fs::read_to_string(path) {
            Ok(text) => return SecretKey::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(path) {
            Ok(file) => file,
            // Another process was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return SecretKey::parse(&std::fs::read_to_string(path).map_err(failed)?);
            }
            Err(error) => return Err(failed(error)),
        };
        let key = SecretKey::generate();
        std::io::Write::write_all(&mut file, key.to_base64().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(key)
    }
}

/// Encrypts and decrypts, if there is a key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Option<Arc<SecretKey>>);

impl Secrets {
    pub(crate) fn new(key: Option<SecretKey>) -> Secrets {
        Secrets(key.map(Arc::new))
    }

    /// Encrypts a text that belongs to the thing with this identifier.
    pub(crate) fn encrypt(&self, text: &str, belongs_to: &str) -> Result<String, RegistryError> {
        let nonce = XNonce::generate();
        let payload = Payload { msg: text.as_bytes(), aad: belongs_to.as_bytes() };
        let sealed = self.cipher()?.encrypt(&nonce, payload);
        let sealed = sealed.map_err(|_| RegistryError::Secret("a secret could not be encrypted"))?;
        Ok(STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts what [`encrypt`](Secrets::encrypt) made for the same thing.
    pub(crate) fn decrypt(&self, sealed: &str, belongs_to: &str) -> Result<String, RegistryError> {
        const WRONG: RegistryError =
            RegistryError::Secret("a secret cannot be decrypted: it was encrypted with another key");
        let bytes = STANDARD.decode(sealed).map_err(|_| WRONG)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH).ok_or(WRONG)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| WRONG)?;
        let payload = Payload { msg: sealed, aad: belongs_to.as_bytes() };
        let text = self.cipher()?.decrypt(&nonce, payload).map_err(|_| WRONG)?;
        String::from_utf8(text).map_err(|_| WRONG)
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, RegistryError> {
        const NONE: RegistryError = RegistryError::Secret(
            "there is no key that encrypts secrets: give the server one with --secret-key-file or PP_SECRET_KEY",
        );
        let key = self.0.as_ref().ok_or(NONE)?;
        Ok(XChaCha20Poly1305::new(&key.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_with_its_key_for_its_thing_only() {
        let key = SecretKey::generate();
        let secrets = Secrets::new(Some(key.clone()));
        let sealed = secrets.encrypt("hush", "one").unwrap();
        assert!(!sealed.contains("hush"));
        assert_ne!(sealed, secrets.encrypt("hush", "one").unwrap());
        assert_eq!(secrets.decrypt(&sealed, "one").unwrap(), "hush");
        assert!(secrets.decrypt(&sealed, "other").is_err());
        assert!(Secrets::new(Some(SecretKey::generate())).decrypt(&sealed, "one").is_err());
        assert!(Secrets::default().decrypt(&sealed, "one").is_err());
        assert!(secrets.decrypt("AAAA", "one").is_err());
        let again = Secrets::new(Some(SecretKey::parse(&key.to_base64()).unwrap()));
        assert_eq!(again.decrypt(&sealed, "one").unwrap(), "hush");
    }

    #[test]
    fn a_key_file_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.key");
        let key = SecretKey::in_file(&path).unwrap();
        assert_eq!(SecretKey::in_file(&path).unwrap().to_base64(), key.to_base64());
        std::fs::write(&path, "no key").unwrap();
        assert!(SecretKey::in_file(&path).is_err());
    }
}
