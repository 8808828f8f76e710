//! What a kind of device can and cannot do: said once by its driver, asked by everything else.
//!
//! Nothing outside of a driver asks which device it is. It asks what it has to know: is it armed by a passphrase or by a
//! press, can anybody else ask it for a signature meanwhile, does a locked key show its marks. So a device that nobody here
//! has heard of is treated by what it says of itself, and a question that is new is a field here, which every driver answers.

use crate::tezos::Level;

/// What a kind of device can do. Every field is a question that something asks, so none has a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Traits {
    /// How its keys are named, and which one is used.
    pub keys: NamedBy,
    /// What one mark stands for.
    pub marks: MarkOf,
    /// How it is let sign.
    pub armed_by: ArmedBy,
    /// Can others on its host be kept from asking it for a signature (S1b)?
    pub hold: Hold,
    /// Is it as unable to sign after a reboot as before it?
    pub reboot: Reboot,
    /// The highest level that it signs, and that its marks are set to.
    pub highest_level: Level,
    /// Does it still vote at its mark's own position?
    pub vote_at_mark: AtMark,
    /// Does it set a mark lower where it is told to?
    pub lowering: Lowering,
    /// Does a key that cannot sign show its marks?
    pub marks_at_rest: AtRest,
    /// A setting that decides whether its marks hold, and that no question shows.
    pub setting: Setting,
    /// Who has to agree before its marks change.
    pub raised_by: RaisedBy,
    /// May it be asked while a service signs with it?
    pub beside_service: Beside,
    /// What becomes of an open device that is unplugged and plugged in again.
    pub replugged: Replugged,
    /// Its own words.
    pub words: Words,
}

/// How a device's keys are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedBy {
    /// By an alias; it uses as many keys at once as it has.
    Alias,
    /// By a path, from which the key is derived; it uses the one that it was opened with.
    Path,
}

/// What one mark stands for. [`Marks`](super::Marks) has three of them for every key, the same one where a mark stands for
/// more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkOf {
    /// One kind of one key.
    Kind,
    /// All kinds of one key.
    Key,
    /// All kinds of all keys: raised for one key, it is raised for all.
    Device,
}

/// How a device is let sign, see [`Arm`](super::Arm).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArmedBy {
    /// A passphrase unlocks keys, and leaves their marks as they are.
    Passphrase,
    /// A person's press authorizes a key and sets its mark, in one. It takes as long as the person, and may come late.
    Press,
}

/// Can others on its host be kept from asking a device for a signature while it is armed and its baker is not started yet
/// (S1b)?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hold {
    /// Its sign interface can be claimed, see [`SignerDevice::hold`](super::SignerDevice::hold).
    Possible,
    /// They cannot. It is armed only when nothing is left to wait for, and disarmed where something is.
    Impossible,
}

/// What a reboot or a power cut does to a device that was disarmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reboot {
    /// It stays disarmed: disarmed from afar, it is a rung of the fence.
    StaysDisarmed,
    /// That is not known from here, so a person has to unplug it.
    NotKnown,
}

/// What a device does with a vote at the very position of its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AtMark {
    /// It refuses it.
    Refused,
    /// It signs it, once: whether it did cannot be read.
    Allowed,
}

/// What a device does when it is told to lower a mark. This software never tells it to (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lowering {
    /// It refuses: a mark that is where it was left proves that nothing was signed.
    Refused,
    /// It obeys, and nothing shows it afterwards: a person states that the device was nowhere else (S16).
    Obeyed,
}

/// What a key that cannot sign shows of its marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AtRest {
    /// They are shown.
    Shown,
    /// They are not: the key is unlocked to read or raise them, and locked again.
    Hidden,
}

/// A setting on the device that decides whether its marks hold, and that no question shows (H17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// There is none.
    None,
    /// A person looks at its screen.
    LookedAt {
        /// What it is called there.
        name: &'static str,
        /// What it may do, for a person who reads that the device was disarmed.
        otherwise: &'static str,
    },
}

/// Who has to agree before a device's marks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RaisedBy {
    /// Nobody.
    Command,
    /// A person at its screen. Until it is answered the device says nothing, and the answer may come late.
    Prompt {
        /// What the screen calls it.
        title: &'static str,
    },
}

/// May a device be asked something while a service signs with it?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beside {
    /// It has an interface for that: it may be asked at any rate.
    Free,
    /// It answers all of them on one: its answers come between those of the service, so it is asked seldom, and not at all
    /// from afar.
    Shared,
}

/// What becomes of a device that is unplugged while it is open, and plugged in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Replugged {
    /// Its driver finds it again by itself.
    FoundAgain,
    /// It has another place in the system: it has to be opened anew.
    OpenedAnew,
}

/// The words that the device's users know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Words {
    /// A key that can sign.
    pub armed: &'static str,
    /// A key that cannot.
    pub at_rest: &'static str,
    /// A key that was made unable to.
    pub disarmed: &'static str,
}
