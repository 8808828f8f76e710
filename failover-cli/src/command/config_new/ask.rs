//! The questions, in the order in which one answer helps with the next. Each has what was found as its default.

use failover_core::chain::{Delegate, SourceUrl};
use failover_core::config::{Signer, name_fits};
use failover_core::host::{LocalHost, SshHost, SshOptions};
use failover_core::signer::traits::NamedBy;
use failover_core::signer::{KeyName, Selector};
use failover_core::tezos::{ChainId, KeyHash};

use super::asking::Asking;
use super::control;
use super::keys::held;
use super::look;
use super::person::Person;
use crate::args::{ConfigNew, Global};
use crate::command::devices;
use crate::config::{Section, Template, tzkt_of};
use crate::failure::Failure;

/// Where an own node usually is.
const NODE: &str = "http://127.0.0.1:8732";
/// The answer that says that there is none.
const NONE: &str = "none";

/// Looks and asks until everything is answered or left open.
///
/// # Errors
/// The person cancelled.
pub(super) fn template(global: &Global, wanted: &ConfigNew, person: &mut Person<'_>) -> Result<Template, Failure> {
    let mut asking = Asking::new(person);
    asking.node(global.node.as_ref())?;
    asking.network(wanted.network.as_deref())?;
    asking.device(global.device.as_ref())?;
    asking.baker(wanted.address)?;
    asking.name(wanted.name.as_deref())?;
    asking.backup()?;
    asking.primary(wanted.primary.as_deref())?;
    asking.tzkt()?;
    Ok(asking.template)
}

impl Asking<'_, '_> {
    /// A node that does not answer may be given all the same, by a flag or by a second Enter.
    fn node(&mut self, given: Option<&SourceUrl>) -> Result<(), Failure> {
        let mut url: SourceUrl = match given {
            Some(url) => url.clone(),
            None => NODE.parse().map_err(|error| Failure::usage(error, "name the node with --node"))?,
        };
        loop {
            let answer = look::node(&url);
            match &answer {
                Ok((_, words)) => self.person.tell(format!("A node answers at {url}: {words}.")),
                Err(error) => self.person.warn(format!("no node at {url}: {error}")),
            }
            let known = given.is_some() || answer.is_ok() || self.person.asked;
            let again = match given {
                Some(_) => Some(url.clone()),
                None => self.person.parsed("The own node's RPC", known.then_some(url.as_str()))?,
            };
            if again.as_ref().is_none_or(|again| *again == url) {
                self.template.node.clone_from(&again);
                if let Ok((chain, words)) = answer {
                    self.template.seen.push((Section::Chain, words));
                    (self.node, self.chain) = (again, Some(chain));
                }
                return Ok(());
            }
            url = again.unwrap_or(url);
        }
    }

    fn network(&mut self, given: Option<&str>) -> Result<(), Failure> {
        let found = self.chain.map(|chain| chain.network().map_or_else(|| chain.to_string(), str::to_owned));
        self.template.network = match (given, found) {
            (Some(given), _) => Some(given.to_owned()),
            (None, Some(found)) => Some(found),
            (None, None) => self.named_network()?,
        };
        let named = self.template.network.as_deref().and_then(|name| ChainId::of_network(name).ok());
        if let (Some(named), Some(chain)) = (named, self.chain)
            && named != chain
        {
            self.person.warn(format!("the node is on the chain {chain}, not {named}: a run refuses there"));
        }
        Ok(())
    }

