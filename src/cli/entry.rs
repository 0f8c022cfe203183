//! An entry of a snapshot as people and programs see it: the columns of `ls --long`, the JSON of an entry.

use std::collections::HashMap;

use serde::Serialize;

use super::human;
use super::json::{self, Text};
use crate::fs::escaped;
use crate::snapshot::file::{NamedId, SnapshotHeader};
use crate::snapshot::tree::{Entry, Kind};

/// Names of users and groups by number, as the snapshot has them: those of the machine that it is of.
pub struct Owners {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Owners {
    pub fn of(header: &SnapshotHeader) -> Owners {
        let map = |names: &[NamedId]| names.iter().map(|n| (n.id, n.name.clone())).collect();
        Owners {
            users: map(&header.users),
            groups: map(&header.groups),
        }
    }

    fn user(&self, uid: u32) -> Option<&str> {
        self.users.get(&uid).map(String::as_str)
    }

    fn group(&self, gid: u32) -> Option<&str> {
        self.groups.get(&gid).map(String::as_str)
    }
}

/// The name of a kind of entry in JSON.
pub fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::File(_) => "file",
        Kind::Directory(_) => "directory",
        Kind::SymbolicLink { .. } => "symbolic_link",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
        Kind::CharacterDevice { .. } => "character_device",
        Kind::BlockDevice { .. } => "block_device",
    }
}

/// One line of `ls --long`: mode, owner, group, size, time, path.
pub fn long_line(path: &[u8], entry: &Entry, owners: &Owners) -> String {
    let attributes = &entry.attributes;
    let number_or = |name: Option<&str>, id: u32| match name {
        Some(name) => escaped(name.as_bytes()).to_string(),
        None => id.to_string(),
    };
    let mut line = format!(
        "{} {:8} {:8} {:>10} {} {}",
        mode_text(&entry.kind, attributes.mode),
        number_or(owners.user(attributes.uid), attributes.uid),
        number_or(owners.group(attributes.gid), attributes.gid),
        size_text(&entry.kind),
        human::local_time(attributes.modified),
        escaped(path),
    );
    if let Kind::SymbolicLink { target } = &entry.kind {
        line.push_str(&format!(" -> {}", escaped(target)));
    }
    if entry.incomplete {
        line.push_str(" (incomplete)");
    }
    line
}

fn size_text(kind: &Kind) -> String {
    match kind {
        Kind::File(file) => file.size.to_string(),
        Kind::CharacterDevice { major, minor } | Kind::BlockDevice { major, minor } => {
            format!("{major},{minor}")
        }
        _ => "-".to_owned(),
    }
}

/// As `ls -l` writes it: `drwxr-sr-x`.
fn mode_text(kind: &Kind, mode: u16) -> String {
    let mut text = String::with_capacity(10);
    text.push(match kind {
        Kind::File(_) => '-',
        Kind::Directory(_) => 'd',
        Kind::SymbolicLink { .. } => 'l',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
        Kind::CharacterDevice { .. } => 'c',
        Kind::BlockDevice { .. } => 'b',
    });
    // The special bit of each class, and how it is written with and without the right to execute.
    let classes = [
        (6, 0o4000, 's', 'S'),
        (3, 0o2000, 's', 'S'),
        (0, 0o1000, 't', 'T'),
    ];
    for (shift, special, with, without) in classes {
        let rights = mode >> shift & 0o7;
        text.push(if rights & 4 != 0 { 'r' } else { '-' });
        text.push(if rights & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, rights & 1 != 0) {
            (true, true) => with,
            (true, false) => without,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// An entry in JSON; `docs/json.md` describes it.
#[derive(Serialize)]
pub struct JsonEntry<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    /// Octal.
    mode: String,
    uid: u32,
    gid: u32,
    user: Option<&'a str>,
    group: Option<&'a str>,
    modified: Option<String>,
    size: Option<u64>,
    sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hard_link: Option<u64>,
    incomplete: bool,
}

impl<'a> JsonEntry<'a> {
    pub fn new(path: &[u8], entry: &Entry, owners: &'a Owners) -> JsonEntry<'a> {
        let attributes = &entry.attributes;
        let path = Text::new(path);
        let target = match &entry.kind {
            Kind::SymbolicLink { target } => Some(Text::new(target)),
            _ => None,
        };
        JsonEntry {
            path: path.text,
            path_hex: path.hex,
            kind: kind_name(&entry.kind),
            mode: format!("{:04o}", attributes.mode),
            uid: attributes.uid,
            gid: attributes.gid,
            user: owners.user(attributes.uid),
            group: owners.group(attributes.gid),
            modified: json::utc(attributes.modified),
            size: match &entry.kind {
                Kind::File(file) => Some(file.size),
                _ => None,
            },
            sha1: entry.token().map(|token| token.sha1.to_string()),
            target_hex: target.as_ref().and_then(|target| target.hex.clone()),
            target: target.map(|target| target.text),
            device: match entry.kind {
                Kind::CharacterDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                    Some([major, minor])
                }
                _ => None,
            },
            hard_link: entry.hard_link,
            incomplete: entry.incomplete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_written_as_ls_writes_them() {
        assert_eq!(mode_text(&Kind::Fifo, 0o644), "prw-r--r--");
        assert_eq!(mode_text(&Kind::Socket, 0o7777), "srwsrwsrwt");
        assert_eq!(mode_text(&Kind::Fifo, 0o7000), "p--S--S--T");
    }
}
