//! The includes of a specification as the disk has them: links followed, in a tree from `/`.
//!
//! An include may be a symbolic link, or lie behind one. Every link met on the way is stored as what it
//! is, and what it finally leads to is stored under its real path, so that after a restore both are there
//! and the link leads to it again.

use std::collections::VecDeque;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::path_bytes;

/// As many links as the system follows in one path.
const MAX_LINKS: usize = 40;

/// Something that is stored because an include says so, whatever the exclude rules say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its real path: no part of it before the last is a symbolic link.
    pub path: PathBuf,
    /// The include that it comes from: its place in the specification, from 0.
    pub include: usize,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What the include leads to: a file, or a directory with all that is below it.
    Target,
    /// A symbolic link on the way to it.
    Link,
}

/// What the includes come to, and what is wrong with some of them.
#[derive(Debug, Default)]
pub struct Resolved {
    pub roots: Vec<Root>,
    /// One for each include that leads nowhere; the error names it.
    pub problems: Vec<Error>,
}

/// Follows each include to what it is on this machine now.
pub fn resolve_includes(includes: &[PathBuf]) -> Resolved {
    let mut resolved = Resolved::default();
    for (number, include) in includes.iter().enumerate() {
        let mut links = Vec::new();
        let target = follow(include, &mut links);
        let root = |path, role| Root {
            path,
            include: number,
            role,
        };
        match target {
            Ok(target) => {
                let links = links.into_iter().map(|link| root(link, Role::Link));
                resolved.roots.extend(links);
                resolved.roots.push(root(target, Role::Target));
            }
            Err(error) => {
                // Of a circle nothing is worth having; a link whose target is away just now is.
                if error.kind() != ErrorKind::Invalid {
                    let links = links.into_iter().map(|link| root(link, Role::Link));
                    resolved.roots.extend(links);
                }
                resolved.problems.push(error);
            }
        }
    }
    resolved
}

/// The real path of `include`; the links met on the way are added to `links`.
fn follow(include: &Path, links: &mut Vec<PathBuf>) -> Result<PathBuf> {
    let mut real = PathBuf::from("/");
    let mut ahead: VecDeque<PathBuf> = names(include);
    let mut followed = 0;
    while let Some(name) = ahead.pop_front() {
        if name.as_os_str() == ".." {
            real.pop();
            continue;
        }
        let next = real.join(&name);
        let attempted = "find the include";
        let metadata = fs::symlink_metadata(&next).context(attempted, include)?;
        if !metadata.is_symlink() {
            real = next;
            continue;
        }
        followed += 1;
        if followed > MAX_LINKS {
            return Err(
                Error::invalid(attempted, "its symbolic links lead round in a circle")
                    .at(include)
                    .advise("include the directory itself in place of the link"),
            );
        }
        let target = fs::read_link(&next).context(attempted, include)?;
        if target.is_absolute() {
            real = PathBuf::from("/");
        }
        for name in names(&target).into_iter().rev() {
            ahead.push_front(name);
        }
        if !links.contains(&next) {
            links.push(next);
        }
    }
    Ok(real)
}

/// The names in a path, `..` among them.
fn names(path: &Path) -> VecDeque<PathBuf> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.into()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

/// Where in an [`IncludeTree`] something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node(usize);

/// All roots in one tree by their names, so that a walk from `/` knows at each step whether it stands on
/// a root, and where to go on to reach those that are left.
#[derive(Debug)]
pub struct IncludeTree {
    nodes: Vec<NodeData>,
}

#[derive(Debug, Default)]
struct NodeData {
    /// Sorted by name; few.
    children: Vec<(Box<[u8]>, Node)>,
    /// The includes that make this a root.
    include: Option<usize>,
}

impl IncludeTree {
    pub const TOP: Node = Node(0);

    pub fn new(roots: &[Root]) -> IncludeTree {
        let mut tree = IncludeTree {
            nodes: vec![NodeData::default()],
        };
        for root in roots {
            let mut at = IncludeTree::TOP;
            for name in path_bytes(&root.path).split(|b| *b == b'/') {
                if !name.is_empty() {
                    at = tree.child_or_new(at, name);
                }
            }
            if let Some(data) = tree.nodes.get_mut(at.0) {
                data.include.get_or_insert(root.include);
            }
        }
        tree
    }

