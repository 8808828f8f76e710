//! What runs the baker on a machine: found there, or said by the person.

use failover_core::baker::{Instance, MarkFolder, UnitName};
use failover_core::config::Control;
use failover_core::host::Host;

use super::asking::Asking;
use super::look;
use super::person::Person;
use crate::config::Section;
use crate::failure::Failure;

/// How it is answered.
pub(super) const CHOICE: &str = "tezbake [INSTANCE], systemd UNIT..., or command";

/// What is known of a machine: what controls its baker, and where that keeps its marks.
pub(super) type Known = (Option<Control>, Vec<MarkFolder>);

/// Looks on the machine, and asks.
pub(super) fn of<H: Host + Clone>(
    asking: &mut Asking<'_, '_>,
    host: &H,
    section: Section,
    name: &str,
) -> Result<Known, Failure> {
    let found = look::control(host);
    if let Some(units) = &found.units {
        asking.seen(section, format!("these sign or ask for signatures on {name}: {units}"));
    }
    for note in found.notes {
        // Said even where nobody is asked, and kept in the file.
        asking.person.warn(format!("on {name}: {note}"));
        asking.template.seen.push((section, note));
    }
    let control = match found.control {
        Ok(control) => Some(control),
        Err(why) => {
            asking.person.warn(format!("what runs the baker on {name} was not found: {why}"));
            None
        }
    };
    let answer = asked(asking.person, &format!("What runs the baker on {name}: {CHOICE}"), control.clone())?;
    // Of something else than what was found nothing is known.
    let marks = if answer == control { found.marks } else { Vec::new() };
    Ok((answer, marks))
}

/// Asks, with what was found as the default.
pub(super) fn asked(
    person: &mut Person<'_>,
    question: &str,
    found: Option<Control>,
) -> Result<Option<Control>, Failure> {
    if !person.asked {
        return Ok(found);
    }
    let default = found.as_ref().map(|control| match control {
        Control::Systemd { units } => format!("systemd {}", units.join(" ")),
        _ => "tezbake".to_owned(),
    });
    loop {
        let Some(text) = person.line(question, default.as_deref())? else { return Ok(None) };
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.split_first() {
            Some((&"tezbake", [])) => return Ok(Some(Control::TezBake { instance: None, start: None })),
            Some((&"tezbake", [instance])) => match instance.parse::<Instance>() {
                Ok(instance) => return Ok(Some(Control::TezBake { instance: Some(instance), start: None })),
                Err(error) => person.warn(error),
            },
            Some((&"systemd", units @ [_, ..])) => {
                match units.iter().map(|unit| unit.parse::<UnitName>()).collect::<Result<Vec<_>, _>>() {
                    Ok(units) => {
                        let units = units.iter().map(ToString::to_string).collect();
                        return Ok(Some(Control::Systemd { units }));
                    }
                    Err(error) => person.warn(error),
                }
            }
            Some((&"command", [])) => return command(person),
            _ => person.warn(format!("{text} is none of these: {CHOICE}")),
        }
    }
}

/// Three programs; without one of them all of it is left open.
fn command(person: &mut Person<'_>) -> Result<Option<Control>, Failure> {
    let mut argv = |does: &str| -> Result<Option<Vec<String>>, Failure> {
        let question =
            format!("The command that {does}, words separated by spaces (if a word has spaces, quote it in the file)");
        Ok(person.line(&question, None)?.map(|text| text.split_whitespace().map(str::to_owned).collect()))
    };
    let (start, stop) = (argv("starts what signs")?, argv("stops what signs")?);
    let status = argv("prints running or stopped")?;
    Ok(start.zip(stop).zip(status).map(|((start, stop), status)| Control::Command { start, stop, status }))
}
