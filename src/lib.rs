//! Gibus: a git-inspired backup system. One engine, and over it a command line and a window.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod environment;
pub mod error;
pub mod format;
pub mod fs;
pub mod gui;
pub mod human;
pub mod jobs;
pub mod progress;
pub mod repository;
pub mod snapshot;
