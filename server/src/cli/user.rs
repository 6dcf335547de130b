//! `performance-platform user`.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Read};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use stagecraft::{Edit, Registry, Role, password};

use super::data_dir::Configuration;

/// Options of `user`.
#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make a user, or change the roles and password of one. The password is asked for, or read from standard input.
    Create {
        /// The e-mail address.
        email: String,
        /// What the user may do: admin, dashboard-editor, dashboard, signin, collector and so on.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<Role>,
        /// Ask for no password: a new user has none, for those who sign in elsewhere or only own things, and one who has a
        /// password keeps it.
        #[arg(long)]
        no_password: bool,
    },
    /// List users and their roles.
    List,
    /// Take roles, password, sessions and tokens from a user, who stays the owner of things.
    Revoke {
        /// The e-mail address.
        email: String,
    },
}

/// Does what is asked. A server that runs on the same data directory sees it within seconds.
///
/// # Errors
/// When the data directory cannot be used, or what is asked breaks a rule.
pub async fn run(args: UserArgs) -> anyhow::Result<()> {
    let registry = match args.command {
        UserCommand::Create { .. } => args.configuration.open_or_make().await?,
        _ => args.configuration.open().await?,
    };
    match args.command {
        UserCommand::Create { email, roles, no_password } => {
            let roles: BTreeSet<Role> = roles.into_iter().collect();
            // What cannot be is said before a password is asked for.
            registry.trial(|edit| edit.set_roles(&email, roles.clone()))?;
            let hash = match no_password {
                true => None,
                false => Some(password::hash(&ask_password()?, &email)?),
            };
            let change = |edit: &mut Edit| {
                let user = edit.set_roles(&email, roles.clone())?;
                match &hash {
                    Some(hash) => edit.set_password_hash(&email, Some(hash.clone())),
                    None => Ok(user),
                }
            };
            let user = registry.edit("", change).await?;
            if hash.is_some() {
                // Whoever knew the password before is out.
                registry.end_sessions_of(&email).await?;
            }
            let may = if user.can_sign_in() { "may sign in" } else { "has no password" };
            println!("{email} {may}; roles: {}", names(&roles));
        }
        UserCommand::List => println!("{}", table(&registry)),
        UserCommand::Revoke { email } => {
            registry
                .edit("", |edit| edit.revoke_user(&email))
                .await
                .with_context(|| format!("no user {email}"))?;
            let ended = registry.end_sessions_of(&email).await?;
            println!("{email} can do nothing any more; {ended} sessions ended");
        }
    }
    registry.close().await;
    Ok(())
}

fn table(registry: &Registry) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(["user", "roles", "signs in with"]);
    for user in registry.catalog().users() {
        let with = match (&user.password_hash, &user.sign_on) {
            (Some(_), Some(_)) => "password, sign-on service",
            (Some(_), None) => "password",
            (None, Some(_)) => "sign-on service",
            (None, None) => "",
        };
        table.add_row([user.email.as_str(), &names(&user.roles), with]);
    }
    table
}

/// The names of roles, for a line of text.
pub fn names(roles: &BTreeSet<Role>) -> String {
    match roles.is_empty() {
        true => "none".to_owned(),
        false => roles.iter().map(Role::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn ask_password() -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut text = String::new();
        std::io::stdin().take(2_000).read_to_string(&mut text).context("cannot read the password")?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password("Password (at least 12 characters): ")?;
    if first != rpassword::prompt_password("The same again: ")? {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(first)
}
