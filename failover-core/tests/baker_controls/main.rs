//! Stopping, starting and looking at what signs, through real processes on a machine made of stand-ins.

#[cfg(test)]
mod boot_guard;
#[cfg(test)]
mod instances;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod marks;
#[cfg(test)]
mod nonces;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod systemd;
#[cfg(test)]
mod tezbake;
#[cfg(test)]
mod with_signer;
