//! The window, driven by label and role over real repositories on disk. No display is needed.

#[path = "../support/picture.rs"]
mod picture;
mod pictures;
mod first_run;
mod home;
mod jobs;
mod get_back;
mod repositories;
mod archives;
mod browse;
mod shell;
mod statistics;
mod support;
