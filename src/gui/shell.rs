//! Command lines as a shell reads them: what a screen shows under "As a command line" can be pasted as it is.

use std::path::Path;

use crate::fs::path_bytes;

/// A command line that is being put together.
pub struct Line(String);

impl Line {
    pub fn new(command: &str) -> Line {
        Line(command.to_owned())
    }

    pub fn word(self, word: impl AsRef<[u8]>) -> Line {
        let Line(mut line) = self;
        line.push(' ');
        line.push_str(&quoted(word.as_ref()));
        Line(line)
    }

    /// An option with its value, in one word where the value would be taken for an option.
    pub fn option(self, option: &str, value: impl AsRef<[u8]>) -> Line {
        let value = value.as_ref();
        match value.first() {
            Some(b'-') => self.word([option.as_bytes(), b"=", value].concat()),
            _ => self.word(option).word(value),
        }
    }

    pub fn switch(self, option: &str, is_on: bool) -> Line {
        match is_on {
            true => self.word(option),
            false => self,
        }
    }

    pub fn end(self) -> String {
        self.0
    }
}

/// A command line from its words.
pub fn line<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    words.join(" ")
}

/// A path as one word.
pub fn quoted_path(path: &Path) -> String {
    quoted(path_bytes(path))
}

/// Bytes as one word: as they are where that is safe, else in quotes; what cannot be shown
/// in `$'…'`, which bash, ksh, zsh and POSIX since 2024 know.
pub fn quoted(word: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+,:=@%".contains(byte);
    match std::str::from_utf8(word) {
        Ok(text) if !word.is_empty() && word.iter().all(is_plain) => text.to_owned(),
        Ok(text) if !text.chars().any(is_unshowable) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let mut quoted = "$'".to_owned();
            for byte in word {
                match byte {
                    b'\'' => quoted.push_str(r"\'"),
                    b'\\' => quoted.push_str(r"\\"),
                    b' '..=b'~' => quoted.push(char::from(*byte)),
                    // Three digits: no digit that follows can be taken for a part of it.
                    byte => quoted.push_str(&format!(r"\{byte:03o}")),
                }
            }
            quoted + "'"
        }
    }
}

fn is_unshowable(c: char) -> bool {
    c.is_control() || crate::fs::is_deceptive(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_would_take_them_apart() {
        assert_eq!(quoted(b"/home/me/a.txt"), "/home/me/a.txt");
        assert_eq!(quoted(b"My letters"), "'My letters'");
        assert_eq!(quoted(b"it's"), r"'it'\''s'");
        assert_eq!(quoted(b""), "''");
        assert_eq!(quoted("grün".as_bytes()), "'grün'");
        assert_eq!(quoted(b"a\n'\xff"), r"$'a\012\'\377'");
        assert_eq!(line([&b"gibus"[..], b"cat", b"a b"]), "gibus cat 'a b'");
    }

    #[test]
    fn a_shell_gives_back_what_was_quoted() {
        let names: [&[u8]; 6] = [
            b"/plain/path-1.txt",
            b"with 'quotes' and $HOME `x`",
            b"",
            b"new\nline\t7",
            b"\xff\xfe\\x'1",
            "naïve".as_bytes(),
        ];
        for name in names {
            let shell = std::process::Command::new("bash")
                .arg("-c")
                .arg(format!("printf %s {}", quoted(name)))
                .output()
                .unwrap();
            assert_eq!(shell.stdout, name, "{}", quoted(name));
        }
    }

    #[test]
    fn every_word_is_quoted_for_a_shell() {
        let line = Line::new("gibus x").word("my docs").word(b"/\xff");
        assert_eq!(line.end(), r"gibus x 'my docs' $'/\377'");
    }
}
