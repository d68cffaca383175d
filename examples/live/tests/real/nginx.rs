//! nginx with the RTMP module, as a server to talk to.

use std::{
    fs,
    net::{TcpListener, TcpStream},
};

use crate::program::{self, PATIENCE, Program, eventually};

/// nginx in the foreground, with one application `live`.
pub(crate) struct Nginx {
    _program: Program,
    _folder: tempfile::TempDir,
    port: u16,
}

impl Nginx {
    /// Starts it with more directives for the application.
    pub(crate) fn start(directives: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // nginx cannot be told to choose a port, so the system is asked for one beforehand.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let path = folder.path().display();
        let config = format!(
            "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
             daemon off; master_process off; pid {path}/pid; error_log stderr notice;
             events {{}}
             rtmp {{ server {{
               listen 127.0.0.1:{port};
               application live {{ live on; {directives} }}
             }} }}"
        );
        fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let nginx = program::find("nginx").unwrap();
        let program = Program::start("{} -p {} -c nginx.conf", &[&nginx.display(), &path]);
        eventually("nginx listens", PATIENCE, || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            _program: program,
            _folder: folder,
            port,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live/test", self.port)
    }
}
