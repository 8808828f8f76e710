//! The simulated world, seen through the real drivers, sources and controls.

mod judge;
mod machines;
mod node;
mod serve;
mod source;
mod world;
