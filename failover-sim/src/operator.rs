//! The person of a drill: answers as scripted, and does what they say, or lies.

use super::event::Event;
use super::options::Side;
use super::world::World;
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::signer::Passphrase;

/// What the person does when asked about the primary's signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cable {
    /// Pulls the primary's signer out, then says so.
    Pulls,
    /// Says so, and has not.
    Lies,
    /// Says no, to that and to the power.
    CannotSay,
    /// Cannot reach the cable, and switches the machine off.
    SwitchesOff,
    /// Cannot reach the cable, says that the machine is switched off, and has not done it (H38).
    SaysOff,
}

/// A scripted person.
#[derive(Debug, Clone)]
pub struct Person {
    world: World,
    /// Which machine is the primary.
    pub primary: Side,
    /// The cable.
    pub cable: Cable,
    /// Is the Ledger's setting enabled, as the person reads it?
    pub ledger_setting: bool,
    /// Nobody is there: a script that says yes to the plan and has the passphrase, and no other answer.
    pub script: bool,
    /// Do they take the risk where nothing proves that the primary is off?
    pub takes_the_risk: bool,
    /// The passphrase that they type; `None`: the right one.
    pub passphrase: Option<String>,
}

impl Person {
    /// An honest person with the right passphrase.
    #[must_use]
    pub const fn new(world: World) -> Self {
        Self {
            world,
            primary: Side::Primary,
            cable: Cable::Pulls,
            ledger_setting: true,
            script: false,
            takes_the_risk: false,
            passphrase: None,
        }
    }
}

impl Operator for Person {
    fn ask(&mut self, question: &Question) -> Result<Answer, OperatorError> {
        self.can_answer(question)?;
        let yes = |yes| if yes { Answer::Yes } else { Answer::No };
        Ok(match question {
            Question::Proceed { .. } => Answer::Yes,
            Question::Disconnected { .. } => {
                if self.cable == Cable::Pulls {
                    self.world.apply(Event::Unplug(self.primary));
                }
                yes(matches!(self.cable, Cable::Pulls | Cable::Lies))
            }
            Question::PoweredOff { .. } => {
                if self.cable == Cable::SwitchesOff {
                    self.world.apply(Event::PowerOff(self.primary));
                }
                yes(matches!(self.cable, Cable::SwitchesOff | Cable::SaysOff))
            }
            Question::Unproven { .. } => yes(self.takes_the_risk),
            Question::NoOtherRun { .. } => Answer::Yes,
            Question::LedgerSetting => yes(self.ledger_setting),
            // The backup is the other machine, and its device is what the world says.
            Question::Unplugged { .. } => yes(self.world.signer(self.primary.other()).state().is_err()),
            Question::NotMoved { .. } => Answer::Yes,
            // Never yes to what nobody has thought about.
            _ => return Err(OperatorError::Cancelled),
        })
    }

    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        let text = self.passphrase.clone().unwrap_or_else(|| self.world.passphrase());
        Ok(Passphrase::new(text.into_bytes()))
    }

    fn can_answer(&self, question: &Question) -> Result<(), OperatorError> {
        match question {
            Question::Proceed { .. } => Ok(()),
            _ if self.script => Err(OperatorError::NoTerminal { what: "anything", flag: "a flag" }),
            _ => Ok(()),
        }
    }
}
