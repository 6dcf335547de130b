//! A single sign-on service on a port of its own: it keeps the rules that real ones keep, and breaks one where a test wants it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the installation is called there.
pub const CLIENT: &str = "performance platform";
/// What it shows for that.
pub const SECRET: &str = "s3cret:with/odd & letters";

/// What the service does for the next sign-in.
#[derive(Clone)]
pub struct Behaviour {
    /// The claims beside those of every sign-in; null takes one away.
    pub claims: Value,
    /// `RS256`, `ES256`, or something else that is signed with nothing.
    pub algorithm: &'static str,
    /// Whether the signature is that of another text.
    pub forged: bool,
    /// The name of the key.
    pub key_name: &'static str,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour { claims: json!({}), algorithm: "RS256", forged: false, key_name: "one" }
    }
}

/// A running service.
#[derive(Clone)]
pub struct SignOnService {
    /// Its address.
    pub issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    rsa: RsaKeyPair,
    elliptic: EcdsaKeyPair,
    behaviour: Mutex<Behaviour>,
    published: Mutex<&'static str>,
    /// What each code was asked for.
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
}

impl SignOnService {
    /// Starts it; it runs until the test ends.
    pub async fn start() -> SignOnService {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let der: String = include_str!("rsa_key.base64").split_whitespace().collect();
        let random = SystemRandom::new();
        let elliptic = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let elliptic = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, elliptic.as_ref(), &random);
        let inner = Inner {
            rsa: RsaKeyPair::from_der(&STANDARD.decode(der).unwrap()).unwrap(),
            elliptic: elliptic.unwrap(),
            behaviour: Mutex::default(),
            published: Mutex::new("one"),
            codes: Mutex::default(),
        };
        let service = SignOnService { issuer, inner: Arc::new(inner) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    /// Says what it does from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.inner.behaviour.lock().unwrap() = behaviour;
    }

    /// Publishes its keys under another name.
    pub fn rename_keys(&self, name: &'static str) {
        *self.inner.published.lock().unwrap() = name;
    }

    fn id_token(&self, nonce: &str) -> String {
        let behaviour = self.inner.behaviour.lock().unwrap().clone();
        let mut claims = json!({
            "iss": self.issuer, "sub": "user-7", "aud": CLIENT, "nonce": nonce,
            "iat": 1_767_225_600, "exp": 1_767_229_200,
            "email": "ann@example.gov.uk", "email_verified": true,
        });
        for (name, value) in behaviour.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let header = json!({"alg": behaviour.algorithm, "kid": behaviour.key_name, "typ": "JWT"});
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(&claims));
        let signed = if behaviour.forged { "something else" } else { text.as_str() };
        let random = SystemRandom::new();
        let signature = match behaviour.algorithm {
            "RS256" => {
                let mut signature = vec![0; self.inner.rsa.public().modulus_len()];
                self.inner.rsa.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
            "ES256" => self.inner.elliptic.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            _ => Vec::new(),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn discovery(State(service): State<SignOnService>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", service.issuer);
    Json(json!({
        "issuer": service.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }))
}

async fn keys(State(service): State<SignOnService>) -> Json<Value> {
    let name = *service.inner.published.lock().unwrap();
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(service.inner.rsa.public());
    let point = service.inner.elliptic.public_key().as_ref().to_vec();
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({"keys": [
        {"kty": "oct", "kid": "odd", "k": "AAAA"},
        {"kty": "RSA", "use": "sig", "kid": name, "alg": "RS256", "n": encoded(&n), "e": encoded(&e)},
        {"kty": "EC", "use": "sig", "kid": name, "crv": "P-256", "x": encoded(&point[1..33]), "y": encoded(&point[33..])},
    ]}))
}

/// Everybody who comes here is ann, and agrees.
async fn authorize(
    State(service): State<SignOnService>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
    assert_eq!((asked["code_challenge_method"].as_str(), asked["code_challenge"].len()), ("S256", 43));
    assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
    let mut codes = service.inner.codes.lock().unwrap();
    let code = format!("code-{}", codes.len());
    let target = format!("{}?state={}&code={code}", asked["redirect_uri"], asked["state"]);
    codes.insert(code, asked);
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

async fn token(
    State(service): State<SignOnService>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    // The two parts are escaped as in forms before they are joined (RFC 6749, 2.3.1).
    let pair = "performance%20platform:s3cret%3Awith%2Fodd%20%26%20letters";
    let expected = format!("Basic {}", STANDARD.encode(pair));
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
        return refuse("invalid_client");
    }
    // A code is good once.
    let Some(asked) = service.inner.codes.lock().unwrap().remove(&form["code"]) else {
        return refuse("invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if form["grant_type"] != "authorization_code"
        || asked["redirect_uri"] != form["redirect_uri"]
        || asked["code_challenge"] != challenge
    {
        return refuse("invalid_grant");
    }
    let id_token = service.id_token(&asked["nonce"]);
    Json(json!({"access_token": "opaque", "token_type": "Bearer", "id_token": id_token})).into_response()
}
