//! File names as bytes, names made safe to show, folders that are listed, and files that are read at a position.
//!
//! On Linux a file name is any bytes but `/` and NUL. Gibus keeps them as they are everywhere and
//! makes them printable only where a person sees them: [`escaped`] shows every control, escape,
//! bidirectional and invisible character, and every byte that is not UTF-8, as a backslash escape,
//! so that no file name can move a cursor, recolour a terminal or disguise its ending.

use std::ffi::{CStr, OsStr};
use std::fmt;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

/// Shows bytes of a file name or path on one line, with everything unprintable escaped.
pub fn escaped(bytes: &[u8]) -> Escaped<'_> {
    Escaped(bytes)
}

/// [`escaped`] for a path.
pub fn escaped_path(path: &Path) -> Escaped<'_> {
    Escaped(path.as_os_str().as_bytes())
}

/// The bytes of a path.
pub fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// The path made of these bytes.
pub fn bytes_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// Bytes of names asked of the system at once: some hundred to a thousand of them.
///
/// Less than a page must never be asked for, and so not with [`rustix::fs::Dir`] either, which begins with 768 bytes: what
/// does not fit of a page that a file system in user space has given is asked for anew, and NTFS (lowntfs-3g)
/// then says that there is no more.
const LISTING_LEN: usize = 64 << 10;

/// A buffer for [`each_name`], to be used again.
pub fn listing_buffer() -> Box<[MaybeUninit<u8>]> {
    Box::new_uninit_slice(LISTING_LEN)
}

/// Calls `found` with the name of each thing in a folder that has just been opened, and what it is if that is known, `.` and
/// `..` left out.
///
/// Errors: those of listing, and of `found`, which end it. A folder that was removed meanwhile has no more names.
pub fn each_name(
    folder: impl AsFd,
    buffer: &mut [MaybeUninit<u8>],
    mut found: impl FnMut(&CStr, FileType) -> rustix::io::Result<()>,
) -> rustix::io::Result<()> {
    let mut listing = RawDir::new(folder.as_fd(), buffer);
    loop {
        let entry = match listing.next() {
            None | Some(Err(Errno::NOENT)) => return Ok(()),
            Some(Err(Errno::INTR)) => continue,
            Some(entry) => entry?,
        };
        let name = entry.file_name();
        if !matches!(name.to_bytes(), b"." | b"..") {
            found(name, entry.file_type())?;
        }
    }
}

/// Whether a share says that the file is open, and so cannot be renamed or deleted.
pub fn is_in_use(errno: Errno) -> bool {
    matches!(errno, Errno::BUSY | Errno::TXTBSY)
}

/// Tries again a few times, for some hundredths of a second in all, what fails because a file is open: it may have been closed
/// just now, and the share learn of it a moment later.
pub fn retry_while_in_use<T>(
    mut attempt: impl FnMut() -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    for milliseconds in [1, 4, 16] {
        match attempt() {
            Err(errno) if is_in_use(errno) => {
                std::thread::sleep(Duration::from_millis(milliseconds));
            }
            done => return done,
        }
    }
    attempt()
}

/// Displays bytes with escapes: `\n`, `\t`, `\r`, `\\`, `\xNN` for control characters and bytes that
/// are not UTF-8, `\u{…}` for characters that are invisible or change the direction of text.
pub struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\n' => f.write_str("\\n")?,
                    '\t' => f.write_str("\\t")?,
                    '\r' => f.write_str("\\r")?,
                    '\\' => f.write_str("\\\\")?,
                    '\0'..='\x1f' | '\x7f' => write!(f, "\\x{:02x}", character as u32)?,
                    c if is_deceptive(c) => write!(f, "\\u{{{:x}}}", c as u32)?,
                    c => fmt::Write::write_char(f, c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Characters that do not show, or that change how their neighbours show: C1 controls, the soft
/// hyphen, zero-width and bidirectional formatting, line and paragraph separators, byte-order marks,
/// variation and tag characters.
pub fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether this user may make files in a folder, as far as the system says beforehand.
pub fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

/// A file of known length that is read at positions, by any thread.
pub trait ReadAt: Send + Sync {
    /// Length in bytes when it was opened.
    fn len(&self) -> u64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buffer` from `offset`; an end of file before it is full is
    /// [`io::ErrorKind::UnexpectedEof`].
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A local file as [`ReadAt`].
pub struct LocalFile {
    file: File,
    len: u64,
}

impl LocalFile {
    /// Takes its length now.
    pub fn new(file: File) -> io::Result<LocalFile> {
        let len = file.metadata()?.len();
        Ok(LocalFile::with_len(file, len))
    }

    /// With the length that the caller knows, in bytes.
    pub fn with_len(file: File, len: u64) -> LocalFile {
        LocalFile { file, len }
    }
}

impl ReadAt for LocalFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

/// Bytes in memory are a file as well.
impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let from = usize::try_from(offset).ok();
        let part = from.and_then(|from| self.get(from..from.checked_add(buffer.len())?));
        match part {
            Some(part) => {
                buffer.copy_from_slice(part);
                Ok(())
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_reach_the_terminal_raw() {
        let shown = |bytes: &[u8]| escaped(bytes).to_string();
        assert_eq!(shown(b"plain name.txt"), "plain name.txt");
        assert_eq!(shown("naïve-日本".as_bytes()), "naïve-日本");
        assert_eq!(shown(b"a\nb\x1b[31m"), "a\\nb\\x1b[31m");
        assert_eq!(shown(b"\xff\xfe"), "\\xff\\xfe");
        assert_eq!(
            shown("evil\u{202e}gpj.exe".as_bytes()),
            "evil\\u{202e}gpj.exe"
        );
        assert_eq!(shown(b"back\\slash"), "back\\\\slash");
    }
}
