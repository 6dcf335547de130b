//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;

use super::Access;

/// The network's view of a caller.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address; none where there is no network, as in tests.
    pub address: Option<IpAddr>,
    /// Whether the request came through TLS.
    pub secure: bool,
}

impl Client {
    /// Who sent a request: the other end of the connection or, behind a proxy, whoever that names.
    pub fn of(access: &Access, request: &Request) -> Client {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Client::new(access, peer, request.headers())
    }

    /// The same, from the parts.
    pub fn new(access: &Access, peer: Option<IpAddr>, headers: &HeaderMap) -> Client {
        if !access.behind_proxy {
            return Client { address: peer, secure: false };
        }
        let text =
            |name: &str| headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok());
        // The last address is the one that our own proxy has seen; those before it are hearsay.
        let seen = text("x-forwarded-for").and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        Client { address: seen.or(peer), secure: text("x-forwarded-proto") == Some("https") }
    }

    /// The address as a text; empty if there is none.
    pub fn name(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_what_it_saw_itself() {
        let peer = Some(IpAddr::from([192, 0, 2, 1]));
        let headers = HeaderMap::from_iter([
            ("x-forwarded-for".parse().unwrap(), HeaderValue::from_static("203.0.113.9, 198.51.100.7")),
            ("x-forwarded-proto".parse().unwrap(), HeaderValue::from_static("https")),
        ]);
        let alone = Client::new(&Access::default(), peer, &headers);
        assert_eq!((alone.name().as_str(), alone.secure), ("192.0.2.1", false));
        let access = Access { behind_proxy: true, ..Access::default() };
        let proxied = Client::new(&access, peer, &headers);
        assert_eq!((proxied.name().as_str(), proxied.secure), ("198.51.100.7", true));
    }
}
