//! Identifiers of what is computed: equal for equal things, so that computing again replaces.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

/// The parts joined by `_`, as URL-safe base 64 with padding.
#[must_use]
pub fn encode(parts: &[&str]) -> String {
    URL_SAFE.encode(parts.join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_url_safe_and_padded() {
        assert_eq!(encode(&["foo", "bar"]), "Zm9vX2Jhcg==");
        assert_eq!(encode(&["", "foo:bar"]), "X2ZvbzpiYXI=");
        assert_eq!(encode(&["é?>~~"]), "w6k_Pn5-");
    }
}
