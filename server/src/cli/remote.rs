//! Talking to a running server, for commands that can work on a data directory or over HTTP.

use std::io::Read;

use anyhow::{Context, bail};
use axum::http::Uri;
use clap::Args;
use serde_json::Value;

use super::DataSetPath;

/// The server to talk to, instead of a data directory.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// Base URL of a running server, such as http://127.0.0.1:3000. It is asked instead of a data directory.
    #[arg(long, env = "PP_SERVER", value_name = "URL", value_parser = base_url)]
    pub server: Option<String>,
    /// Bearer token for that server: writing takes one, and so does --explain.
    #[arg(long, env = "PP_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// Checks a base URL; who gives only a host and a port means `http://`.
fn base_url(text: &str) -> Result<String, String> {
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let is_one = url.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if is_one {
        Ok(url)
    } else {
        Err(format!("{text} is no address of a server, such as http://127.0.0.1:3000"))
    }
}

/// The answer of a server.
pub struct Reply {
    /// Whether it is JSON.
    pub is_json: bool,
    /// What the server warns of.
    pub warning: Option<String>,
    /// Keys of the question that no record has.
    pub unknown_keys: Vec<String>,
    /// The answer, as it comes.
    pub body: Box<dyn Read + Send>,
}

/// Asks a server.
///
/// # Errors
/// When it cannot be reached, or refuses: then with the server's own sentence.
pub async fn query(
    server: &str,
    token: Option<&str>,
    data_set: &DataSetPath,
    query_string: &str,
) -> anyhow::Result<Reply> {
    let url = format!("{}/data/{data_set}?{query_string}", server.trim_end_matches('/'));
    let mut request = ureq::get(&url);
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let response = call(server, move || request.config().http_status_as_error(false).build().call()).await?;
    let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let warning =
        header("warning").map(|text| text.trim_start_matches("299 - ").trim_matches('"').to_owned());
    let unknown_keys = header("x-unknown-keys").unwrap_or_default();
    let unknown_keys = unknown_keys.split(", ").filter(|key| !key.is_empty()).map(str::to_owned).collect();
    let body = Box::new(response.into_body().into_with_config().limit(u64::MAX).reader());
    Ok(Reply { is_json, warning, unknown_keys, body })
}

/// Appends a JSON text of records to a data set of a server.
///
/// # Errors
/// As [`query`].
pub async fn append(
    server: &str,
    token: Option<&str>,
    data_set: &DataSetPath,
    json: Vec<u8>,
) -> anyhow::Result<()> {
    let url = format!("{}/data/{data_set}", server.trim_end_matches('/'));
    let token = token.context("writing to a server needs its token: give --token or set PP_TOKEN")?;
    let authorization = format!("Bearer {token}");
    call(server, move || {
        let request =
            ureq::post(&url).header("Authorization", authorization).content_type("application/json");
        request.config().http_status_as_error(false).build().send(&json[..])
    })
    .await?;
    Ok(())
}

/// The response to a request, when it is one of success.
async fn call<F>(server: &str, request: F) -> anyhow::Result<ureq::http::Response<ureq::Body>>
where
    F: FnOnce() -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
{
    let unreachable = format!("cannot reach the server {server}: is it running, and is that its address?");
    tokio::task::spawn_blocking(move || {
        let mut response = request().context(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.body_mut().read_to_string().unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let message = value.get("message").or_else(|| value.get("messages")).unwrap_or(&value);
        let message = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        bail!("the server answered {status}: {message}")
    })
    .await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_its_url_or_its_host() {
        assert_eq!(base_url("https://example.org/pp"), Ok("https://example.org/pp".to_owned()));
        assert_eq!(base_url("localhost:3000"), Ok("http://localhost:3000".to_owned()));
        for wrong in ["ftp://example.org", "http://", "", "a b"] {
            assert!(base_url(wrong).unwrap_err().contains("http://127.0.0.1:3000"), "{wrong}");
        }
    }
}