    fn child_or_new(&mut self, at: Node, name: &[u8]) -> Node {
        let new = Node(self.nodes.len());
        let Some(data) = self.nodes.get_mut(at.0) else {
            return at;
        };
        match data.children.binary_search_by(|(n, _)| (**n).cmp(name)) {
            Ok(found) => data.children.get(found).map_or(at, |child| child.1),
            Err(place) => {
                data.children.insert(place, (name.into(), new));
                self.nodes.push(NodeData::default());
                new
            }
        }
    }

    /// Where the walk gets to with `name`, if that leads to a root or is one.
    pub fn child(&self, at: Node, name: &[u8]) -> Option<Node> {
        let children = &self.nodes.get(at.0)?.children;
        let found = children.binary_search_by(|(n, _)| (**n).cmp(name)).ok()?;
        children.get(found).map(|child| child.1)
    }

    /// The include that says that this is to be stored.
    pub fn include(&self, at: Node) -> Option<usize> {
        self.nodes.get(at.0)?.include
    }

    /// Names that lead to roots from here, sorted.
    pub fn names(&self, at: Node) -> impl Iterator<Item = &[u8]> {
        let children = self.nodes.get(at.0).map(|data| data.children.as_slice());
        children.unwrap_or_default().iter().map(|(name, _)| &**name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn roots(resolved: &Resolved, base: &Path) -> Vec<(String, Role)> {
        let short = |root: &Root| {
            let path = root.path.strip_prefix(base).unwrap();
            (path.to_str().unwrap().to_owned(), root.role)
        };
        resolved.roots.iter().map(short).collect()
    }

    #[test]
    fn a_link_is_stored_with_what_it_points_to() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("real/docs")).unwrap();
        symlink("real", base.join("link")).unwrap();
        symlink(base.join("link/docs"), base.join("outer")).unwrap();
        symlink("../real/../outer", base.join("real/back")).unwrap();

        let resolved = resolve_includes(&[base.join("link"), base.join("link/docs")]);
        assert!(resolved.problems.is_empty());
        assert_eq!(
            roots(&resolved, &base),
            [
                ("link".into(), Role::Link),
                ("real".into(), Role::Target),
                ("link".into(), Role::Link),
                ("real/docs".into(), Role::Target),
            ]
        );
        let resolved = resolve_includes(&[base.join("real/back")]);
        assert_eq!(
            roots(&resolved, &base),
            [
                ("real/back".into(), Role::Link),
                ("outer".into(), Role::Link),
                ("link".into(), Role::Link),
                ("real/docs".into(), Role::Target),
            ]
        );
    }

    #[test]
    fn a_missing_include_is_a_problem_and_the_others_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        fs::write(base.join("there"), "").unwrap();
        symlink("away", base.join("dangling")).unwrap();
        let resolved = resolve_includes(&[
            base.join("gone"),
            base.join("dangling"),
            base.join("there/below"),
            base.join("there"),
        ]);
        let kinds: Vec<_> = resolved.problems.iter().map(Error::kind).collect();
        assert_eq!(
            kinds,
            [ErrorKind::NotFound, ErrorKind::NotFound, ErrorKind::Io]
        );
        assert!(resolved.problems[1].to_string().contains("dangling"));
        assert_eq!(
            roots(&resolved, &base),
            [
                ("dangling".into(), Role::Link),
                ("there".into(), Role::Target)
            ]
        );
    }

    #[test]
    fn links_in_a_circle_are_an_error_that_names_the_include() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        symlink("b", base.join("a")).unwrap();
        symlink("a", base.join("b")).unwrap();
        let resolved = resolve_includes(&[base.join("a/x")]);
        assert!(resolved.roots.is_empty());
        let text = resolved.problems[0].to_string();
        assert!(text.contains("circle") && text.contains("a/x"), "{text}");
    }

    #[test]
    fn the_tree_leads_to_every_root() {
        let root = |path: &str, include| Root {
            path: path.into(),
            include,
            role: Role::Target,
        };
        let tree =
            IncludeTree::new(&[root("/b/x", 0), root("/a", 1), root("/b", 2), root("/b", 3)]);
        let top = IncludeTree::TOP;
        assert_eq!(tree.names(top).collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(tree.include(top), None);
        let b = tree.child(top, b"b").unwrap();
        assert_eq!(tree.include(b), Some(2));
        assert_eq!(tree.include(tree.child(b, b"x").unwrap()), Some(0));
        assert!(tree.child(b, b"y").is_none());
        let everything = IncludeTree::new(&[root("/", 0)]);
        assert_eq!(everything.include(top), Some(0));
    }
}
