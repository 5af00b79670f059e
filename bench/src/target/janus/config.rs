//! Janus's configuration: the VideoRoom alone, requests by a Unix socket, and what makes it fast on
//! one CPU.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

pub(super) const MAIN: &str = "janus.jcfg";
const SOCKET: &str = "janus.sock";

/// Errors alone are logged. One event loop for all handles measured best on one CPU; by default
/// each handle has a thread of its own. `session_timeout` 0: no keep-alives are asked for.
const GENERAL: &str = r#"general: {
	debug_level = 2
	debug_colors = false
	event_loops = 1
	session_timeout = 0
	server_name = "bench"
}
"#;

/// As a server with a public address is told to be; no events about media that starts or stops.
const MEDIA: &str = r"media: {
	ipv6 = false
	no_media_timer = 0
	slowlink_threshold = 0
}
nat: {
	ice_lite = true
	ice_tcp = false
}
";

/// What Debian's package loads besides, if it is there.
const NOT_LOADED: &str = r#"plugins: {
	disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so"
}
transports: {
	disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_rabbitmq.so,libjanus_websockets.so"
}
loggers: {
	disable = "libjanus_jsonlog.so"
}
events: {
	broadcast = false
}
"#;

/// Writes all files; gives the path of the socket.
pub(super) fn write(folder: &Path) -> anyhow::Result<PathBuf> {
    let socket = folder.join(SOCKET);
    let transport = format!(
        "general: {{\n\tenabled = true\n\tjson = \"compact\"\n\tpath = \"{}\"\n\ttype = \"SOCK_SEQPACKET\"\n}}\n",
        socket.display()
    );
    let files = [
        (MAIN, [GENERAL, MEDIA, NOT_LOADED].concat()),
        ("janus.transport.pfunix.jcfg", transport),
        // Without the file it would have its demonstration rooms.
        ("janus.plugin.videoroom.jcfg", "general: {\n}\n".to_owned()),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("{}", path.display()))?;
    }
    Ok(socket)
}
