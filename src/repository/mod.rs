//! The content repository: keeps each file's content once, and knows nothing of snapshots.

pub mod index;
pub mod lock;
pub mod pack;
pub mod process;
pub mod settings;
pub mod storage;
pub mod table;
pub mod token;
