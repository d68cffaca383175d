"""GStreamer's RTSP server with 3 s of H.264 and AAC; writes its URL to a file when it is up."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

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
server.get_mount_points().add_factory("/test", factory)
server.attach(None)
with open(sys.argv[1], "w") as told:
    told.write(f"rtsp://127.0.0.1:{server.get_bound_port()}/test\n")
GLib.MainLoop().run()
