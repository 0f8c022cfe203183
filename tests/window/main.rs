//! The window, driven by label and role over real repositories on disk. No display is needed.

mod first_run;
mod home;
mod jobs;
mod shell;
mod support;
