//! Advisory locks that say who holds them.
