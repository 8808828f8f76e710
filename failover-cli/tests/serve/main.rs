//! The real program against a served world: servers, devices on sockets, stand-ins for `tezbake` and `systemctl`, all
//! as processes. Each test has a world of its own, whose book must show no position signed twice.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "what helps a test may stop it too")]

mod bad_input;
mod config_new;
mod counts;
mod crash;
mod devices;
mod double;
#[path = "../../../failover-core/tests/lock/etcd/server.rs"]
#[expect(dead_code, reason = "the tests of the lock itself need more of it")]
mod etcd;
mod examples;
mod exporter;
mod guard;
mod happy;
mod interrupted;
#[path = "../cli/keyboard.rs"]
mod keyboard;
mod late;
mod lock;
mod mutual;
mod next_lines;
mod night;
mod paused;
mod price;
mod prompt;
mod prompts;
mod quick;
mod refusals;
mod replugged;
mod requests;
mod returning;
mod said;
mod scripts;
mod secrets;
mod service;
mod signer_machine;
mod situations;
mod sources;
mod ssh;
mod sshd;
mod standby;
mod statements;
mod stop_wins;
mod terminal;
#[path = "../cli/tmux.rs"]
#[expect(dead_code, clippy::expect_used, reason = "the tests of the screen need more of it")]
mod tmux;
mod watch;
mod watching;
mod world;
