//! What is printed with `--json` is what `docs/json.md` says.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::Home;

/// Members that are there only when they have something to say.
const OPTIONAL: [&str; 9] = [
    "storage",
    "rehearsed_freed_bytes",
    "target",
    "device",
    "hard_link",
    "why",
    "moved_to",
    "place",
    "repository_place",
];

/// The examples of the document, by their `message_type`.
fn examples() -> BTreeMap<String, Vec<Value>> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap();
    let mut examples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for block in text.split("```json\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let example: Value = serde_json::from_str(block).unwrap_or_else(|e| panic!("{e}: {block}"));
        let name = example["message_type"].as_str().unwrap().to_owned();
        examples.entry(name).or_default().push(example);
    }
    examples
}

/// Why `actual` is not of the shape of `example`, if it is not.
fn misfit(example: &Value, actual: &Value, at: &str) -> Option<String> {
    match (example, actual) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Object(example), Value::Object(actual)) => {
            let is_optional = |name: &str| OPTIONAL.contains(&name) || name.ends_with("_hex");
            for name in example.keys().filter(|name| !actual.contains_key(*name)) {
                if !is_optional(name) {
                    return Some(format!("{at}.{name} is missing"));
                }
            }
            actual
                .iter()
                .find_map(|(name, value)| match example.get(name) {
                    Some(example) => misfit(example, value, &format!("{at}.{name}")),
                    // Described once, under "Entries".
                    None if is_optional(name) => None,
                    None => Some(format!("{at}.{name} is not documented")),
                })
        }
        (Value::Array(examples), Value::Array(actual)) => {
            actual.iter().enumerate().find_map(|(index, value)| {
                let at = format!("{at}[{index}]");
                let misfits: Vec<_> = examples
                    .iter()
                    .map(|example| misfit(example, value, &at))
                    .collect();
                match misfits.iter().any(Option::is_none) {
                    true => None,
                    false => Some(
                        misfits
                            .into_iter()
                            .flatten()
                            .next()
                            .unwrap_or(format!("{at} has no example")),
                    ),
                }
            })
        }
        (Value::Number(example), Value::Number(actual)) if example.is_u64() => {
            (!actual.is_u64()).then(|| format!("{at} is {actual}"))
        }
        (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_)) => None,
        _ => Some(format!("{at} is {actual}, not like {example}")),
    }
}

struct Checker {
    examples: BTreeMap<String, Vec<Value>>,
    seen: Vec<String>,
}

impl Checker {
    fn check(&mut self, document: &Value) {
        let name = document["message_type"].as_str().unwrap().to_owned();
        let alike = match name.as_str() {
            "archive_changed" | "archive_adopted" => "archive_created",
            name => name,
        };
        // `extract` and `restore` share their documents.
        let shared = ["extract", "restore"].contains(&alike);
        let names: Vec<&str> = if shared {
            vec!["extract", "restore"]
        } else {
            vec![alike]
        };
        let candidates: Vec<&Value> = names
            .iter()
            .filter_map(|name| self.examples.get(*name))
            .flatten()
            .collect();
        assert!(!candidates.is_empty(), "{name} is not documented");
        let misfits: Vec<_> = candidates
            .iter()
            .map(|example| misfit(example, document, &name))
            .collect();
        assert!(
            misfits.iter().any(Option::is_none),
            "{misfits:?}\n{document}"
        );
        self.seen.extend(names.into_iter().map(str::to_owned));
    }
}

#[test]
fn every_document_is_as_it_is_documented() {
    let mut checker = Checker {
        examples: examples(),
        seen: Vec::new(),
    };
    let home = Home::new();
    home.write("files/a.txt", b"one\n");
    fs::hard_link(home.path("files/a.txt"), home.path("files/b.txt")).unwrap();
    symlink("a.txt", home.path("files/link")).unwrap();
    let mut run = |line: &str, code: i32| {
        let run = home.gibus(&format!("--json {line}"));
        assert_eq!(run.code, Some(code), "{line}: {run:?}");
        let text = if code == 0 || code == 3 {
            &run.stdout
        } else {
            &run.stderr
        };
        let document: Value =
            serde_json::from_str(text).unwrap_or_else(|e| panic!("{line}: {e}: {run:?}"));
        checker.check(&document);
        document
    };
    run("repo create main --location disk", 0);
    run("repo create other --location gone", 0);
    run("repo list", 0);
    run("repo show main", 0);
    run(
        "archive create home --repo main --include files --exclude-larger-than 10M --exclude-dir x",
        0,
    );
    run(
        "archive create lost --repo main --include files --location gone",
        0,
    );
    fs::remove_dir_all(home.path("gone")).unwrap();
    run("repo list", 0);
    run("archive list", 0);
    run("archive delete lost --keep-files", 0);
    run("archive edit home --exclude-file *.o --include nosuch", 0);
    run("archive explain home files/a.txt", 0);
    run("archive preview home", 3);
    run("backup -A home --dry-run", 3);
    run("backup -A home", 3);
    run("archive edit home --remove-include nosuch", 0);
    home.write("files/a.txt", b"two\n");
    home.write("files/new.txt", b"three\n");
    home.write("files/twice.txt", b"three\n");
    run("backup -A home", 0);
    run("archive explain home files/a.txt", 0);
    run("archive show home", 0);
    run("snapshots -A home", 0);
    run("snapshots -A home --storage-stats", 0);
    run("ls -A home files", 0);
    run("find -A home a.txt --all", 0);
    run("versions -A home files/new.txt", 0);
    run("usage -A home", 0);
    run("usage -A home --by size", 0);
    run("growth -A home", 0);
    run("duplicates -A home", 0);
    run("diff -A home", 0);
    run("diff -A home --summary files", 0);
    home.write("files/a.txt", b"22\n");
    run("archive edit home --exclude-file new.txt", 0);
    run("diff -A home --with-disk", 0);
    run("archive edit home --remove-exclude-file new.txt", 0);
    run("extract -A home files --into out --dry-run", 0);
    run("extract -A home files --into out", 0);
    home.write("files/a.txt", b"four\n");
    run("restore -A home files --dry-run", 0);
    run("restore -A home files", 0);
    run("delete -A home --dry-run", 0);
    run("what-if delete home:-1 --exact", 0);
    run("delete -A home", 0);
    run("repo stats main", 0);
    run("repo stats main --growth", 0);
    run("repo check main --read-data", 0);
    run("repo prune main --dry-run", 0);
    run("repo prune main", 0);
    run("repo convert main --codec gzip", 0);
    run("repo repair main", 0);
    run("repo unlock main", 0);
    run("exigency scan disk", 0);
    run(&format!("repo adopt {}", home.repository().display()), 0);
    run(&format!("archive adopt {}", home.archive().display()), 0);
    run("ls -A nosuch", 10);
    run("archive delete home --with-snapshots", 0);
    run("repo delete main", 0);

    let unseen: Vec<&String> = checker
        .examples
        .keys()
        .filter(|name| !checker.seen.contains(name))
        .collect();
    // The demo has a test of its own.
    assert_eq!(unseen, ["demo"]);
}
