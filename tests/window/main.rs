//! The window, driven by label and role over real repositories on disk. No display is needed.

mod archives;
mod browse;
mod cleanup;
mod exigency;
mod first_run;
mod get_back;
mod hanging;
mod home;
mod jobs;
#[path = "../support/picture.rs"]
mod picture;
mod pictures;
mod repositories;
mod shell;
#[path = "../support/skip.rs"]
#[allow(dead_code)]
mod skipping;
mod space;
mod statistics;
mod support;
