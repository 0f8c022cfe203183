//! The window, driven by label and role over real repositories on disk. No display is needed.

mod archives;
mod shell;
mod support;
