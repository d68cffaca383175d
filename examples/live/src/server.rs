//! Listens, says where, and ends in order.

use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::{
    auth::Auth,
    config::Config,
    http,
    hub::Hub,
    metrics::Metrics,
    record::Recordings,
    rtmp,
    rtsp::{self, Ends},
    shared_objects::SharedObjects,
    tls,
};

/// What every connection shares.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) ports: Ports,
    pub(crate) auth: Auth,
    pub(crate) hub: Arc<Hub>,
    pub(crate) shared_objects: Arc<SharedObjects>,
    pub(crate) tunnels: rtmp::Tunnels,
    pub(crate) rtsp_tunnels: rtsp::Tunnels,
    pub(crate) metrics: Metrics,
    /// Cancelled when the server is to end.
    pub(crate) shutdown: CancellationToken,
    /// Every task but that of the listeners.
    pub(crate) tasks: TaskTracker,
}

/// The ports in use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) rtmp: u16,
    /// With a certificate only.
    pub(crate) rtmps: Option<u16>,
    pub(crate) rtsp: u16,
    /// With a certificate only.
    pub(crate) rtsps: Option<u16>,
    pub(crate) http: u16,
}

/// Serves until a signal says to stop.
///
/// # Errors
/// A text for the log when a port cannot be had or the TLS files cannot be used.
pub(crate) async fn run(config: Config) -> Result<(), String> {
    let tls = match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Some(tls::acceptor(cert, key)?),
        _ => None,
    };
    let auth = Auth::new(config.users.as_deref(), &config.auth)?;
    let (rtmp_listener, rtmp) = listen(&config, config.rtmp_port, "--rtmp-port").await?;
    let (rtsp_listener, rtsp) = listen(&config, config.rtsp_port, "--rtsp-port").await?;
    let (http_listener, http) = listen(&config, config.http_port, "--http-port").await?;
    let mut open = vec![
        (rtmp_listener, Protocol::Rtmp, None),
        (rtsp_listener, Protocol::Rtsp, None),
    ];
    let (mut rtmps, mut rtsps) = (None, None);
    if let Some(tls) = tls {
        let (listener, port) = listen(&config, config.rtmps_port, "--rtmps-port").await?;
        open.push((listener, Protocol::Rtmp, Some(tls.clone())));
        rtmps = Some(port);
        let (listener, port) = listen(&config, config.rtsps_port, "--rtsps-port").await?;
        open.push((listener, Protocol::Rtsp, Some(tls)));
        rtsps = Some(port);
    }
    let ports = Ports {
        rtmp,
        rtmps,
        rtsp,
        rtsps,
        http,
    };
    let tasks = TaskTracker::new();
    let recordings = Recordings::new(config.recordings.clone(), config.record);
    let server = Arc::new(Server {
        ports,
        auth,
        hub: Hub::new(recordings, config.session().chunk_size, tasks.clone()),
        shared_objects: SharedObjects::open(config.shared_objects.clone()),
        tunnels: rtmp::Tunnels::default(),
        rtsp_tunnels: rtsp::Tunnels::default(),
        metrics: Metrics::default(),
        shutdown: CancellationToken::new(),
        tasks,
        config,
    });
    let shared_objects = Arc::clone(&server.shared_objects);
    let mut listeners = JoinSet::new();
    listeners.spawn(Arc::clone(&shared_objects).keep(server.shutdown.clone()));
    listeners.spawn(http::serve(Arc::clone(&server), http_listener));
    for (listener, protocol, tls) in open {
        listeners.spawn(accept(Arc::clone(&server), listener, protocol, tls));
    }
    let stop = stop_signal();
    greet(&server);
    stop.await;
    info!(tasks = server.tasks.len(), "stopping");
    server.shutdown.cancel();
    server.tasks.close();
    let ended = async {
        server.tasks.wait().await;
        listeners.join_all().await;
        shared_objects.save().await;
    };
    match timeout(PATIENCE, ended).await {
        Ok(()) => info!("stopped"),
        Err(_) => warn!(
            tasks = server.tasks.len(),
            "stopped, some connections did not end"
        ),
    }
    Ok(())
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    Rtmp,
    Rtsp,
}

