//! The real program in a real window: on a display of its own, drawn with OpenGL in software, with a mouse and a
//! keyboard, and an empty home.
//!
//! Needs Xvfb, xdotool, ImageMagick's import, dbus-daemon and at-spi2-core; is skipped without them. What single
//! screens do is tested without a display, in `tests/window`; here is what only the whole can show.

mod accessibility;
mod desktop;
#[allow(dead_code)]
#[path = "../support/picture.rs"]
mod picture;
#[allow(dead_code)]
#[path = "../support/skip.rs"]
mod skip;

mod pictures;
mod shell;
mod whole_way;
