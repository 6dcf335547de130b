//! The types of transforms of the functions that this program has.

use stagecraft::{Registry, RegistryError};
use transforms::FUNCTIONS;

/// Makes a type of transforms of every function that has none.
///
/// # Errors
/// If the registry cannot be written.
pub async fn ensure_transform_types(registry: &Registry) -> Result<(), RegistryError> {
    for function in &FUNCTIONS {
        let is_known = registry.catalog().transform_types().any(|kind| kind.function == function.path);
        if is_known {
            continue;
        }
        let options = (function.options)();
        let made =
            registry.edit("", |edit| edit.create_transform_type(function.name, function.path, &options));
        match made.await {
            Ok(_) => {}
            // Somebody has given the name to another type, or another process was faster.
            Err(RegistryError::Invalid(reason)) => {
                tracing::warn!(function = function.path, reason, "a function has no type of transforms");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
