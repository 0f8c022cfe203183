//! Different contents with the same SHA-1: SHA-mbles (2020) and SHAttered (2017), from the test data of the
//! crate `sha1-checked`.

use std::path::PathBuf;
use std::process::Command;

/// A pair of 640 bytes, and one of PDF files.
pub fn colliding_pairs() -> [[Vec<u8>; 2]; 2] {
    let data = sha1_checked_folder().join("tests/data");
    [
        ["sha-mbles-1.bin", "sha-mbles-2.bin"],
        ["shattered-1.pdf", "shattered-2.pdf"],
    ]
    .map(|pair| pair.map(|name| std::fs::read(data.join(name)).unwrap()))
}

/// Where cargo keeps the crate's sources. Only what this platform needs is asked for: the rest may not have been
/// downloaded.
fn sha1_checked_folder() -> PathBuf {
    let version = cargo(&["-vV"]);
    let version = String::from_utf8(version).unwrap();
    let platform = version.lines().find_map(|line| line.strip_prefix("host: "));
    let metadata = cargo(&[
        "metadata",
        "--format-version=1",
        "--offline",
        "--filter-platform",
        platform.unwrap(),
    ]);
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|package| package["name"] == "sha1-checked");
    let manifest = PathBuf::from(package.unwrap()["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
        .stdout
}
