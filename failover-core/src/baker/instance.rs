//! One TezBake of a machine, of which there may be several: its units by how their names end, its folders by what they run.
//!
//! A unit's name begins with the instance's id, which is `bb-default` in the default folder only: elsewhere it is the
//! folder's last name, or what `--id` said (seen on TezBake 2026-04). `ID-node-xtz-baker`, `ID-signer-tezsign`, and so on.

use std::fmt;
use std::str::FromStr;

use super::UnitName;

/// The end of a unit's name behind its app's id, in the order in which they are started, and what it is for (xtz.node,
/// xtz.signer, xtz.dal 2026).
const ENDS: [(&str, Role); 11] = [
    ("-xtz-dal", Role::Beside),
    ("-xtz-signer", Role::Signer),
    ("-tezsign", Role::TezSign),
    ("-xtz-prism", Role::Forwards),
    ("-xtz-signer-tunnel", Role::Forwards),
    ("-signer-tunnel", Role::Forwards),
    ("-xtz-node-tunnel", Role::Beside),
    ("-xtz-node", Role::Beside),
    ("-xtz-baker", Role::Baker),
    ("-xtz-baker-next", Role::Residue),
    ("-xtz-accuser", Role::Beside),
];

/// Between the instance's id and the name of a service that pays (`bb-default-pay-continual`: TezPay's app, 2026-04).
const PAY: &str = "-pay-";

/// What names them all to systemctl, loaded or installed.
pub(super) const PATTERNS: [&str; 11] = [
    "*-xtz-dal.service",
    "*-xtz-signer.service",
    "*-tezsign.service",
    "*-xtz-prism.service",
    "*-signer-tunnel.service",
    "*-xtz-node-tunnel.service",
    "*-xtz-node.service",
    "*-xtz-baker.service",
    "*-xtz-baker-next.service",
    "*-xtz-accuser.service",
    "*-pay-*.service",
];

/// The apps of an instance that these units are of.
const APPS: [&str; 4] = ["-node", "-signer", "-dal", "-peak"];

/// What a unit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Baker,
    /// A baker's unit of an earlier protocol: stopped and guarded, never started.
    Residue,
    Signer,
    TezSign,
    /// To a signer, which may be on another machine.
    Forwards,
    /// Node, DAL node, accuser, and what forwards to those: they sign nothing.
    Beside,
    /// Rewards to delegators. It signs nothing that a baker signs; two of them pay twice.
    Pays,
}

impl Role {
    pub(super) fn of(unit: &UnitName) -> Option<Self> {
        parts(unit).map(|(_, _, role)| role)
    }

    pub(super) const fn signs(self) -> bool {
        !matches!(self, Self::Beside | Self::Pays)
    }
}

/// The instance's id, the place in the order of starts, and the role.
fn parts(unit: &UnitName) -> Option<(&str, usize, Role)> {
    let stem = unit.as_str().strip_suffix(".service")?;
    let found = ENDS.iter().enumerate().find_map(|(at, (end, role))| Some((at, stem.strip_suffix(end)?, *role)));
    let (id, at, role) = match found {
        Some((at, app, role)) => {
            let (id, app) = APPS.iter().find_map(|end| Some((app.strip_suffix(end)?, *end))).unwrap_or((app, ""));
            // The DAL node's own PRISM leads to node and DAL node, never to a signer (xtz.dal 2026).
            let role = if app == "-dal" && stem.contains("-xtz-prism") { Role::Beside } else { role };
            (id, at, role)
        }
        None => {
            let (id, service) = stem.rsplit_once(PAY)?;
            (if service.is_empty() { "" } else { id }, ENDS.len(), Role::Pays)
        }
    };
    (!id.is_empty()).then_some((id, at, role))
}

/// The instance's id.
pub(super) fn id(unit: &UnitName) -> Option<&str> {
    parts(unit).map(|(id, ..)| id)
}

/// Is it the name of a service of TezBake's that signs?
pub(super) fn signs(unit: &UnitName) -> bool {
    Role::of(unit).is_some_and(Role::signs)
}

/// Does octez-baker run in this unit?
pub(super) fn bakes(unit: &UnitName) -> bool {
    matches!(Role::of(unit), Some(Role::Baker | Role::Residue))
}

/// Node and DAL node of an instance, in the order of their start.
pub(super) fn nodes(all: &[UnitName], id: &str) -> Vec<UnitName> {
    let ends = ["-xtz-dal.service", "-xtz-node.service"];
    let ours = in_order_of_start(all).into_iter().filter(|unit| self::id(unit) == Some(id));
    ours.filter(|unit| ends.iter().any(|end| unit.as_str().ends_with(end))).collect()
}

/// Does it pay rewards to delegators?
pub(super) fn pays(unit: &UnitName) -> bool {
    Role::of(unit) == Some(Role::Pays)
}

/// What is started, in an order that works: a signer before the baker that asks it; nothing of an earlier protocol, and
/// nothing that pays.
pub(super) fn in_order_of_start(units: &[UnitName]) -> Vec<UnitName> {
    let mut placed: Vec<(usize, &UnitName)> = units
        .iter()
        .filter_map(|unit| {
            let (_, at, role) = parts(unit)?;
            (!matches!(role, Role::Residue | Role::Pays)).then_some((at, unit))
        })
        .collect();
    placed.sort();
    placed.into_iter().map(|(_, unit)| unit.clone()).collect()
}

