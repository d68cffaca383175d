//! The live server as a process: started on free ports, which are read from what it prints.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::program::eventually;

/// A running server with a folder of its own; ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) rtmp_port: u16,
    pub(crate) rtmps_port: Option<u16>,
    pub(crate) rtsp_port: u16,
    pub(crate) rtsps_port: Option<u16>,
    pub(crate) http_port: u16,
    pub(crate) folder: tempfile::TempDir,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server on free ports of the loopback interface, and waits until it is up.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// The same, with its recordings in `folder`.
    pub(crate) fn start_in(folder: tempfile::TempDir, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_weir-live"))
            .args([
                "--bind",
                "127.0.0.1",
                "--rtmp-port",
                "0",
                "--rtsp-port",
                "0",
                "--rtmps-port",
                "0",
                "--rtsps-port",
                "0",
                "--http-port",
                "0",
            ])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        let mut told = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        while !told.ends_with("\n\n") {
            let read = stdout.read_line(&mut told).unwrap();
            assert_ne!(
                read,
                0,
                "the server ended, it said {told} {:?}",
                log.lock().unwrap()
            );
        }
        Self {
            child,
            rtmp_port: port_after(&told, "rtmp://127.0.0.1:").unwrap(),
            rtmps_port: port_after(&told, "rtmps://127.0.0.1:"),
            rtsp_port: port_after(&told, "rtsp://127.0.0.1:").unwrap(),
            rtsps_port: port_after(&told, "rtsps://127.0.0.1:"),
            http_port: port_after(&told, "http://127.0.0.1:").unwrap(),
            folder,
            log,
        }
    }

    /// The number the system knows the server by.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn rtmp(&self, name: &str) -> String {
        format!("rtmp://127.0.0.1:{}/{name}", self.rtmp_port)
    }

    pub(crate) fn rtsp(&self, name: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{name}", self.rtsp_port)
    }

    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.http_port)
    }

    /// The log lines so far that contain `text`.
    pub(crate) fn log_lines(&self, text: &str) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.iter()
            .filter(|line| line.contains(text))
            .cloned()
            .collect()
    }

    /// Waits for a log line that contains `text`.
    pub(crate) fn wait_for_log(&self, text: &str) -> String {
        eventually(text, Duration::from_secs(10), || self.log_lines(text).pop())
    }

    /// The value of one metric.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics");
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value
            .unwrap_or_else(|| panic!("no {name} in {metrics}"))
            .parse()
            .unwrap()
    }

    /// Waits until a metric has a value.
    pub(crate) fn wait_for_metric(&self, name: &str, value: u64) {
        let what = format!("{name} is {value}");
        eventually(&what, Duration::from_secs(10), || {
            (self.metric(name) == value).then_some(())
        });
    }

    /// Sends one HTTP/1.0 request and gives the whole answer.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        self.request(&format!("GET {path} HTTP/1.0\r\n\r\n"))
            .read_to_string(&mut answer)
            .unwrap();
        answer
    }

    /// Sends an HTTP request and gives the connection.
    pub(crate) fn request(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.http_port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// How many file handles the server has open.
    pub(crate) fn handles(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.id()))
            .unwrap()
            .count()
    }

    /// Asks the server to end, as `kill` does, and waits for it.
    pub(crate) fn terminate(mut self) -> (ExitStatus, tempfile::TempDir) {
        let kill = Command::new("kill")
            .arg(self.id().to_string())
            .status()
            .unwrap();
        assert!(kill.success());
        let status = eventually("the server ends", Duration::from_secs(10), || {
            self.child.try_wait().unwrap()
        });
        (
            status,
            std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap()),
        )
    }

    /// Ends the server at once, as `kill -9` does.
    pub(crate) fn kill(mut self) -> tempfile::TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            #[expect(clippy::print_stderr, reason = "it belongs to the panic's message")]
            for line in self.log.lock().unwrap().iter() {
                eprintln!("the server said: {line}");
            }
        }
    }
}

fn port_after(text: &str, start: &str) -> Option<u16> {
    let (_, rest) = text.split_once(start)?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
