"""GStreamer's RTSP server with 3 s of H.264 and AAC.

Takes a file to write its URL to when it is up, and how users log in: none, basic or digest.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

url_file, method = sys.argv[1:]
login = "" if method == "none" else "alice:s3cr3t@"

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc num-buffers=90 ! video/x-raw,width=320,height=180,framerate=30/1"
    " ! x264enc speed-preset=ultrafast bframes=2 key-int-max=30 ! rtph264pay name=pay0 pt=96"
    " audiotestsrc num-buffers=132 samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2"
    " ! avenc_aac ! rtpmp4gpay name=pay1 pt=97 )"
)
if login:
    user, password = login.rstrip("@").split(":")
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(getattr(GstRtsp.RTSPAuthMethod, method.upper()))
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "player")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("player", "media.factory.access", True)
    permissions.add_permission_for_role("player", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/test", factory)
server.attach(None)
with open(url_file, "w") as told:
    told.write(f"rtsp://{login}127.0.0.1:{server.get_bound_port()}/test\n")
GLib.MainLoop().run()
