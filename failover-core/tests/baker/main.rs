//! Stopping, starting and looking at what signs, on this machine and over a real ssh, through real processes on machines made of
//! stand-ins; and when a run looks.
#![cfg(test)]

mod boot_guard;
mod gathered_guard;
mod gathered_marks;
mod host_local;
mod host_session;
mod host_ssh;
mod instances;
mod machine;
mod marks;
mod nonces;
mod simulated;
mod sshd;
mod systemd;
mod tezbake;
mod with_signer;
