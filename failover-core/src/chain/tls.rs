//! Certificates in files.

use std::path::Path;

use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};
use zeroize::Zeroizing;

/// Every item of a file in PEM. The error is a sentence's end for a person.
pub(crate) fn pem(path: &Path) -> Result<Vec<PemItem<'static>>, String> {
    let text = Zeroizing::new(std::fs::read(path).map_err(|error| error.to_string())?);
    parse_pem(&text).collect::<Result<_, _>>().map_err(|error| super::unsent::why(&error))
}

/// The certificates of a file.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let found: Vec<_> = pem(path)?
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err("it has no certificate".to_owned()) } else { Ok(found) }
}

/// The certificates of a file, to trust nothing else.
pub(crate) fn roots(path: &Path) -> Result<RootCerts, String> {
    Ok(RootCerts::new_with_certs(&certificates(path)?))
}
