//! HTTP: streams as FLV, the status page, metrics.

use std::{future::IntoFuture, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Path, State},
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName,
            HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
        },
    },
    response::{Html, IntoResponse, Response},
    routing::get,
    serve::ListenerExt,
};
use tokio::net::TcpListener;
use tracing::{error, info};
use weir_auth::Action;

use crate::{auth::Refused, flv_viewer::FlvViewer, hub::StreamKey, page, rtmp, server::Server};

/// Serves HTTP until the server stops.
pub(crate) async fn serve(server: Arc<Server>, listener: TcpListener) {
    let shutdown = server.shutdown.clone().cancelled_owned();
    let router = Router::new()
        .route("/", get(streams))
        .route("/metrics", get(metrics))
        .route(
            "/{*path}",
            get(stream).options(preflight).post(rtmp::tunnel),
        )
        .with_state(server);
    // A frame is sent when it is there, not when the last one was acknowledged.
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let served = axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(shutdown)
    .into_future()
    .await;
    if let Err(error) = served {
        error!("HTTP ended: {error}");
    }
}

async fn streams(State(server): State<Arc<Server>>) -> Html<String> {
    Html(page::render(&server.hub.live().await, server.ports.rtmp))
}

async fn metrics(State(server): State<Arc<Server>>) -> impl IntoResponse {
    let live = server.hub.live().await;
    let viewers = live.iter().map(|(_, summary)| summary.viewers).sum();
    let gauges = [
        ("streams", "streams with a publisher", live.len()),
        ("viewers", "viewers of streams with a publisher", viewers),
        (
            "connections",
            "connections of RTMP and RTSP",
            server.metrics.open.value(),
        ),
        (
            "players",
            "players, of streams without a publisher too",
            server.metrics.players.value(),
        ),
        ("tasks", "tasks that are not listeners", server.tasks.len()),
    ];
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        server.metrics.render(&gauges),
    )
}

/// `GET /APP/NAME.flv`
async fn stream(
    State(server): State<Arc<Server>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    asked: HeaderMap,
    Path(path): Path<String>,
) -> Response {
    let Some((app, name)) = path
        .strip_suffix(".flv")
        .and_then(|path| path.rsplit_once('/'))
    else {
        return (StatusCode::NOT_FOUND, "streams are at /APP/NAME.flv\n").into_response();
    };
    let authorization = asked.get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let uri = uri.to_string();
    let login = match server
        .auth
        .request(method.as_str(), &uri, authorization, peer, false)
    {
        Ok(login) => login,
        Err(refused) => return (cors(), refused).into_response(),
    };
    if !server.auth.allows(&login, Action::Play, app, name) {
        return (StatusCode::FORBIDDEN, cors()).into_response();
    }
    let key = StreamKey::new(app, name);
    let Some(subscription) = server.hub.watch_settled(&key).await else {
        return (
            StatusCode::NOT_FOUND,
            cors(),
            "nobody publishes this stream\n",
        )
            .into_response();
    };
    let mut headers = cors();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("video/x-flv"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let body = match method {
        Method::HEAD => Body::empty(),
        _ => {
            info!(%peer, stream = %key, "played over HTTP");
            server.metrics.plays.add(1);
            let viewer = FlvViewer::new(subscription, server.metrics.players.enter());
            Body::from_stream(viewer.into_stream())
        }
    };
    (headers, body).into_response()
}

/// Answers what a browser asks before it lets a page of another origin, or of a public address,
/// play from here.
async fn preflight() -> impl IntoResponse {
    let mut headers = cors();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, OPTIONS"),
    );
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    headers.insert(
        HeaderName::from_static("access-control-allow-private-network"),
        HeaderValue::from_static("true"),
    );
    (StatusCode::NO_CONTENT, headers)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let value = |text: String| HeaderValue::try_from(text).ok();
        match self {
            Self::Unauthorized(challenges) => {
                let values = challenges.into_iter().filter_map(value);
                let headers: HeaderMap = values.map(|value| (WWW_AUTHENTICATE, value)).collect();
                (StatusCode::UNAUTHORIZED, headers).into_response()
            }
            Self::Throttled(after) => {
                let seconds = value(after.as_secs().max(1).to_string());
                let headers: HeaderMap = seconds
                    .into_iter()
                    .map(|value| (RETRY_AFTER, value))
                    .collect();
                (StatusCode::TOO_MANY_REQUESTS, headers).into_response()
            }
        }
    }
}

fn cors() -> HeaderMap {
    HeaderMap::from_iter([(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))])
}
