//! A desktop of its own for a test: a display in memory, a session bus, an empty home; and the real window on it.
//!
//! Everything is driven as a person does it, with a mouse and a keyboard (`xdotool`). Where things are is asked of
//! the accessibility tree, as a screen reader would. Nothing sleeps for luck: what a test waits for is looked at
//! until it is so, and when it never is, a picture of the screen is kept and its place told.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use image::RgbImage;
use tempfile::TempDir;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt, EventMask};

use crate::accessibility::Accessibility;
use crate::skip::skip_without_tools;

/// Longer than anything here takes on a slow machine; only a fault makes a test wait so long.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(150);
/// The size of the window on a display that is a little larger.
pub const SIZE: (u32, u32) = (1180, 780);

/// A desktop. All of it ends with the test.
pub struct Desktop {
    dir: TempDir,
    /// `:5`
    display: String,
    bus_address: String,
    _display: KillOnDrop,
    _bus: KillOnDrop,
}

impl Desktop {
    /// `None`, having said why, where something is missing.
    #[track_caller]
    pub fn start() -> Option<Desktop> {
        if skip_without_tools(&["Xvfb", "xdotool", "import", "dbus-daemon"]) {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home", "run", "tmp"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let mut xvfb = Command::new("Xvfb");
        xvfb.args(["-displayfd", "1", "-screen", "0", "1280x820x24"]);
        xvfb.args(["+extension", "GLX", "-nolisten", "tcp", "-noreset"]);
        let (display, number) = with_first_line(&mut xvfb);
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        // What it starts on demand must not find the tester's own desktop.
        bus.env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", dir.path().join("home"))
            .env("XDG_RUNTIME_DIR", dir.path().join("run"))
            .env("DISPLAY", format!(":{number}"));
        let (bus, bus_address) = with_first_line(&mut bus);
        Some(Desktop {
            dir,
            display: format!(":{number}"),
            bus_address,
            _display: display,
            _bus: bus,
        })
    }

    /// A path beside the home folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(below)
    }

    /// A path in the home folder.
    pub fn home(&self, below: &str) -> PathBuf {
        self.dir
            .path()
            .canonicalize()
            .unwrap()
            .join("home")
            .join(below)
    }

    /// Where the configuration is.
    pub fn config(&self) -> PathBuf {
        self.home(".config/gibus")
    }

    /// The program, as this desktop would start it.
    pub fn gibus(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gibus"));
        command
            .args(line.split_whitespace())
            .current_dir(self.path("home"))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.home(".config"))
            .env("XDG_DATA_HOME", self.home(".local/share"))
            .env("XDG_RUNTIME_DIR", self.dir.path().join("run"))
            .env("TMPDIR", self.dir.path().join("tmp"))
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command line in the home folder; it must succeed.
    #[track_caller]
    pub fn done(&self, line: &str) {
        let output = self.gibus(line).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    }

    /// Makes a repository and an archive, so that the window does not begin with its questions.
    #[track_caller]
    pub fn configure(&self) {
        fs::create_dir(self.home("files")).unwrap();
        fs::write(self.home("files/letter.txt"), "Dear all").unwrap();
        self.done("repo create main --location disk");
        self.done("archive create home --repo main --include files");
    }

    /// Opens the window, and waits until it is there and has been drawn.
    #[track_caller]
    pub fn open(&self) -> Window<'_> {
        let log = self.dir.path().join("window.log");
        let output = File::create(&log).unwrap();
        let mut command = self.gibus("");
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let mut window = Window {
            desktop: self,
            process: KillOnDrop(command.spawn().unwrap()),
            log,
            id: String::new(),
            accessibility: None,
        };
        window.wait_until("the window is there", |window| {
            let found = window.try_xdotool(&["search", "--onlyvisible", "--name", "^Gibus$"]);
            window.id = found.trim().to_owned();
            !window.id.is_empty()
        });
        let id = window.id.clone();
        // There is no window manager that would do it.
        window.xdotool(&["windowmove", &id, "0", "0"]);
        window.xdotool(&["windowfocus", "--sync", &id]);
        window.wait_until("something is drawn", |window| {
            let picture = window.picture();
            picture
                .pixels()
                .any(|pixel| pixel != picture.get_pixel(2, 2))
        });
        window
    }

    /// A look at the tree that screen readers use.
    pub fn accessibility(&self) -> Accessibility {
        Accessibility::connect(&self.bus_address)
    }
}

/// The real window.
pub struct Window<'a> {
    desktop: &'a Desktop,
    process: KillOnDrop,
    log: PathBuf,
    /// As X knows it.
    id: String,
    accessibility: Option<Accessibility>,
}

