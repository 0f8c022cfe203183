//! The window, driven by label and role over real repositories on disk. No display is needed.

mod exigency;
mod get_back;
mod shell;
mod support;
