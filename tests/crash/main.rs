//! What Gibus survives, tried out on the real program: killed, without space, with damaged files, several at
//! a time, without its configuration.
//!
//! After every fault the same has to hold: what was there before extracts exactly, a check is clean or
//! says only that space is kept too long, the next run goes on, and nothing has to be unlocked by hand.
//!
//! `GIBUS_KILLS=N` kills N times in place of a few hundred, `GIBUS_SEED=N` repeats a run,
//! `GIBUS_CAMPAIGN=1` tries everything of which there is a sample otherwise.

#[path = "../support/mod.rs"]
mod support;

mod clock;
mod comparison;
mod every_call;
mod exigency;
mod interrupted;
mod kills;
mod no_space;
mod read_errors;
mod scene;
mod together;
