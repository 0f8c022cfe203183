//! What comes after the demo: a look at its result in the window.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};

use super::quoted;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::environment;

/// Offers to open the window on the configuration in `config`, and does it if that is wanted; where nobody can be
/// asked, says how it is done.
pub fn offer(context: &mut Context, config: &Path) -> Result<(), Failure> {
    if context.out.is_json() {
        return Ok(());
    }
    let line = format!(
        "gibus gui --config-dir {}",
        quoted(config.as_os_str().to_owned())
    );
    context
        .out
        .line(&format!("To look at it in the window:  {line}"))?;
    let desktop = environment::desktop()?;
    let can_ask = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !desktop.has_display || !can_ask || context.out.style().quiet {
        return Ok(());
    }
    context
        .out
        .raw()
        .write_all(b"Open the window on it? [y/N] ")?;
    context.out.flush()?;
    let mut answer = String::new();
    // Without an answer that can be read there is no window.
    let _ = io::stdin().lock().read_line(&mut answer);
    if is_yes(&answer) {
        // It says itself why it cannot be opened; the demo was a success all the same.
        let _ = Command::new(&desktop.program)
            .args(["gui", "--config-dir"])
            .arg(config)
            .stdin(Stdio::null())
            .status();
    }
    Ok(())
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for answer in ["y\n", "Y\n", " yes \n"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yesterday\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
