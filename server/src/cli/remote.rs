//! Talking to a running server, for commands that can work on a data directory or over HTTP.

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use super::DataSetPath;

/// The server to talk to, instead of a data directory.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// Base URL of a running server, such as http://127.0.0.1:3000, instead of a data directory.
    #[arg(long, env = "PP_SERVER", value_name = "URL", conflicts_with = "data_dir")]
    pub server: Option<String>,
    /// Bearer token for writing to that server.
    #[arg(long, env = "PP_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// Asks a server; gives the JSON of its answer.
///
/// # Errors
/// When it cannot be reached, or refuses: then with the server's own sentence.
pub async fn query(server: &str, data_set: &DataSetPath, query_string: &str) -> anyhow::Result<Value> {
    let url = format!("{}/data/{data_set}?{query_string}", server.trim_end_matches('/'));
    call(move || ureq::get(&url).config().http_status_as_error(false).build().call()).await
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
    call(move || {
        let request =
            ureq::post(&url).header("Authorization", authorization).content_type("application/json");
        request.config().http_status_as_error(false).build().send(&json[..])
    })
    .await?;
    Ok(())
}

async fn call<F>(request: F) -> anyhow::Result<Value>
where
    F: FnOnce() -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
{
    tokio::task::spawn_blocking(move || {
        let mut response = request().context("cannot reach the server")?;
        let status = response.status();
        let text = response.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if !status.is_success() {
            let message = value.get("message").or_else(|| value.get("messages")).unwrap_or(&value);
            bail!(
                "the server answered {status}: {}",
                message.as_str().map_or_else(|| message.to_string(), str::to_owned)
            );
        }
        Ok(value)
    })
    .await?
}
