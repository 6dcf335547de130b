//! Options that let people sign in at a single sign-on service.

use anyhow::Context;
use clap::Args;
use stagecraft::Role;

use crate::access::sign_on::SignOn;
use crate::access::sign_on::admission::Admission;
use crate::access::sign_on::provider::Provider;

/// The service, and whom it lets in.
#[derive(Debug, Args)]
#[command(next_help_heading = "Single sign-on (OpenID Connect)")]
pub struct SignOnArgs {
    /// The address that the sign-on service is known by (its issuer). People can then sign in with it: see docs/access.md.
    #[arg(
        long,
        env = "PP_OIDC_ISSUER",
        value_name = "URL",
        requires = "oidc_client_id",
        requires = "public_url"
    )]
    oidc_issuer: Option<String>,
    /// What this installation is called at the service.
    #[arg(long, env = "PP_OIDC_CLIENT_ID", value_name = "ID", requires = "oidc_issuer")]
    oidc_client_id: Option<String>,
    /// What shows the service that it is this installation. Better in the environment than on the command line.
    #[arg(
        long,
        env = "PP_OIDC_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        requires = "oidc_issuer"
    )]
    oidc_client_secret: Option<String>,
    /// What the button says after "Sign in with".
    #[arg(long, env = "PP_OIDC_NAME", value_name = "NAME", default_value = "single sign-on")]
    oidc_name: String,
    /// Let only people in whose e-mail addresses are in this domain. Several: give it again, or separate them with commas.
    #[arg(long, env = "PP_OIDC_DOMAIN", value_name = "DOMAIN", value_delimiter = ',')]
    oidc_domain: Vec<String>,
    /// Let only people in of whom the service says this, such as `groups=performance`; all of several have to hold.
    #[arg(long, env = "PP_OIDC_CLAIM", value_name = "NAME=VALUE", value_delimiter = ',', value_parser = claim)]
    oidc_claim: Vec<(String, String)>,
    /// Make an account for whoever is let in and has none.
    #[arg(long, env = "PP_OIDC_CREATE_USERS")]
    oidc_create_users: bool,
    /// A role of accounts that are made so. Without one they may do nothing until somebody gives them a role.
    #[arg(
        long,
        env = "PP_OIDC_ROLE",
        value_name = "ROLE",
        value_delimiter = ',',
        requires = "oidc_create_users"
    )]
    oidc_role: Vec<Role>,
    /// Believe e-mail addresses of which the service does not say that it has verified them.
    #[arg(long, env = "PP_OIDC_TRUST_EMAIL")]
    oidc_trust_email: bool,
    /// The address at which people reach this server, such as `https://performance.example.gov.uk`. The sign-on service sends
    /// them back to /admin/sign-on/return there, and pages name it where they need whole addresses, unless `--branding` names another
    /// site.
    #[arg(long, env = "PP_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl SignOnArgs {
    /// The address at which people reach this server, without a slash at its end.
    pub fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref().map(|url| url.trim_end_matches('/'))
    }
}

fn claim(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a claim is written NAME=VALUE, such as groups=performance".to_owned()),
    }
}

impl SignOnArgs {
    /// The service that these options describe, if they do.
    ///
    /// # Errors
    /// If an address cannot be used.
    pub fn sign_on(&self) -> anyhow::Result<Option<SignOn>> {
        let (Some(issuer), Some(client_id), Some(public_url)) =
            (&self.oidc_issuer, &self.oidc_client_id, &self.public_url)
        else {
            return Ok(None);
        };
        let secret = self.oidc_client_secret.clone().filter(|secret| !secret.is_empty());
        let provider = Provider::new(issuer, client_id.clone(), secret).context("--oidc-issuer")?;
        let redirect_uri = format!("{}/admin/sign-on/return", public_url.trim_end_matches('/'));
        let admission = Admission {
            domains: self.oidc_domain.iter().map(|domain| domain.trim().to_lowercase()).collect(),
            claims: self.oidc_claim.clone(),
            trust_email: self.oidc_trust_email,
            new_users: self.oidc_create_users.then(|| self.oidc_role.iter().copied().collect()),
        };
        Ok(Some(SignOn::new(provider, redirect_uri, self.oidc_name.clone(), admission)))
    }
}