/// Which instance of TezBake is meant, where a machine has several: its name (`second`, `bb-default`) or its folder
/// (`/opt/bb`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance(String);

/// A text that names no instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a TezBake instance: give its name as in NAME-node-xtz-baker.service, or the path of its folder")]
pub struct InstanceError(String);

impl Instance {
    /// Is it the one with this id, in this folder?
    pub(super) fn is(&self, id: &str, folder: Option<&str>) -> bool {
        match self.0.strip_prefix('/') {
            Some(_) => folder == Some(self.0.as_str()),
            None => self.0 == id || (self.0 == "default" && id == "bb-default"),
        }
    }
}

impl FromStr for Instance {
    type Err = InstanceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_suffix('/').unwrap_or(text);
        let folder = name.starts_with('/') && !name.chars().any(char::is_control);
        let id = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
        if name.is_empty() || name.len() > 200 || !(folder || id) {
            return Err(InstanceError(text.chars().take(80).collect()));
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::tezos::text_serde!(Instance);

/// How many there are, in words.
pub(super) fn many(ids: &[String]) -> String {
    if ids.len() == 1 { "one instance".to_owned() } else { format!("{} instances", ids.len()) }
}

/// Which of them is meant, in words.
pub(super) fn meant(wanted: Option<&Instance>) -> String {
    wanted.map_or_else(
        || "which one is meant is not configured".to_owned(),
        |wanted| format!("none of them alone is {wanted}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str) -> UnitName {
        name.parse().unwrap()
    }

    #[test]
    fn what_signs_is_told_by_its_name() {
        for (name, of) in [
            ("bb-default-node-xtz-baker", "bb-default"),
            ("bb-default-node-xtz-baker-next", "bb-default"),
            ("second-signer-xtz-signer", "second"),
            ("my.baker-2-signer-tezsign", "my.baker-2"),
            ("bb-signer-xtz-prism", "bb"),
            ("bb-default-signer-tunnel", "bb-default"),
            ("second-signer-xtz-signer-tunnel", "second"),
            ("node-signer-tezsign", "node"),
            ("bb-default-node-xtz-prism", "bb-default"),
        ] {
            assert!(signs(&unit(name)), "{name}");
            assert_eq!(id(&unit(name)), Some(of), "{name}");
        }
        for name in ["bb-default-node-xtz-node", "bb-default-node-xtz-accuser", "second-dal-xtz-dal", "a-dal-xtz-prism"]
        {
            assert!(!signs(&unit(name)) && id(&unit(name)).is_some(), "{name}");
        }
        for (name, of) in [("bb-default-pay-continual", "bb-default"), ("a-pay-b-pay-tezpay", "a-pay-b")] {
            assert!(pays(&unit(name)) && !signs(&unit(name)) && id(&unit(name)) == Some(of), "{name}");
        }
        for name in ["bb-default-pay-", "-pay-continual", "octez-baker", "octez-signer", "tezsign", "-node"] {
            assert!(name.parse().map_or(true, |unit| id(&unit).is_none()), "{name}");
        }
    }

    #[test]
    fn what_signs_is_started_before_what_asks_it() {
        let units =
            ["x-node-xtz-accuser", "x-node-xtz-baker", "x-node-xtz-baker-next", "x-node-xtz-node", "x-pay-continual"];
        let units = units.into_iter().chain(["x-signer-tezsign", "x-signer-xtz-signer", "x-dal-xtz-dal"]).map(unit);
        let order: Vec<String> =
            in_order_of_start(&units.collect::<Vec<_>>()).iter().map(|unit| unit.as_str().to_owned()).collect();
        let stems: Vec<&str> = order.iter().map(|name| name.trim_end_matches(".service")).collect();
        assert_eq!(
            stems,
            [
                "x-dal-xtz-dal",
                "x-signer-xtz-signer",
                "x-signer-tezsign",
                "x-node-xtz-node",
                "x-node-xtz-baker",
                "x-node-xtz-accuser"
            ]
        );
    }

    #[test]
    fn node_and_dal_node_are_those_of_one_instance() {
        let all = ["x-node-xtz-node", "x-dal-xtz-dal", "y-node-xtz-node", "x-node-xtz-baker", "x-node-xtz-accuser"];
        let all: Vec<UnitName> = all.into_iter().map(unit).collect();
        assert_eq!(nodes(&all, "x"), [unit("x-dal-xtz-dal"), unit("x-node-xtz-node")]);
        assert!(nodes(&all, "z").is_empty());
    }

    #[test]
    fn an_instance_is_named_by_its_id_or_its_folder() {
        let is = |text: &str, id: &str, folder: Option<&str>| text.parse::<Instance>().unwrap().is(id, folder);
        assert!(
            is("second", "second", None) && is("default", "bb-default", None) && is("/opt/x/", "x", Some("/opt/x"))
        );
        assert!(!is("second", "second-2", None) && !is("/opt/x", "x", None) && !is("/opt/x", "x", Some("/opt/xy")));
        for odd in ["", "/", "a b", "a*", "x\n", "/a\0"] {
            assert!(odd.parse::<Instance>().is_err(), "{odd:?}");
        }
    }
}
