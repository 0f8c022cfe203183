//! What tests that drive the real program share: a home of its own, trees that are made and compared,
//! and being skipped for want of a tool.
//!
//! A test binary takes it in with `#[path = "../support/mod.rs"] mod support;`. No binary uses all of it.

#![allow(dead_code, unused_imports)]

mod home;
mod random;
mod skip;
mod tree;

pub use home::{Home, Run};
pub use random::{Random, Shape, change_tree, make_tree};
pub use skip::{has_tool, is_campaign, is_root, skip, skip_unless_root, skip_without_tools};
pub use tree::{Kind, Node, Tree};
