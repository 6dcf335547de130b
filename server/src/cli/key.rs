//! `performance-platform key`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use stagecraft::SecretKey;

use super::data_dir::Configuration;

/// Options of `key`.
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a new key and write it to a file that nobody else can read. It is not used yet.
    New {
        /// The file, which must not be there.
        file: PathBuf,
    },
    /// Encrypt all credentials anew, with another key. Stop the servers first, and start them with the new key.
    Rotate {
        /// The file with the new key, as `key new` makes it. Without it, a new key takes the place of the one in the file that is
        /// used now; that one is kept beside it, ending in `.old`.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

/// Does what is asked.
///
/// # Errors
/// When the configuration or a key cannot be used; then nothing was changed.
pub async fn run(args: KeyArgs) -> anyhow::Result<()> {
    let (to, in_place) = match args.command {
        KeyCommand::New { file } => {
            write(&file, &SecretKey::generate())?;
            println!("a new key is in {}", file.display());
            return Ok(());
        }
        KeyCommand::Rotate { to: Some(to) } => (to, None),
        KeyCommand::Rotate { to: None } => {
            args.configuration.must_be_there()?;
            let used = args.configuration.registry.key_file(&args.configuration.data_dir);
            ensure!(
                used.exists(),
                "there is no key in {}: say with --to where the new one is",
                used.display()
            );
            let new = used.with_added_extension("new");
            write(&new, &SecretKey::generate())?;
            (new, Some(used))
        }
    };
    let text = std::fs::read_to_string(&to).with_context(|| format!("cannot read {}", to.display()))?;
    let key = SecretKey::parse(&text).with_context(|| to.display().to_string())?;
    let registry = args.configuration.open().await?;
    let rotated = registry.rotate_secret_key(&key).await;
    registry.close().await;
    if rotated.is_err() && in_place.is_some() {
        // The new key was made for this alone.
        let _ = std::fs::remove_file(&to);
    }
    let count = rotated.context("nothing was changed")?;
    let now = match in_place {
        None => to,
        Some(used) => {
            std::fs::rename(&used, used.with_added_extension("old"))
                .and_then(|()| std::fs::rename(&to, &used))
                .with_context(|| {
                    format!("the new key is in {}: move it to {}", to.display(), used.display())
                })?;
            used
        }
    };
    println!("credentials of {count} data sources are encrypted with the key in {}", now.display());
    Ok(())
}

fn write(path: &Path, key: &SecretKey) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(key.to_base64().as_bytes())?;
    Ok(file.sync_all()?)
}
