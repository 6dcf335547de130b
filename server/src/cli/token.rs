//! `performance-platform token`.

use std::collections::{BTreeSet, HashMap};

use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use stagecraft::{NewToken, Registry, Role, Scope, Uuid};

use super::data_dir::Configuration;
use super::user::names;

/// Options of `token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it: it is told this once.
    ///
    /// Examples:
    ///
    ///   performance-platform token create loader@example.gov.uk --scope 'data:write:licensing/*' --days 365
    ///   performance-platform token create ann@example.gov.uk --role dashboard-editor --label 'nightly report'
    #[command(verbatim_doc_comment)]
    Create {
        /// Whose it is: an e-mail address, under which things are made and owned.
        email: String,
        /// What its owner may do with it in the admin API.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<Role>,
        /// What it is for: admin-api, admin-api:read, data:write:GROUP/TYPE (* is any). Without one: the admin API.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<Scope>,
        /// What uses it.
        #[arg(long, default_value = "")]
        label: String,
        /// For how many days it is good.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
    },
    /// List tokens, without telling them.
    List,
    /// Take a token back.
    Revoke {
        /// Its identifier, as the list shows it.
        id: Uuid,
    },
}

/// Does what is asked. A server that runs on the same data directory sees it within seconds.
///
/// # Errors
/// When the data directory cannot be used, or what is asked breaks a rule.
pub async fn run(args: TokenArgs) -> anyhow::Result<()> {
    let registry = match args.command {
        TokenCommand::Create { .. } => args.configuration.open_or_make().await?,
        _ => args.configuration.open().await?,
    };
    match args.command {
        TokenCommand::Create { email, roles, scopes, label, days } => {
            let new = NewToken {
                email,
                roles: roles.into_iter().collect(),
                scopes: scopes.into_iter().collect(),
                label,
                uid: None,
                expires_at: Some(Utc::now() + TimeDelta::days(days)),
            };
            let (known, token) = registry.edit("", |edit| edit.create_token(&new)).await?;
            println!("{token}");
            eprintln!("shown this once; identifier {}, good for {days} days", known.id);
        }
        TokenCommand::List => println!("{}", table(&registry).await?),
        TokenCommand::Revoke { id } => {
            let deleted = registry.edit("", |edit| Ok::<_, stagecraft::RegistryError>(edit.delete_token(id)));
            if !deleted.await? {
                bail!("there is no token {id}: `performance-platform token list` shows all");
            }
            println!("{id} is good no more");
        }
    }
    registry.close().await;
    Ok(())
}

async fn table(registry: &Registry) -> anyhow::Result<Table> {
    let uses: HashMap<Uuid, DateTime<Utc>> = registry.token_uses().await?.into_iter().collect();
    let day = |time: Option<DateTime<Utc>>, none: &str| {
        time.map_or_else(|| none.to_owned(), |time| time.format("%Y-%m-%d").to_string())
    };
    let mut table = Table::new();
    let head = ["identifier", "owner", "label", "roles", "scopes", "good until", "last used"];
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(head);
    for token in registry.catalog().access_tokens() {
        let scopes: BTreeSet<String> = token.scopes.iter().map(Scope::to_string).collect();
        table.add_row([
            token.id.to_string(),
            token.email.clone(),
            token.label.clone(),
            names(&token.roles),
            scopes.into_iter().collect::<Vec<_>>().join(" "),
            day(token.expires_at, "revoked"),
            day(uses.get(&token.id).copied(), "never"),
        ]);
    }
    Ok(table)
}
