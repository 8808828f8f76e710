//! `return`: may the primary have its job back? Only where this machine is proven to have signed nothing since it last
//! became the backup, by everything that was armed here, and by its device's own marks (S16).

use super::policy::Policy;
use super::refusal::Refusal;
use super::step::{Approved, Step};
use super::verdict::Verdict;
use crate::facts::{Account, Answer, Arming, AtRest, Deed, DeviceState, Giving, KeyName, Lowering, Question, Unknown};

mod left;

use left::{Left, left};

/// What the person has said so far, to this command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReturnAnswers {
    /// To go on.
    pub proceed: Option<Answer>,
    /// That this machine's signer is unplugged (H28).
    pub unplugged: Option<Answer>,
    /// That the Ledger has been at no other machine.
    pub not_moved: Option<Answer>,
}

/// What to do next, to give the primary its job back: one verdict at a time, and each is one effect at most.
#[must_use]
pub fn give_back(giving: &Giving, policy: &Policy, said: &ReturnAnswers) -> Verdict {
    next(giving, policy, said).unwrap_or_else(|refusal| Verdict::Refuse(*refusal))
}

fn next(giving: &Giving, policy: &Policy, said: &ReturnAnswers) -> Result<Verdict, Box<Refusal>> {
    let account = giving
        .account
        .as_ref()
        .map_err(|unknown| may_have_signed(vec![format!("what was armed here is not known: {unknown}")]))?;
    never_started(account)?;
    let left = left(account).map_err(may_have_signed)?;
    hosts(giving, policy)?;
    at_rest(giving)?;
    if let Some(asks) = asked(said.proceed, Question::Proceed { name: policy.name.clone(), plan: None })? {
        return Ok(asks);
    }
    let host = giving.host.clone();
    let device = match &giving.device {
        Ok(device) => device,
        // A statement does not stand against what is seen (S15).
        Err(unknown) if !giving.gone => {
            let next = format!(
                "{}; or, where it is dead, unplug it, then run `failover return --confirm-unplugged {host}`",
                unknown.next
            );
            let (what, why) = ("this machine's signer".to_owned(), unknown.why.clone());
            return Err(Box::new(Refusal::NotReady { what, unknown: Unknown { why, next } }));
        }
        // No start ever let anything here sign, and a signer without power signs nothing now (H28).
        Err(_) => {
            let unplugged = asked(said.unplugged, Question::Unplugged { host })?;
            return Ok(unplugged.unwrap_or_else(|| approved(Step::GiveBack { unplugged: true })));
        }
    };
    let device = &device.value;
    let keys = keys(account, policy, device);
    match (device.traits().marks_at_rest, &giving.unlocked) {
        (AtRest::Hidden, None) => {
            let locked = device.hidden(&keys);
            return Ok(approved(Step::ReadMarks { keys, locked }));
        }
        (AtRest::Hidden, Some(read)) => {
            says(&left, &keys, read, &giving.host)?;
            as_left(&left, &keys, read)?;
        }
        (AtRest::Shown, _) => as_left(&left, &keys, device)?,
    }
    match device.traits().lowering {
        Lowering::Obeyed => {
            if let Some(asks) = asked(said.not_moved, Question::NotMoved { host })? {
                return Ok(asks);
            }
        }
        Lowering::Refused => {}
    }
    Ok(approved(Step::GiveBack { unplugged: false }))
}

const fn approved(step: Step) -> Verdict {
    Verdict::Do(Approved::new(step))
}

fn may_have_signed(why: Vec<String>) -> Box<Refusal> {
    Box::new(Refusal::MayHaveSigned { why })
}

/// A question that is not answered yet; `None`: it was, with yes.
fn asked(answer: Option<Answer>, question: Question) -> Result<Option<Verdict>, Box<Refusal>> {
    match answer {
        None => Ok(Some(Verdict::Ask(question))),
        Some(Answer::Yes) => Ok(None),
        Some(Answer::No) => Err(Box::new(Refusal::Cancelled)),
    }
}

