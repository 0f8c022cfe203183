//! Campaigns: the whole program on big trees. They take from minutes to an hour, and run only where they are told
//! what on:
//!
//! ```sh
//! GIBUS_CAMPAIGN_TREE=/usr/src/linux-source-6.1 cargo test --release --test campaign -- --nocapture
//! GIBUS_CAMPAIGN_DIR=/var/tmp               cargo test --release --test campaign -- --nocapture
//! ```
//!
//! The first is for a real tree, which is copied and not touched; the second makes trees of a million files.
//! Both work in `GIBUS_CAMPAIGN_DIR`, or the folder for temporary files. `docs/testing.md` says more.

mod changes;
mod measure;
mod million;
mod real_tree;
mod stage;
#[path = "../support/mod.rs"]
mod support;
