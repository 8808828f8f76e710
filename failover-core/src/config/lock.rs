//! `[lock]`: one failover at a time across machines.

use std::path::PathBuf;

use crate::lock::etcd::EtcdOptions;
use crate::signer::Passphrase;
use toml::Spanned;

use super::check::Checker;
use super::{ConfigError, file};
use crate::chain::SourceUrl;

/// `[lock]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockSection {
    /// The members of one etcd cluster.
    pub etcd: Vec<SourceUrl>,
    /// Before the chain and the baker in the key.
    pub prefix: Option<String>,
    /// Who this is to etcd, and the file with the password.
    pub user: Option<(String, PathBuf)>,
    /// Who may have signed etcd's certificate.
    pub ca_file: Option<PathBuf>,
    /// This client's certificate and key.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl LockSection {
    /// As the lock wants it.
    #[must_use]
    pub fn options(&self, password: Option<Passphrase>) -> EtcdOptions {
        let mut options = EtcdOptions::new(self.etcd.clone());
        if let Some(prefix) = &self.prefix {
            options.prefix.clone_from(prefix);
        }
        options.user = self.user.as_ref().zip(password).map(|((name, _), password)| (name.clone(), password));
        options.ca_file.clone_from(&self.ca_file);
        options.client.clone_from(&self.client);
        options
    }

    /// A member whose password could be read on the way: on another machine, without TLS.
    #[must_use]
    pub fn in_the_clear(&self) -> Option<&SourceUrl> {
        let here = |url: &str| {
            let host = url.trim_start_matches("http://");
            ["127.", "localhost", "[::1]"].iter().any(|name| host.starts_with(name))
        };
        self.user.as_ref()?;
        self.etcd.iter().find(|url| url.as_str().starts_with("http://") && !here(url.as_str()))
    }
}

/// Two keys that say nothing without each other.
type Pair<'a, A, B> = (&'a str, Option<Spanned<A>>, &'a str, Option<Spanned<B>>);

impl Checker<'_> {
    pub(super) fn lock(&self, lock: Option<file::Lock>) -> Result<Option<LockSection>, ConfigError> {
        let Some(lock) = lock else { return Ok(None) };
        let file::Lock { etcd, prefix, user, password_file, ca_file, cert_file, key_file } = lock;
        let tls = etcd.get_ref().iter().any(|url| url.as_str().starts_with("https://"));
        if etcd.get_ref().is_empty() {
            return Err(self.wrong(&etcd, "etcd: name at least one member, like https://10.0.0.1:2379"));
        }
        if etcd.get_ref().iter().any(SourceUrl::has_login) {
            return Err(self.wrong(&etcd, "etcd: user and password_file say who asks, and not the URL"));
        }
        if let Some(prefix) = prefix.as_ref().filter(|prefix| !is_prefix(prefix.get_ref())) {
            return Err(self.wrong(prefix, "prefix: begins with a slash and does not end with one, like /failover"));
        }
        for (key, file) in [("ca_file", &ca_file), ("cert_file", &cert_file)] {
            if let Some(file) = file.as_ref().filter(|_| !tls) {
                return Err(self.wrong(file, format!("{key}: used only with an https:// member")));
            }
        }
        let user = self.both(("user", user, "password_file", password_file))?;
        let client = self.both(("cert_file", cert_file, "key_file", key_file))?;
        Ok(Some(LockSection {
            etcd: etcd.into_inner(),
            prefix: prefix.map(Spanned::into_inner),
            user: user.map(|(name, file)| (name, self.resolve(file))),
            ca_file: ca_file.map(|file| self.resolve(file.into_inner())),
            client: client.map(|(certificate, key)| (self.resolve(certificate), self.resolve(key))),
        }))
    }

    fn both<A, B>(&self, (first, a, second, b): Pair<'_, A, B>) -> Result<Option<(A, B)>, ConfigError> {
        match (a, b) {
            (None, None) => Ok(None),
            (Some(a), Some(b)) => Ok(Some((a.into_inner(), b.into_inner()))),
            (Some(a), None) => Err(self.wrong(&a, format!("{first}: {second} is missing"))),
            (None, Some(b)) => Err(self.wrong(&b, format!("{second}: {first} is missing"))),
        }
    }
}

/// The keys below it must be read back by people and by etcd's own tools.
fn is_prefix(text: &str) -> bool {
    text.starts_with('/') && !text.ends_with('/') && text.len() <= 200 && text.bytes().all(|b| b.is_ascii_graphic())
}
