use super::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

const NOW: i64 = 1_767_225_600;

struct Service {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Service {
    fn new() -> Service {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Service { pair, random }
    }

    /// The public key, with more or other members.
    fn key(&self, more: Value) -> Value {
        let point = self.pair.public_key().as_ref();
        let mut key = json!({
            "kty": "EC", "crv": "P-256", "kid": "one",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        });
        merge(&mut key, more);
        key
    }

    /// A token of these texts.
    fn sign(&self, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(&self.random, text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// Puts the members of one object into another; null takes one away.
fn merge(into: &mut Value, more: Value) {
    let into = into.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        into.insert(name.clone(), value.clone());
    }
    into.retain(|_, value| !value.is_null());
}

fn claims(more: Value) -> String {
    let mut claims = json!({
        "iss": "https://id.example", "sub": "7", "aud": "us", "nonce": "n", "iat": NOW, "exp": NOW + 600,
    });
    merge(&mut claims, more);
    claims.to_string()
}

fn header(more: Value) -> String {
    let mut header = json!({"alg": "ES256", "kid": "one"});
    merge(&mut header, more);
    header.to_string()
}

fn check(token: &str, keys: Value, seconds: i64) -> Result<Claims, TokenError> {
    let keys: Keys = serde_json::from_value(json!({"keys": keys})).unwrap();
    let now = DateTime::from_timestamp(NOW + seconds, 0).unwrap();
    verify(token, &keys, &Expected { issuer: "https://id.example", audience: "us", nonce: "n", now })
}

/// What comes of a token with these claims.
fn with_claims(more: Value, seconds: i64) -> Option<TokenError> {
    let service = Service::new();
    let token = service.sign(&header(json!({})), &claims(more));
    check(&token, json!([service.key(json!({}))]), seconds).err()
}

/// What comes of a good token when the service publishes these keys.
fn with_keys(keys: impl Fn(&Service) -> Value) -> Option<TokenError> {
    let service = Service::new();
    let token = service.sign(&header(json!({})), &claims(json!({})));
    check(&token, keys(&service), 0).err()
}

#[test]
fn clocks_may_be_a_minute_apart_and_no_more() {
    let times = json!({"iat": NOW, "exp": NOW + 600});
    for (seconds, outcome) in
        [(-61, Some(TokenError::Time)), (-60, None), (0, None), (659, None), (660, Some(TokenError::Time))]
    {
        assert_eq!(with_claims(times.clone(), seconds), outcome, "{seconds}");
    }
    assert_eq!(with_claims(json!({"nbf": NOW + 61}), 0), Some(TokenError::Time));
    assert_eq!(with_claims(json!({"nbf": NOW + 60}), 0), None);
    assert_eq!(with_claims(json!({"exp": 1_767_226_200.5}), 0), None, "with a fraction");
}

#[test]
fn times_that_are_none_are_refused_and_the_last_that_there_are_do_no_harm() {
    for more in [
        json!({"exp": null}),
        json!({"iat": null}),
        json!({"exp": "1767226200"}),
        json!({"exp": 1e300}),
        json!({"exp": i64::MAX}),
        json!({"iat": i64::MIN}),
        json!({"nbf": true}),
    ] {
        assert_eq!(with_claims(more.clone(), 0), Some(TokenError::Time), "{more}");
    }
    assert_eq!(with_claims(json!({"exp": 8_210_266_876_799_i64}), 0), None);
    assert_eq!(with_claims(json!({"iat": -8_334_601_228_800_i64}), 0), None);
}

#[test]
fn the_audience_is_us_and_the_party_too_where_there_are_several() {
    for (more, is_good) in [
        (json!({"aud": ["us"]}), true),
        (json!({"aud": ["us", "them"], "azp": "us"}), true),
        (json!({"azp": "us"}), true),
        (json!({"aud": ["us", "them"]}), false),
        (json!({"aud": ["us", "them"], "azp": "them"}), false),
        (json!({"aud": ["them"], "azp": "us"}), false),
        (json!({"aud": []}), false),
        (json!({"aud": null}), false),
        (json!({"aud": {"us": true}}), false),
        (json!({"aud": "US"}), false),
        (json!({"azp": "them"}), false),
        (json!({"azp": ["us"]}), false),
    ] {
        let outcome = with_claims(more.clone(), 0);
        assert_eq!(outcome, (!is_good).then_some(TokenError::Audience), "{more}");
    }
}

#[test]
fn issuer_nonce_and_subject_are_texts_and_exactly_what_they_should_be() {
    for (more, reason) in [
        (json!({"iss": "https://id.example/"}), TokenError::Issuer),
        (json!({"iss": ["https://id.example"]}), TokenError::Issuer),
        (json!({"nonce": "N"}), TokenError::Nonce),
        (json!({"nonce": ["n"]}), TokenError::Nonce),
        (json!({"nonce": null}), TokenError::Nonce),
        (json!({"sub": 7}), TokenError::Unreadable),
        (json!({"sub": ""}), TokenError::Unreadable),
        (json!({"sub": "x".repeat(256)}), TokenError::Unreadable),
    ] {
        assert_eq!(with_claims(more.clone(), 0), Some(reason), "{more}");
    }
}

#[test]
fn a_key_is_used_for_what_it_is_for() {
    let unknown = Some(TokenError::UnknownKey);
    assert_eq!(with_keys(|service| json!([service.key(json!({}))])), None);
    for more in [
        json!({"use": "enc"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"key_ops": []}),
        json!({"alg": "ES384"}),
        json!({"crv": "P-384"}),
        json!({"crv": null}),
        json!({"kty": "RSA"}),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        json!({"kid": "two"}),
        json!({"kid": null}),
    ] {
        assert_eq!(with_keys(|service| json!([service.key(more.clone())])), unknown, "{more}");
    }
    for more in [json!({"use": "sig"}), json!({"key_ops": ["verify"]}), json!({"alg": "ES256"})] {
        assert_eq!(with_keys(|service| json!([service.key(more.clone())])), None, "{more}");
    }
    assert_eq!(with_keys(|_| json!([])), unknown);
}

#[test]
fn a_key_that_cannot_be_read_spoils_no_other() {
    let strange =
        json!([{"kty": 5}, null, "text", {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "one"}]);
    let keys = |service: &Service| {
        let mut keys = strange.clone();
        keys.as_array_mut().unwrap().push(service.key(json!({})));
        keys
    };
    assert_eq!(with_keys(keys), None);
    for broken in [json!({"x": "AA"}), json!({"x": null}), json!({"y": "!"}), json!({"x": "", "y": ""})] {
        let outcome = with_keys(|service| json!([service.key(broken.clone())]));
        assert_eq!(outcome, Some(TokenError::Signature), "{broken}");
    }
}

#[test]
fn a_token_that_names_no_key_is_tried_with_all_that_fit() {
    let (service, other) = (Service::new(), Service::new());
    let token = service.sign(&header(json!({"kid": null})), &claims(json!({})));
    let keys = json!([other.key(json!({})), service.key(json!({"kid": "two"}))]);
    assert!(check(&token, keys, 0).is_ok());
    assert_eq!(check(&token, json!([other.key(json!({}))]), 0), Err(TokenError::Signature));
}

#[test]
fn the_algorithm_is_one_of_ours_and_never_a_shared_secret() {
    let service = Service::new();
    for algorithm in ["none", "None", "nOnE", "HS256", "HS512", "es256", "ES512", "EdDSA", "RS1", ""] {
        let token = service.sign(&header(json!({"alg": algorithm})), &claims(json!({})));
        let outcome = check(&token, json!([service.key(json!({}))]), 0);
        assert_eq!(outcome, Err(TokenError::Algorithm(algorithm.to_owned())));
    }
    // A signature of another kind than the key.
    let token = service.sign(&header(json!({"alg": "RS256"})), &claims(json!({})));
    assert_eq!(check(&token, json!([service.key(json!({}))]), 0), Err(TokenError::UnknownKey));
}

#[test]
fn heads_that_say_something_twice_or_ask_for_more_are_refused() {
    let service = Service::new();
    for head in [
        r#"{"alg": "ES256", "kid": "one", "crit": ["b64"], "b64": false}"#,
        r#"{"alg": "ES256", "kid": "one", "crit": null}"#,
        r#"{"alg": "ES256", "alg": "none", "kid": "one"}"#,
        r#"{"alg": "ES256", "kid": "one", "kid": "two"}"#,
        r#"{"alg": 1, "kid": "one"}"#,
        r#"{"kid": "one"}"#,
        r#"["ES256"]"#,
        "",
    ] {
        let outcome = check(&service.sign(head, &claims(json!({}))), json!([service.key(json!({}))]), 0);
        assert_eq!(outcome, Err(TokenError::Unreadable), "{head}");
    }
}

#[test]
fn of_a_claim_that_is_there_twice_the_last_counts_and_it_alone() {
    let service = Service::new();
    let twice = claims(json!({})).replace('}', r#","sub":"8","aud":"them"}"#);
    let outcome = check(&service.sign(&header(json!({})), &twice), json!([service.key(json!({}))]), 0);
    assert_eq!(outcome, Err(TokenError::Audience));
}

#[test]
fn texts_that_are_no_token_are_refused() {
    let service = Service::new();
    let good = service.sign(&header(json!({})), &claims(json!({})));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let keys = || json!([service.key(json!({}))]);
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        signed.to_owned(),
        format!("{good}."),
        format!("{good}.x"),
        format!("{signed}.{signature}="),
        format!(" {good}"),
        format!("{signed}.{}", "A".repeat(70_000)),
    ] {
        assert_eq!(check(&bad, keys(), 0), Err(TokenError::Unreadable), "{}", bad.len());
    }
    for bad in [format!("{signed}."), format!("{signed}.AAAA")] {
        assert_eq!(check(&bad, keys(), 0), Err(TokenError::Signature));
    }
    assert!(check(&good, keys(), 0).is_ok());
}
