//! Whether the URI a Digest was computed for is that of the request.

/// Compares the `uri` parameter with the request's URI.
///
/// Tolerated, because these clients are in use:
/// - the path without scheme and host (Bosch BVMS);
/// - the stream's URL where the request is for one of its tracks (HappyTime), with a slash behind it (VLC 3).
///
/// A digest for the stream is thereby as good as one for its tracks, never for another stream.
pub(super) fn matches(request: &str, digest: &str, tolerant: bool) -> bool {
    if request == digest {
        return true;
    }
    let ((request_host, request_path), (digest_host, digest_path)) =
        (split(request), split(digest));
    let same_host = match (request_host, digest_host) {
        (Some(request), Some(digest)) => request.eq_ignore_ascii_case(digest),
        _ => true,
    };
    let base = digest_path.trim_end_matches('/');
    let below = match request_path.trim_end_matches('/').strip_prefix(base) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    };
    // A digest for "/" would be one for every stream.
    tolerant && same_host && below && base.len() > 1
}

/// Scheme and host, if there are any, and the rest.
fn split(uri: &str) -> (Option<&str>, &str) {
    let Some(host) = uri.find("://").map(|scheme| scheme + 3) else {
        return (None, uri);
    };
    let end = uri
        .get(host..)
        .and_then(|rest| rest.find('/'))
        .map_or(uri.len(), |path| host + path);
    uri.split_at_checked(end)
        .map_or((None, uri), |(host, path)| (Some(host), path))
}
