//! Trees of everything that a file system can hold, through the whole way with the real program: backed up,
//! extracted, changed, restored, and compared each time.
//!
//! `nasty` makes them, `look` says what is on the disk, `world` runs the program and makes sure that no
//! control character ever reaches its output. Where `rsync` is installed it is asked for its opinion as
//! well. What a machine or a user cannot have (devices without root, say) is left out and told.

mod found;
mod look;
mod nasty;
mod ordinary_user;
mod rules;
mod shapes;
#[path = "../support/mod.rs"]
mod support;
mod whole_way;
mod world;
