//! Which servers a URL means.

use redis::{ConnectionInfo, IntoConnectionInfo, RedisResult};

/// The servers, and the settings after the question mark that are ours.
pub(super) struct Target {
    pub(super) topology: Topology,
    pub(super) tls: bool,
    pub(super) prefix: Option<String>,
}

pub(super) enum Topology {
    Single(ConnectionInfo),
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        master: String,
        /// Only the name, the password and the database are used.
        node: ConnectionInfo,
    },
    Cluster(Vec<ConnectionInfo>),
}

impl Target {
    /// Reads a URL; the error says what is wrong with it, without the URL, since that may hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        let (prefix, rest) = settings(query)?;
        let (scheme, after) = url.split_once("://").ok_or("\"://\" is missing after the scheme")?;
        let (plain, tls) = match scheme.split_once('+').map_or(scheme, |(transport, _)| transport) {
            "redis" => ("redis", false),
            "rediss" => ("rediss", true),
            _ => return Err("the scheme must begin with redis or rediss".to_owned()),
        };
        if tls && cfg!(not(feature = "redis-tls")) {
            return Err("\"rediss\" needs the cargo feature \"redis-tls\" of fastsession".to_owned());
        }
        let info = |address: &str| -> Result<ConnectionInfo, String> {
            let info: RedisResult<ConnectionInfo> =
                format!("{plain}://{address}{rest}").into_connection_info();
            info.map_err(|error| error.to_string())
        };
        let topology = match scheme.split_once('+').map(|(_, kind)| kind) {
            None => Topology::Single(info(after)?),
            Some("cluster") => Topology::Cluster(each(after.trim_end_matches('/'), &info)?),
            Some("sentinel") => {
                let (hosts, path) =
                    after.split_once('/').ok_or("the master's name is missing after the Sentinels")?;
                let (master, database) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err("the master's name is missing after the Sentinels".to_owned());
                }
                // Name and password are the master's; Sentinels are asked without.
                let (login, hosts) =
                    hosts.rsplit_once('@').map_or(("", hosts), |(login, hosts)| (login, hosts));
                let login = if login.is_empty() { String::new() } else { format!("{login}@") };
                Topology::Sentinel {
                    sentinels: each(hosts, &|host| {
                        let info: RedisResult<ConnectionInfo> =
                            format!("{plain}://{host}").into_connection_info();
                        info.map_err(|error| error.to_string())
                    })?,
                    master: master.to_owned(),
                    node: info(&format!("{login}localhost/{database}"))?,
                }
            }
            Some(_) => return Err("after \"redis+\" only cluster or sentinel may follow".to_owned()),
        };
        Ok(Self { topology, tls, prefix })
    }

    /// The servers, without passwords.
    pub(super) fn place(&self) -> String {
        let list = |infos: &[ConnectionInfo]| {
            infos.iter().map(|info| info.addr().to_string()).collect::<Vec<_>>().join(", ")
        };
        match &self.topology {
            Topology::Single(info) => info.addr().to_string(),
            Topology::Sentinel { sentinels, master, .. } => {
                format!("{master}, by Sentinels {}", list(sentinels))
            }
            Topology::Cluster(nodes) => format!("Cluster {}", list(nodes)),
        }
    }
}

/// Each of the addresses, which are separated by commas; a login before the first is for all.
fn each(
    addresses: &str,
    info: &dyn Fn(&str) -> Result<ConnectionInfo, String>,
) -> Result<Vec<ConnectionInfo>, String> {
    let (login, hosts) = addresses.rsplit_once('@').map_or(("", addresses), |(login, hosts)| (login, hosts));
    let at = if login.is_empty() { "" } else { "@" };
    hosts.split(',').map(|host| info(&[login, at, host].concat())).collect()
}

/// Our setting, and the others as a query for the redis crate.
fn settings(query: &str) -> Result<(Option<String>, String), String> {
    let mut prefix = None;
    let mut rest = String::new();
    for setting in query.split('&').filter(|setting| !setting.is_empty()) {
        match setting.split_once('=') {
            Some(("prefix", value)) if !value.contains(['{', '}']) => prefix = Some(value.to_owned()),
            Some(("prefix", _)) => return Err("the prefix must hold no braces".to_owned()),
            Some(("protocol", _)) => {
                rest.push(if rest.is_empty() { '?' } else { '&' });
                rest.push_str(setting);
            }
            _ => return Err("after the question mark only prefix= and protocol= are known".to_owned()),
        }
    }
    Ok((prefix, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_servers() {
        for (url, place) in [
            ("redis://host", "host:6379"),
            ("redis://user:secret@host:1/2?prefix=a:", "host:1"),
            ("redis+cluster://:secret@a:1,b:2", "Cluster a:1, b:2"),
            ("redis+sentinel://:secret@a:1,b:2/main/3", "main, by Sentinels a:1, b:2"),
        ] {
            assert_eq!(Target::parse(url).unwrap().place(), place, "{url}");
        }
        assert_eq!(Target::parse("redis://host?prefix=a:").unwrap().prefix.as_deref(), Some("a:"));
    }

    #[test]
    fn logins_reach_their_servers() {
        let Topology::Cluster(nodes) = Target::parse("redis+cluster://me:secret@a,b").unwrap().topology
        else {
            panic!("a Cluster");
        };
        assert!(nodes.iter().all(|node| node.redis_settings().password() == Some("secret")));
        let url = "redis+sentinel://me:secret@a/main/3";
        let Topology::Sentinel { sentinels, node, .. } = Target::parse(url).unwrap().topology else {
            panic!("Sentinels");
        };
        assert_eq!((node.redis_settings().password(), node.redis_settings().db()), (Some("secret"), 3));
        assert_eq!(sentinels[0].redis_settings().password(), None);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for url in [
            "redis:host",
            "redis+other://me:secret@host",
            "redis+sentinel://me:secret@host",
            "redis+sentinel://me:secret@host/",
            "redis://me:secret@host?x=1",
            "redis://me:secret@host?prefix={x}",
            "redis://me:secret@host/x",
        ] {
            let error = Target::parse(url).err().unwrap();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
