//! Which addresses a project may name: not those inside the operator's network.
//!
//! A project's base address is untrusted input. It is checked when it is stored and when it is used,
//! and the addresses that its host name resolves to are checked at each connection, so that a name
//! which changes its meaning gains nothing.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// In `gateway.provider_private_hosts`, every host.
const ANY: &str = "*";

/// The operator's rule for addresses that projects name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AddressRules {
    private_hosts: Arc<[String]>,
}

/// A host whose addresses are all inside the operator's network.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{host}` is not an address on the public internet; the operator can allow it in \
     `gateway.provider_private_hosts`"
)]
pub struct NotPublic {
    host: String,
}

impl AddressRules {
    pub fn new(private_hosts: &[String]) -> Self {
        let lower = private_hosts.iter().map(|host| host.to_ascii_lowercase());
        Self {
            private_hosts: lower.collect(),
        }
    }

    /// What can be said without asking DNS.
    ///
    /// # Errors
    /// [`NotPublic`] for an IP address of a private network, or a name that stands for this machine.
    pub fn check(&self, url: &Url) -> Result<(), NotPublic> {
        let host = url.host_str().unwrap_or_default();
        let public = match url.host() {
            Some(Host::Ipv4(address)) => is_public(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => is_public(IpAddr::V6(address)),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name != "localhost" && !name.ends_with(".localhost")
            }
            None => false,
        };
        if public || self.allows(host) {
            Ok(())
        } else {
            let host = host.to_owned();
            Err(NotPublic { host })
        }
    }

    fn allows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.private_hosts
            .iter()
            .any(|allowed| *allowed == host || allowed == ANY)
    }
}

/// Resolves a name to those of its addresses that a project may reach.
impl Resolve for AddressRules {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let allowed = rules.allows(&host);
            let addresses: Vec<SocketAddr> = found
                .filter(|address| allowed || is_public(address.ip()))
                .collect();
            if addresses.is_empty() {
                return Err(Box::new(NotPublic { host }) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = match (a, b, c) {
        // this network; shared by carriers; protocols' own; benchmarks; multicast and beyond
        (0 | 224.., ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) => true,
        _ => false,
    };
    // Link-local addresses are where clouds keep their metadata.
    !(reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match segments {
        // NAT64 and 6to4 carry an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Teredo, documentation
        [0x2001, 0 | 0xdb8, ..] => false,
        // Global unicast is 2000::/3; all else is local, multicast or unassigned.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: &AddressRules, url: &str) -> bool {
        rules.check(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn addresses_inside_the_network_are_refused_however_they_are_written() {
        let rules = AddressRules::new(&[]);
        for url in [
            "http://127.0.0.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0.0.0.0:8080/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.100.100.200/",
            "http://[::1]/",
            "http://[::]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::a00:1]/",
            "http://[2002:a00:1::]/",
            "http://[2001:db8::1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
        ] {
            assert!(!check(&rules, url), "{url}");
        }
        for url in [
            "https://api.openai.com/v1",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "https://172.32.0.1/",
            "https://[64:ff9b::808:808]/",
        ] {
            assert!(check(&rules, url), "{url}");
        }
    }

    #[test]
    fn the_operator_can_allow_a_host_by_its_name() {
        let rules = AddressRules::new(&["10.0.0.5".to_owned(), "Ollama.internal".to_owned()]);
        assert!(check(&rules, "http://10.0.0.5:11434/v1"));
        assert!(check(&rules, "http://ollama.internal/v1"));
        assert!(!check(&rules, "http://10.0.0.6/"));
        let any = AddressRules::new(&["*".to_owned()]);
        assert!(check(&any, "http://127.0.0.1/"));
    }

    #[tokio::test]
    async fn a_name_is_resolved_to_public_addresses_only() {
        let resolve = |rules: &AddressRules| rules.resolve("localhost".parse().unwrap());
        let refused = resolve(&AddressRules::new(&[])).await;
        assert!(refused.err().unwrap().is::<NotPublic>());
        let allowed = resolve(&AddressRules::new(&["localhost".to_owned()])).await;
        assert!(allowed.unwrap().count() > 0);
    }
}
