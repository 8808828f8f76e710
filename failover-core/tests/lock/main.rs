//! The lock: a file's between real processes, etcd's against a real etcd, and one that is lost in the middle of a run.

mod etcd;
mod gate;
mod processes;
mod same_number;