impl Window<'_> {
    pub fn process_id(&self) -> u32 {
        self.process.0.id()
    }

    /// Presses keys, as `xdotool` names them: `ctrl+q`, `Tab`.
    pub fn key(&self, keys: &str) {
        self.xdotool(&["key", keys]);
    }

    /// Clicks in the middle of what has this name.
    #[track_caller]
    pub fn click(&mut self, name: &str) {
        let at = self.wait_for(name);
        self.click_at(at);
    }

    /// Moves the pointer there, and no further.
    pub fn point_at(&self, x: i32, y: i32) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string()]);
    }

    pub fn click_at(&self, (x, y): (i32, i32)) {
        let (x, y) = (x.to_string(), y.to_string());
        // Between a move and a click there has to be a frame.
        self.xdotool(&["mousemove", &x, &y, "sleep", "0.2", "click", "1"]);
    }

    /// Asks it to close, as a window manager does when the close button in the title bar is pressed.
    pub fn press_close_button(&self) {
        let (x, _) = x11rb::connect(Some(&self.desktop.display)).unwrap();
        let atom = |name: &str| {
            let atom = x.intern_atom(false, name.as_bytes()).unwrap();
            atom.reply().unwrap().atom
        };
        let window = self.id.parse().unwrap();
        let (kind, request) = (atom("WM_PROTOCOLS"), atom("WM_DELETE_WINDOW"));
        let message = ClientMessageEvent::new(32, window, kind, [request, 0, 0, 0, 0]);
        let sent = x.send_event(false, window, EventMask::NO_EVENT, message);
        sent.unwrap().check().unwrap();
    }

    /// Types a text in place of what is in the field of this name.
    #[track_caller]
    pub fn type_into(&mut self, field: &str, text: &str) {
        self.click(field);
        self.key("ctrl+a");
        self.xdotool(&["type", "--delay", "15", text]);
    }

    /// Waits until something of this name is shown and can be used; the middle of it.
    #[track_caller]
    pub fn wait_for(&mut self, name: &str) -> (i32, i32) {
        self.wait_for_one(&format!("'{name}' is shown"), |found| found == name)
    }

    /// Waits until something with a name that begins so is shown; the middle of it.
    #[track_caller]
    pub fn wait_for_beginning(&mut self, name: &str) -> (i32, i32) {
        let what = format!("something that begins with '{name}' is shown");
        self.wait_for_one(&what, |found| found.starts_with(name))
    }

    /// Waits until it stays where it is, too: what comes in meanwhile may move it away from under the pointer.
    #[track_caller]
    fn wait_for_one(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> (i32, i32) {
        let mut before = None;
        self.wait_until(what, |window| {
            let now = window.accessibility().find(&wanted);
            let is_still = now.is_some() && now == before;
            before = now;
            is_still
        });
        before.unwrap()
    }

    fn accessibility(&mut self) -> &mut Accessibility {
        let desktop = self.desktop;
        self.accessibility
            .get_or_insert_with(|| desktop.accessibility())
    }

    /// What the window shows.
    pub fn picture(&self) -> RgbImage {
        let path = self.desktop.dir.path().join("picture.png");
        self.save_picture(&path);
        let whole = image::open(&path).unwrap().into_rgb8();
        image::imageops::crop_imm(&whole, 0, 0, SIZE.0, SIZE.1).to_image()
    }

    fn save_picture(&self, path: &Path) {
        let display = &self.desktop.display;
        let mut import = Command::new("import");
        import
            .args(["-display", display, "-window", "root"])
            .arg(path);
        assert!(import.status().unwrap().success());
    }

    /// Waits until something is so. If it never is, keeps a picture and tells its place.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            if begun.elapsed() > PATIENCE || self.has_ended() {
                let path =
                    std::env::temp_dir().join(format!("gibus-e2e-{}.png", self.process_id()));
                self.save_picture(&path);
                let seen = self.accessibility.as_mut().map(Accessibility::names);
                panic!(
                    "waited in vain until {what}\nthe screen: {}\nit printed: {}\nnames: {:#?}",
                    path.display(),
                    fs::read_to_string(&self.log).unwrap_or_default(),
                    seen.unwrap_or_default(),
                );
            }
            thread::sleep(PAUSE);
        }
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.process.0.try_wait(), Ok(None))
    }

    /// Waits until the program has ended.
    #[track_caller]
    pub fn wait_for_end(mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.0.try_wait().unwrap() {
                let printed = fs::read_to_string(&self.log).unwrap();
                assert_eq!(printed, "", "a window that worked has nothing to say");
                return status;
            }
            if begun.elapsed() > PATIENCE {
                self.wait_until("it ends", |_| false);
            }
            thread::sleep(PAUSE);
        }
    }

    #[track_caller]
    fn xdotool(&self, arguments: &[&str]) {
        let display = &self.desktop.display;
        let mut xdotool = Command::new("xdotool");
        let status = xdotool.args(arguments).env("DISPLAY", display).status();
        assert!(status.unwrap().success(), "xdotool {arguments:?}");
    }

    /// What it prints; nothing when it fails.
    fn try_xdotool(&self, arguments: &[&str]) -> String {
        let display = &self.desktop.display;
        let mut xdotool = Command::new("xdotool");
        let output = xdotool.args(arguments).env("DISPLAY", display).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    }
}

/// A child process that does not outlive the test.
pub struct KillOnDrop(pub Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program that says on its first line how it can be reached.
fn with_first_line(command: &mut Command) -> (KillOnDrop, String) {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = KillOnDrop(command.spawn().unwrap());
    let mut line = String::new();
    let mut out = BufReader::new(child.0.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    assert!(!line.trim().is_empty(), "{command:?} did not start");
    // Whatever else it prints goes nowhere, and never finds the pipe full.
    thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    (child, line.trim().to_owned())
}
