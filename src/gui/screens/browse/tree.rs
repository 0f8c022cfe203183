//! The folder tree at the left: which folders are open, what is in them as far as it was read, and the lines that
//! this comes to. Only folders that are open are read, and only lines that are seen are drawn.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::data::{ancestry, join, parent};
use super::listing::Subfolder;

/// The state of the tree.
#[derive(Default)]
pub struct Tree {
    open: BTreeSet<Vec<u8>>,
    levels: HashMap<Vec<u8>, Vec<Subfolder>>,
    lines: Vec<Line>,
    /// Where the keyboard is.
    pub cursor: Option<usize>,
    /// A line to be shown.
    pub scroll_to: Option<usize>,
}

/// A line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of the folder, in the names of [`Tree`].
    pub path: Vec<u8>,
    pub depth: usize,
    pub is_open: bool,
    pub has_subfolders: bool,
}

impl Tree {
    /// Everything that was read is of another moment now. What is shown stays until it is read anew.
    pub fn folders_to_read_anew(&self) -> Vec<Vec<u8>> {
        self.open.iter().cloned().collect()
    }

    /// The folders that are open and were not read yet.
    pub fn folders_to_read(&self) -> Vec<Vec<u8>> {
        let is_new = |folder: &&Vec<u8>| !self.levels.contains_key(*folder);
        self.open.iter().filter(is_new).cloned().collect()
    }

    /// Takes in what was read; in place of everything that was there, if it is of another moment.
    pub fn take(&mut self, levels: HashMap<Vec<u8>, Vec<Subfolder>>, is_anew: bool) {
        match is_anew {
            true => self.levels = levels,
            false => self.levels.extend(levels),
        }
        self.lay_out();
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Opens all folders that `folder` is in, and puts the cursor on it.
    pub fn show(&mut self, folder: &[u8]) {
        let mut above = ancestry(folder);
        above.pop();
        // The top is always open.
        self.open.insert(b"/".to_vec());
        self.open.extend(above);
        self.lay_out();
        self.put_cursor_on(folder);
    }

    fn put_cursor_on(&mut self, folder: &[u8]) {
        let place = self.lines.iter().position(|line| line.path == folder);
        if place.is_some() && place != self.cursor {
            self.scroll_to = place;
        }
        self.cursor = place.or(self.cursor);
    }

    pub fn open(&mut self, folder: &[u8]) {
        self.open.insert(folder.to_vec());
        self.lay_out();
    }

    pub fn close(&mut self, folder: &[u8]) {
        self.open.remove(folder);
        self.lay_out();
    }

    /// The line of the folder that this line's folder is in.
    pub fn line_above(&self, line: usize) -> Option<usize> {
        let above = parent(&self.lines.get(line)?.path)?;
        self.lines.iter().position(|line| line.path == above)
    }

    /// Makes the lines anew, with an explicit stack: a tree can be deeper than a program's own.
    fn lay_out(&mut self) {
        let at = self.cursor.and_then(|cursor| self.lines.get(cursor));
        let at = at.map(|line| line.path.clone());
        self.lines.clear();
        let line = |path: Vec<u8>, depth, has_subfolders| Line {
            is_open: self.open.contains(&path),
            path,
            depth,
            has_subfolders,
        };
        self.lines.push(line(b"/".to_vec(), 0, true));
        let range =
            |folder: &[u8]| -> Range<usize> { 0..self.levels.get(folder).map_or(0, Vec::len) };
        let mut stack = vec![(b"/".to_vec(), range(b"/"))];
        while let Some((folder, places)) = stack.last_mut() {
            let Some(place) = places.next() else {
                stack.pop();
                continue;
            };
            let below = self.levels.get(folder).and_then(|level| level.get(place));
            let Some(below) = below else { continue };
            let path = join(folder, &below.name);
            let depth = stack.len();
            let line = line(path.clone(), depth, below.has_subfolders);
            if line.is_open {
                stack.push((path.clone(), range(&path)));
            }
            self.lines.push(line);
        }
        self.cursor = at.and_then(|path| self.lines.iter().position(|line| line.path == path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(names: &[&str]) -> Vec<Subfolder> {
        let folder = |name: &&str| Subfolder {
            name: name.as_bytes().to_vec(),
            has_subfolders: true,
        };
        names.iter().map(folder).collect()
    }

    fn lines(tree: &Tree) -> Vec<String> {
        let line = |line: &Line| format!("{} {}", line.depth, String::from_utf8_lossy(&line.path));
        tree.lines().iter().map(line).collect()
    }

    #[test]
    fn only_what_is_open_is_read_and_shown() {
        let mut tree = Tree::default();
        tree.show(b"/home/me");
        assert_eq!(tree.folders_to_read(), [b"/".to_vec(), b"/home".to_vec()]);
        let levels = HashMap::from([
            (b"/".to_vec(), level(&["etc", "home"])),
            (b"/home".to_vec(), level(&["me", "you"])),
        ]);
        tree.take(levels, false);
        assert!(tree.folders_to_read().is_empty());
        assert_eq!(
            lines(&tree),
            ["0 /", "1 /etc", "1 /home", "2 /home/me", "2 /home/you"]
        );
        tree.show(b"/home/me");
        assert_eq!(tree.cursor, Some(3));
        assert_eq!(tree.line_above(3), Some(2));
        tree.close(b"/home");
        assert_eq!(lines(&tree), ["0 /", "1 /etc", "1 /home"]);
        tree.open(b"/etc");
        assert_eq!(tree.folders_to_read(), [b"/etc".to_vec()]);
    }

    #[test]
    fn the_cursor_stays_on_its_folder() {
        let mut tree = Tree::default();
        tree.show(b"/b");
        tree.take(HashMap::from([(b"/".to_vec(), level(&["a", "b"]))]), false);
        tree.show(b"/b");
        tree.open(b"/a");
        tree.take(HashMap::from([(b"/a".to_vec(), level(&["x", "y"]))]), false);
        assert_eq!(tree.lines()[tree.cursor.unwrap()].path, b"/b");
    }
}
