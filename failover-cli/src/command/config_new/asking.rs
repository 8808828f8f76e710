//! What is known while the questions are put, and what is said of an answer.

use failover_core::signer::DeviceState;
use failover_core::tezos::ChainId;

use super::person::Person;
use crate::config::{Section, Template};
use crate::failure::Failure;
use failover_core::chain::SourceUrl;

/// What is being filled in.
pub(super) struct Asking<'a, 'b> {
    pub(super) person: &'a mut Person<'b>,
    pub(super) template: Template,
    /// The node answers.
    pub(super) node: Option<SourceUrl>,
    /// Its chain.
    pub(super) chain: Option<ChainId>,
    /// The device's keys.
    pub(super) device: Option<DeviceState>,
}

impl<'a, 'b> Asking<'a, 'b> {
    /// Nothing is known yet.
    pub(super) fn new(person: &'a mut Person<'b>) -> Self {
        Self { person, template: Template::default(), node: None, chain: None, device: None }
    }

    pub(super) fn seen(&mut self, section: Section, words: String) {
        self.person.tell(words.clone());
        self.template.seen.push((section, words));
    }

    /// Says what is wrong with an answer, where it can be given again.
    pub(super) fn again(&mut self, by_flag: bool, wrong: Failure) -> Result<(), Failure> {
        if by_flag || !self.person.asked {
            return Err(wrong);
        }
        self.person.warn(wrong);
        Ok(())
    }
}
