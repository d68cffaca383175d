//! What can be set on the command line.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::Parser;
use weir_rtmp::{ServerConfig, chunk::ChunkSize};

/// A live streaming server: publish by RTMP and RTSP, watch by both and by HTTP-FLV, record to FLV.
///
/// Port 0 picks a free port; the ports in use are printed at the start.
#[derive(Debug, Clone, Parser)]
#[command(name = "weir-live", version)]
pub(crate) struct Config {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::UNSPECIFIED))]
    pub(crate) bind: IpAddr,

    /// Port of RTMP
    #[arg(long, value_name = "PORT", default_value_t = 1935)]
    pub(crate) rtmp_port: u16,

    /// Port of RTSP, in HTTP tunnels too
    #[arg(long, value_name = "PORT", default_value_t = 8554)]
    pub(crate) rtsp_port: u16,

    /// Port of HTTP: HTTP-FLV, the status page, metrics
    #[arg(long, value_name = "PORT", default_value_t = 5080)]
    pub(crate) http_port: u16,

    /// Port of RTMPS, which needs --tls-cert and --tls-key
    #[arg(long, value_name = "PORT", default_value_t = 1936)]
    pub(crate) rtmps_port: u16,

    /// Port of RTSPS, which needs --tls-cert and --tls-key
    #[arg(long, value_name = "PORT", default_value_t = 8322)]
    pub(crate) rtsps_port: u16,

    /// Certificate chain for TLS, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Private key for TLS, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Users who may connect, a file of lines NAME=PASSWORD,ROLE; without it everybody may do everything
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,

    /// How users prove who they are: adobe, llnw, red5, cram-md5, cram-sha256, scram-sha-256, digest, basic;
    /// the first one of RTMP is advertised, the others serve clients that name them
    #[arg(
        long,
        value_name = "LIST",
        default_value = "adobe,llnw,digest",
        requires = "users"
    )]
    pub(crate) auth: String,

    /// Size of the chunks sent by RTMP
    #[arg(long, value_name = "BYTES", default_value_t = 65_536,
        value_parser = clap::value_parser!(u32).range(1..=0xFF_FFFF))]
    pub(crate) chunk_size: u32,

    /// Let clients ask for RTMPE, which hides a stream from nobody who wants to see it
    #[arg(long)]
    pub(crate) rtmpe: bool,

    /// Record every stream, not only those whose publisher asks for it
    #[arg(long)]
    pub(crate) record: bool,

    /// Folder of the recordings, made when it is first needed
    #[arg(long, value_name = "DIR", default_value = "recordings")]
    pub(crate) recordings: PathBuf,

    /// Folder of the persistent shared objects, made when it is first needed
    #[arg(long, value_name = "DIR", default_value = "shared-objects")]
    pub(crate) shared_objects: PathBuf,
}

impl Config {
    /// The address a listener binds, for one of the ports.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.bind, port)
    }

    /// How RTMP sessions behave.
    pub(crate) fn session(&self) -> ServerConfig {
        let mut config = ServerConfig::default();
        config.chunk_size = ChunkSize::new(self.chunk_size).unwrap_or(config.chunk_size);
        config.rtmpe = self.rtmpe;
        config
    }
}
