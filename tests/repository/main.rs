//! The content repository by itself: what is stored comes back, is counted, released and pruned.

mod round_trip;
