//! `performance-platform send`: the sender that services have always had in their scripts, with its options and exit codes.

use std::fmt;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

/// Options of `send`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes:\n  \
    0   taken\n  \
    4   the token is not allowed to write (403)\n  \
    8   any other status than success\n  \
    16  the server cannot be reached\n  \
    32  it did not answer in time\n\n\
    Example:\n  \
    performance-platform send --url https://example.org/data/licensing/applications --token TOKEN records.json")]
pub struct SendArgs {
    /// Address of the data set: .../data/GROUP/TYPE.
    #[arg(long)]
    url: String,
    /// Bearer token of the data set.
    #[arg(long, env = "PP_TOKEN", hide_env_values = true)]
    token: String,
    /// How long one attempt may take.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    timeout: Duration,
    /// How many times to try, whatever the reason of the failure.
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    attempts: u16,
    /// How long to wait between attempts.
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    sleep: Duration,
    /// Try once.
    #[arg(long)]
    failfast: bool,
    /// JSON, sent as it is: one record or a list. Without a file, standard input.
    file: Option<PathBuf>,
}

/// Why records were not taken.
#[derive(Debug)]
enum Failure {
    Status(u16, String),
    Unreachable(String),
    TimedOut,
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Status(403, _) => 4,
            Self::Status(..) => 8,
            Self::Unreachable(_) => 16,
            Self::TimedOut => 32,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(403, _) => f.write_str("not allowed: check that the token is that of the data set"),
            Self::Status(status, body) => write!(f, "the server answered {status}: {}", body.trim_end()),
            Self::Unreachable(reason) => write!(f, "cannot reach the server: {reason}"),
            Self::TimedOut => f.write_str("the server did not answer in time"),
        }
    }
}

/// Sends a file until it is taken or the attempts are used up. The last failure decides about the exit code.
///
/// # Errors
/// When there is nothing to send.
pub async fn run(args: SendArgs) -> anyhow::Result<ExitCode> {
    let body = body(&args)?;
    let attempts = if args.failfast { 1 } else { args.attempts };
    let mut code = 0;
    for attempt in 1..=attempts {
        match post(&args, body.clone()).await? {
            Ok(()) => return Ok(ExitCode::SUCCESS),
            Err(failure) => {
                eprintln!("attempt {attempt} of {attempts}: {failure}");
                code = failure.code();
            }
        }
        if attempt < attempts {
            tokio::time::sleep(args.sleep).await;
        }
    }
    Ok(ExitCode::from(code))
}

fn body(args: &SendArgs) -> anyhow::Result<Vec<u8>> {
    if let Some(file) = &args.file {
        return std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    }
    let mut input = std::io::stdin();
    if input.is_terminal() {
        bail!("nothing to send: name a file, or pipe JSON into standard input");
    }
    let mut body = Vec::new();
    input.read_to_end(&mut body).context("cannot read standard input")?;
    Ok(body)
}

async fn post(args: &SendArgs, body: Vec<u8>) -> anyhow::Result<Result<(), Failure>> {
    let (url, authorization) = (args.url.clone(), format!("Bearer {}", args.token));
    let timeout = args.timeout;
    let sending = tokio::task::spawn_blocking(move || {
        let request =
            ureq::post(&url).header("Authorization", authorization).content_type("application/json");
        let config = request.config().http_status_as_error(false).timeout_global(Some(timeout));
        let mut answer = config.build().send(&body[..])?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Ok(()));
        }
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        Ok(Err(Failure::Status(status.as_u16(), text)))
    });
    match sending.await? {
        Ok(outcome) => Ok(outcome),
        Err(ureq::Error::Timeout(_)) => Ok(Err(Failure::TimedOut)),
        Err(ureq::Error::BadUri(reason)) => bail!("{} is no address: {reason}", args.url),
        Err(error) => Ok(Err(Failure::Unreachable(error.to_string()))),
    }
}

/// Reads a number of seconds, such as `5` or `0.5`.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("{text} is no number of seconds, such as 5 or 0.5"))
}
