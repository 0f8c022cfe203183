//! Snapshot files: what is written comes back, whatever is damaged or hostile is refused.

mod model;
mod round_trip;
