//! Other people's programs, run with a deadline and ended by their handle.

use std::{
    env, fmt,
    io::Read,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Finds a program on the search path, or a package that has one where its ecosystem keeps it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    match name {
        // A newer FFmpeg than Debian's, from PyPI.
        "imageio-ffmpeg" => ask(
            "python3",
            &[
                "-c",
                "import imageio_ffmpeg as i; print(i.get_ffmpeg_exe())",
            ],
        ),
        "gst-rtsp-server" => ask(
            "/usr/bin/python3",
            &[
                "-c",
                "import gi; gi.require_version('GstRtspServer', '1.0'); print('/usr/bin/python3')",
            ],
        ),
        "mpegts.js" => ask("node", &["-p", "require.resolve('mpegts.js')"]),
        _ => {
            let path = env::var_os("PATH").unwrap_or_default();
            let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
            folders
                .map(|folder| folder.join(name))
                .find(|file| file.is_file())
        }
    }
}

/// The path that a command prints; `None` when it fails or is missing itself.
fn ask(program: &str, arguments: &[&str]) -> Option<PathBuf> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(path.trim()))
}

/// A running program; ended when dropped.
pub(crate) struct Program {
    name: String,
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

/// What a program left behind.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts a program with the words of `line`, split at spaces; then each `{}` becomes the
    /// next of `values`, which may have spaces.
    pub(crate) fn start(line: &str, values: &[&dyn fmt::Display]) -> Self {
        let mut values = values.iter();
        let mut words = line
            .split_whitespace()
            .map(|word| match word.split_once("{}") {
                Some((before, after)) => format!("{before}{}{after}", values.next().unwrap()),
                None => word.to_owned(),
            });
        let name = words.next().unwrap();
        let mut command = Command::new(&name);
        command.args(words);
        Self::spawn(name, command)
    }

    fn spawn(name: String, mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let stdout = Some(keep(child.stdout.take().unwrap()));
        let stderr = Some(keep(child.stderr.take().unwrap()));
        Self {
            name,
            child,
            stdout,
            stderr,
        }
    }

    /// Ends the program at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Waits for the end of the program; fails when it does not end in time.
    pub(crate) fn finish(mut self, deadline: Duration) -> Finished {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begin.elapsed() > deadline {
                self.kill();
                let said = String::from_utf8_lossy(&self.stderr.take().unwrap().join().unwrap())
                    .into_owned();
                panic!(
                    "{} did not end within {deadline:?}; it said\n{said}",
                    self.name
                );
            }
            thread::sleep(POLL);
        };
        Finished {
            status,
            stdout: self.stdout.take().unwrap().join().unwrap(),
            stderr: String::from_utf8_lossy(&self.stderr.take().unwrap().join().unwrap())
                .into_owned(),
        }
    }

    /// Waits for the end of the program, which has to succeed; gives what it wrote to stdout.
    pub(crate) fn succeed(self, deadline: Duration) -> Vec<u8> {
        let name = self.name.clone();
        let Finished {
            status,
            stdout,
            stderr,
        } = self.finish(deadline);
        assert!(
            status.success(),
            "{name} ended with {status}; it said\n{stderr}"
        );
        stdout
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.child.id())
    }
}

/// Waits until `condition` gives a value; fails when that takes longer than `deadline`.
pub(crate) fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> T {
    let begin = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(
            begin.elapsed() < deadline,
            "not within {deadline:?}: {what}"
        );
        thread::sleep(POLL);
    }
}

fn keep(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        // What came before an error is still worth having.
        let _ = pipe.read_to_end(&mut kept);
        kept
    })
}

/// Long enough for 5 s of media on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
const POLL: Duration = Duration::from_millis(20);
