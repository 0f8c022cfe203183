//! The window, driven by label and role over real repositories on disk. No display is needed.

mod get_back;
mod shell;
mod support;
