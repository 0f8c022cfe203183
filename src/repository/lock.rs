//! Advisory locks that say who holds them.
pub struct Lock;