/// No start was tried and nobody lifted the guard: what could be started by anybody may have signed.
fn never_started(account: &Account) -> Result<(), Box<Refusal>> {
    let mut why: Vec<String> = account
        .deeds
        .iter()
        .filter_map(|deed| match deed {
            Deed::Started { what } => Some(format!("its baker was started {what}")),
            Deed::Lifted { what } => Some(format!("its guard was lifted {what}")),
            _ => None,
        })
        .collect();
    // A token is on record when it was put there and when it was taken away.
    why.dedup();
    if why.is_empty() { Ok(()) } else { Err(may_have_signed(why)) }
}

/// H19: the machine that gets the job is the primary, and not this one.
fn hosts(giving: &Giving, policy: &Policy) -> Result<(), Box<Refusal>> {
    let not_ready =
        |what: &str, unknown: &Unknown| Box::new(Refusal::NotReady { what: what.to_owned(), unknown: unknown.clone() });
    let found = giving.primary.as_ref().map_err(|unknown| not_ready("the primary's machine", unknown))?;
    let own = giving.identity.as_ref().map_err(|unknown| not_ready("this machine's identity", unknown))?;
    if found.value == own.value || policy.primary_pin.as_ref().is_some_and(|pin| *pin != found.value) {
        let why = format!("{} is not the primary: its machine-id is {}", found.source, found.value.machine_id);
        return Err(Box::new(Refusal::WrongHost { why }));
    }
    Ok(())
}

/// Guarded, stopped, and no key can sign.
fn at_rest(giving: &Giving) -> Result<(), Box<Refusal>> {
    let mut what = giving.awake.clone();
    if let Ok(device) = &giving.device {
        let armed = device.value.keys.iter().filter(|key| key.arming != Arming::Disarmed);
        what.extend(armed.map(|key| format!("the key {} can sign", key.name)));
    }
    if what.is_empty() { Ok(()) } else { Err(Box::new(Refusal::NotAtRest { what })) }
}

/// Which keys are judged: those that were ever armed here, else the configured ones, else every key of the device.
fn keys(account: &Account, policy: &Policy, device: &DeviceState) -> Vec<KeyName> {
    let known = account.keys();
    if !known.is_empty() {
        return known;
    }
    if !policy.keys.is_empty() {
        return policy.keys.clone();
    }
    device.keys.iter().map(|key| key.name.clone()).collect()
}

/// What its keys signed can be read. Where it cannot, and no other key contradicts, the cable is what is left.
fn says(left: &Left, keys: &[KeyName], read: &DeviceState, host: &str) -> Result<(), Box<Refusal>> {
    let damaged = |key: &&KeyName| read.named(key).is_some_and(|found| found.arming == Arming::Corrupted);
    let others: Vec<KeyName> = keys.iter().filter(|key| !damaged(key)).cloned().collect();
    match keys.iter().find(damaged) {
        Some(key) if others.is_empty() || as_left(left, &others, read).is_ok() => {
            Err(Box::new(Refusal::SaysNothing { key: key.clone(), host: host.to_owned() }))
        }
        _ => Ok(()),
    }
}

/// Is every mark where it was left, or at most at B where nothing here ever touched it?
fn as_left(left: &Left, keys: &[KeyName], read: &DeviceState) -> Result<(), Box<Refusal>> {
    let judged = |key: &KeyName| -> Option<String> {
        let Some(found) = read.named(key) else { return Some(format!("the key {key} is not on the signer")) };
        match (found.arming, found.marks) {
            (Arming::Corrupted, _) => Some(format!("the state of the key {key} is corrupted")),
            (_, None) => Some(format!("the signer does not show the marks of the key {key}")),
            (_, Some(marks)) => left.gap(key, &marks),
        }
    };
    let mut why: Vec<String> = keys.iter().filter_map(judged).collect();
    if keys.is_empty() {
        why.push("the signer shows no key".to_owned());
    }
    if why.is_empty() { Ok(()) } else { Err(may_have_signed(why)) }
}
