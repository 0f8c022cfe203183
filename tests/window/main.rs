//! The window, driven by label and role over real repositories on disk. No display is needed.

mod browse;
mod shell;
mod support;