    fn named_network(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let text = self.person.line("Which network: mainnet, shadownet, or a chain id", None)?;
            match text {
                Some(name) if ChainId::of_network(&name).is_err() => {
                    self.person.warn(format!("{name} is neither a known network nor a chain id"));
                }
                text => return Ok(text),
            }
        }
    }

    fn device(&mut self, given: Option<&Selector>) -> Result<(), Failure> {
        let selector = match given {
            Some(selector) => Some(selector.clone()),
            None => self.found_device()?,
        };
        let Some(selector) = selector else { return Ok(()) };
        match look::device(&Signer::of(selector.clone())) {
            Ok(state) => {
                let version = state.info.version.as_deref().unwrap_or("of an unknown version");
                let names: Vec<&str> = state.keys.iter().map(|key| key.name.as_str()).collect();
                self.seen(Section::Signer, format!("{} {version}, its keys: {}", state.info.model, names.join(", ")));
                self.device = Some(state);
            }
            Err(error) => self.person.warn(format!("{selector} cannot be read: {error}; {}", error.next())),
        }
        self.template.device = Some(selector);
        Ok(())
    }

    /// Several devices: none of them is the first one found (H18).
    fn found_device(&mut self) -> Result<Option<Selector>, Failure> {
        let (found, unread) = devices::on_usb();
        if let Some(error) = unread {
            self.person.warn(format!("not every device can be listed: {error}; {}", error.next()));
        }
        for device in &found {
            self.person.tell(device.to_string());
        }
        let default = match found.as_slice() {
            [] => {
                let none = devices::names(" and no ", |model| model.to_string());
                self.person.warn(format!("no {none} is plugged in"));
                None
            }
            [one] => Some(one.selector.to_string()),
            several => {
                let all: Vec<String> = several.iter().map(|one| one.selector.to_string()).collect();
                self.person.warn(format!("more than one device is plugged in: {}", all.join(", ")));
                None
            }
        };
        let names = devices::names(", ", |model| format!("{}...", model.name()));
        self.person.parsed(&format!("Which device, as it is named above: {names}"), default.as_deref())
    }

    fn baker(&mut self, given: Option<KeyHash>) -> Result<(), Failure> {
        let node = self.node.clone();
        let mut default = match (given, &node, &self.device) {
            (None, Some(url), Some(device)) => {
                let bakers = look::bakers(url, device);
                let only = if let [one] = bakers.as_slice() { Some(*one) } else { None };
                if let Some(one) = only {
                    self.person.tell(format!("The baker {one} signs with the device's keys."));
                } else if !bakers.is_empty() {
                    let all: Vec<String> = bakers.iter().map(ToString::to_string).collect();
                    self.person.tell(format!("Several bakers sign with the device's keys: {}.", all.join(", ")));
                }
                only
            }
            _ => None,
        };
        loop {
            let address = match given {
                Some(address) => Some(address),
                None => {
                    let text = default.map(|address| address.to_string());
                    self.person.parsed("The baker's (manager) address", text.as_deref())?
                }
            };
            let (Some(address), Some(url)) = (address, &node) else {
                self.template.address = address;
                return Ok(());
            };
            match look::delegate(url, &address) {
                Ok(delegate) => {
                    self.template.address = Some(address);
                    self.expected(&delegate);
                    return Ok(());
                }
                Err(error) => {
                    self.person.warn(format!("the node does not know {address} as a baker: {error}"));
                    // Given once more, it is taken.
                    if given.is_some() || !self.person.asked || default == Some(address) {
                        self.template.address = Some(address);
                        return Ok(());
                    }
                    default = Some(address);
                }
            }
        }
    }

    /// The keys that the chain expects, held against the device's (H7, H8).
    fn expected(&mut self, delegate: &Delegate) {
        for (wrong, what) in [(delegate.deactivated, "deactivated"), (delegate.forbidden, "forbidden to bake")] {
            if wrong {
                self.person.warn(format!("this baker is {what}: a run would be refused"));
            }
        }
        let Some(device) = &self.device else {
            let keys: Vec<String> =
                delegate.keys.iter().map(|key| format!("{} key {}", key.role.name(), key.key)).collect();
            return self.seen(Section::Baker, format!("the chain expects the {}", keys.join(", the ")));
        };
        let mut on_device = held(delegate, device);
        if device.traits().keys == NamedBy::Path
            && let Some(selector) = self.template.device.clone()
        {
            let wanted: Vec<KeyHash> = delegate.keys.iter().map(|key| key.key).collect();
            if let Some((path, curve, state)) = look::ledger_key(&selector, device, &wanted) {
                on_device = held(delegate, &state);
                self.template.ledger = Some((path, curve));
            }
            // Its key has a path, and no alias.
            on_device.names = Vec::<KeyName>::new();
        }
        for there in on_device.there {
            self.seen(Section::Signer, there);
        }
        for missing in on_device.missing {
            self.template.seen.push((Section::Signer, missing.clone()));
            self.person.warn(format!("{missing}: a run would be refused"));
        }
        self.template.keys = on_device.names;
    }

    fn name(&mut self, given: Option<&str>) -> Result<(), Failure> {
        // Never this machine's: a sentence with it would name the backup where the primary is meant.
        let here = look::hostname();
        loop {
            let name = match given {
                Some(name) => Some(name.to_owned()),
                None => self.person.line("The baker's name, which is typed to confirm", None)?,
            };
            match name {
                Some(name) if !name_fits(&name) => {
                    let wrong = Failure::usage("a name has between 1 and 64 characters", "name it with --name");
                    self.again(given.is_some(), wrong)?;
                }
                Some(name) if given.is_none() && here.as_deref() == Some(name.as_str()) => {
                    let wrong = Failure::usage(
                        format!("{name} is this machine, the backup; the baker has a name of its own"),
                        "name it with --name",
                    );
                    self.again(false, wrong)?;
                }
                name => {
                    self.template.name = name;
                    return Ok(());
                }
            }
        }
    }

    fn backup(&mut self) -> Result<(), Failure> {
        let (control, marks) = control::of(self, &LocalHost::new(), Section::Backup, "this machine")?;
        (self.template.backup, self.template.backup_marks) = (control, marks);
        Ok(())
    }

    fn primary(&mut self, given: Option<&str>) -> Result<(), Failure> {
        let (destination, host) = loop {
            let destination = match given {
                Some(destination) => Some(destination.to_owned()),
                None => self.person.line("The primary's ssh destination, or none if it can never be reached", None)?,
            };
            let Some(destination) = destination.filter(|text| text != NONE) else { return Ok(()) };
            match SshHost::new(destination.clone(), SshOptions::default()) {
                Ok(host) => break (destination, host),
                Err(error) => {
                    let wrong = Failure::usage(error, "name it with --primary, as ssh takes it: baker@primary");
                    self.again(given.is_some(), wrong)?;
                }
            }
        };
        let (control, marks) = match look::primary(host) {
            Ok(host) => {
                self.seen(Section::Primary, format!("ssh to {destination} works, without a password"));
                control::of(self, &host, Section::Primary, &destination)?
            }
            Err(why) => {
                self.person.warn(format!("the primary was tried once: {why}"));
                let question = format!("What runs the baker on {destination}: {}", control::CHOICE);
                (control::asked(self.person, &question, None)?, Vec::new())
            }
        };
        (self.template.primary_control, self.template.primary_marks) = (control, marks);
        self.template.primary = Some(destination);
        Ok(())
    }

    /// A second opinion that nobody named is not asked for.
    fn tzkt(&mut self) -> Result<(), Failure> {
        if !self.person.asked {
            return Ok(());
        }
        let usual = self.template.network.as_deref().and_then(tzkt_of);
        let question = "TzKT's API as a second opinion, or none";
        loop {
            let text = self.person.line(question, usual.or(Some(NONE)))?.filter(|text| text != NONE);
            let Some(text) = text else { return Ok(()) };
            let url: SourceUrl = match text.parse() {
                Ok(url) => url,
                Err(error) => {
                    self.person.warn(error);
                    continue;
                }
            };
            match look::tzkt(&url) {
                Ok((chain, words)) if self.chain.is_none_or(|own| own == chain) => {
                    self.template.seen.push((Section::Chain, format!("{url}: {words}")));
                }
                Ok((chain, _)) => {
                    self.person
                        .warn(format!("{url} is on the chain {chain}: it cannot be a second opinion on this one"));
                    continue;
                }
                Err(error) => self.person.warn(format!("{url} did not answer: {error}")),
            }
            self.template.tzkt = Some(url);
            return Ok(());
        }
    }
}
