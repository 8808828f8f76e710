//! The setups of `docs/setups`: what `config new` finds of each on a stand-in machine, what is stopped and guarded there and what
//! is not, and that each page's configuration is one.

#[cfg(test)]
mod docker;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod octez_manager;
#[cfg(test)]
mod octez_packages;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod signatory;
#[cfg(test)]
mod tezbake;
