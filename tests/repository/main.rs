//! The content repository by itself: what is stored comes back, is counted, released and pruned.

#[path = "../support/colliding_pairs.rs"]
mod colliding_pairs;
mod collisions;
mod damage;
mod incomplete;
mod long_lists;
mod lost;
mod reclaiming;
mod round_trip;
mod samples;
mod stale_rows;
mod support;
mod twins;
