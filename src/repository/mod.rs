//! The content repository: keeps each file's content once, and knows nothing of snapshots.

pub mod lock;
pub mod storage;
pub mod token;
