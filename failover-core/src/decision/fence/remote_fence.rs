//! The rungs that are put up on the primary from here: the boot guard, and keys that cannot sign any more.

use crate::decision::ladder::StepKind;
use crate::decision::progress::Progress;
use crate::decision::rung::{Rung, RungKind};
use crate::facts::{Arming, BootGuard, Facts, Reboot, UnlockSecret};

/// No signing service of the primary can start again, read from the units as they are loaded there.
pub(super) fn guarded(facts: &Facts, progress: &Progress) -> Rung {
    let (proven, why) = match &facts.primary.boot_guard {
        Ok(seen) => match &seen.value {
            BootGuard::Holds { units, .. } => (true, format!("nothing starts {}", units.join(", "))),
            BootGuard::Open { why } => (false, failed(progress, StepKind::GuardPrimary, &first(why))),
        },
        Err(unknown) => (false, unknown.why.clone()),
    };
    Rung { kind: RungKind::BootGuard, proven, why }
}

/// The primary's keys read back unable to sign, and nothing lets them sign again by itself.
pub(super) fn disarmed(facts: &Facts, progress: &Progress) -> Rung {
    let (proven, why) = match disarmed_for_good(facts, progress) {
        Ok(keys) => (true, format!("{keys} read back unable to sign, and nothing there unlocks them again")),
        Err(why) => (false, why),
    };
    Rung { kind: RungKind::Disarmed, proven, why }
}

/// Why a step had no effect: what went wrong in it says more than what is missing after it.
fn failed(progress: &Progress, step: StepKind, missing: &str) -> String {
    progress.failed(step).map_or_else(|| missing.to_owned(), |(_, why)| why.clone())
}

/// The first of some reasons, and how many more there are.
fn first(why: &[String]) -> String {
    match why {
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one}, and {} more", rest.len()),
        [] => "it does not hold".to_owned(),
    }
}

fn disarmed_for_good(facts: &Facts, progress: &Progress) -> Result<String, String> {
    let primary = &facts.primary;
    let device = &primary.signer.as_ref().map_err(|unknown| unknown.why.clone())?.value;
    let delegate = &facts.chain.delegate.as_ref().map_err(|unknown| unknown.why.clone())?.value;
    // Another device than the one that signs proves nothing.
    if let Some(missing) = delegate.keys.iter().find(|expected| device.key(&expected.key).is_none()) {
        return Err(format!("the signer found there does not hold {}", missing.key));
    }
    if let Some(key) = device.keys.iter().find(|key| key.arming != Arming::Disarmed) {
        let missing = format!("the key {} there can sign", key.name);
        return Err(failed(progress, StepKind::DisarmPrimary, &missing));
    }
    if !guarded(facts, progress).proven {
        return Err("its keys are disarmed; but without the boot guard a reboot undoes it".to_owned());
    }
    let traits = device.traits();
    let disarmed = traits.words.disarmed;
    match traits.reboot {
        Reboot::NotKnown => return Err(format!("{disarmed}; whether a reboot undoes that is not known from here")),
        Reboot::StaysDisarmed => {}
    }
    match &primary.secret.as_ref().map_err(|unknown| format!("{disarmed}; but {}", unknown.why))?.value {
        UnlockSecret::InPlace { files } => Err(format!("{disarmed}; but {} unlocks them again", files.join(", "))),
        UnlockSecret::None | UnlockSecret::Aside { .. } => {
            Ok(device.keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", "))
        }
    }
}
