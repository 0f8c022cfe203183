//! Snapshot files: what is written comes back, whatever is damaged or hostile is refused.

mod damage;
mod hostile;
mod lazy;
mod model;
mod refusals;
mod round_trip;
mod samples;