/// Accepts connections of RTMP or RTSP, behind TLS or not.
async fn accept(
    server: Arc<Server>,
    listener: TcpListener,
    protocol: Protocol,
    tls: Option<TlsAcceptor>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = server.shutdown.cancelled() => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                // Replies are small and awaited; without Nagle a player starts 40 ms earlier.
                let _ = socket.set_nodelay(true);
                server.metrics.connections.add(1);
                let connection = connect(Arc::clone(&server), socket, peer, protocol, tls.clone());
                server.tasks.spawn(connection);
            }
            Err(error) => {
                // Out of file handles, most likely: those that are open go on.
                warn!("cannot accept: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connect(
    server: Arc<Server>,
    socket: TcpStream,
    peer: SocketAddr,
    protocol: Protocol,
    tls: Option<TlsAcceptor>,
) {
    let local = socket
        .local_addr()
        .map_or(server.config.bind, |local| local.ip());
    let ends = Ends {
        peer,
        local,
        tls: tls.is_some(),
    };
    let Some(tls) = tls else {
        let (reader, writer) = socket.into_split();
        return serve(server, reader, writer, ends, protocol).await;
    };
    let handshake = tokio::select! {
        handshake = timeout(TLS_PATIENCE, tls.accept(socket)) => handshake,
        () = server.shutdown.cancelled() => return,
    };
    match handshake {
        Ok(Ok(stream)) => {
            let (reader, writer) = tokio::io::split(stream);
            serve(server, reader, writer, ends, protocol).await;
        }
        Ok(Err(error)) => warn!(%peer, "TLS handshake failed: {error}"),
        Err(_) => warn!(%peer, "no TLS handshake within {TLS_PATIENCE:?}"),
    }
}

async fn serve(
    server: Arc<Server>,
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    ends: Ends,
    protocol: Protocol,
) {
    match protocol {
        Protocol::Rtmp => rtmp::serve(server, reader, writer, ends.peer, ends.tls).await,
        Protocol::Rtsp => rtsp::serve(server, reader, writer, ends).await,
    }
}

async fn listen(config: &Config, port: u16, option: &str) -> Result<(TcpListener, u16), String> {
    let address = config.address(port);
    let told = |error| format!("cannot listen on {address}: {error} ({option} sets the port)");
    let listener = TcpListener::bind(address).await.map_err(told)?;
    let port = listener.local_addr().map_err(told)?.port();
    Ok((listener, port))
}

/// Says which URLs to use; an empty line ends it.
fn greet(server: &Server) {
    let Ports {
        rtmp,
        rtmps,
        rtsp,
        rtsps,
        http,
    } = server.ports;
    let host = match server.config.bind {
        ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let recorded = match server.config.record {
        true => "every stream",
        false => "streams whose publisher asks for it, or all with --record",
    };
    let secure = |scheme, port: Option<u16>| {
        port.map_or_else(String::new, |port| {
            format!("              {scheme}://{host}:{port}/live/NAME\n")
        })
    };
    let secure = secure("rtmps", rtmps) + &secure("rtsps", rtsps);
    let text = format!(
        "weir-live is up. Choose a name for NAME.\n\
         \x20 publish     rtmp://{host}:{rtmp}/live/NAME\n\
         \x20             rtsp://{host}:{rtsp}/live/NAME\n{secure}\
         \x20 play        rtmp://{host}:{rtmp}/live/NAME\n\
         \x20             rtsp://{host}:{rtsp}/live/NAME\n{secure}\
         \x20             http://{host}:{http}/live/NAME.flv\n\
         \x20 both        rtmpt://{host}:{http}/live/NAME, where only HTTP passes\n\
         \x20 streams     http://{host}:{http}/\n\
         \x20 metrics     http://{host}:{http}/metrics\n\
         \x20 recordings  {} ({recorded})\n\n",
        server.config.recordings.display(),
    );
    let mut stdout = io::stdout().lock();
    // Whoever closed stdout does not want to know.
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Ends at the first signal that asks to stop; signals count from this call on.
#[cfg(unix)]
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be caught");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be caught");
    async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Ends when Ctrl-C is pressed.
#[cfg(not(unix))]
async fn stop_signal() {
    // An error means that there is no console: then nobody can press Ctrl-C.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// How long connections and recordings may take to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a TLS handshake may take.
const TLS_PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before accepting again after a failure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
