use super::filters;
use crate::generated::events_log as event_log;
use crate::generated::introspection::*;
use crate::server::{Call, Routes};
use std::borrow::Cow;
use stowbook::filter::{Adaptor, Filter};
use stowbook::proto::generated::containerd::services::introspection::v1::Plugin;
use stowbook::{Error, Result};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&PLUGINS, plugins);
    routes.unary(&SERVER, server);
    routes.unary(&PLUGIN_INFO, plugin_info);
}

/// What containerd calls a plugin that serves on the socket.
const SERVICE_TYPE: &str = "io.containerd.grpc.v1";

/// What it calls what no containerd has.
const OWN_TYPE: &str = "io.stowbook.grpc.v1";

/// What is served, as containerd would list it.
fn served(call: &Call) -> impl Iterator<Item = Plugin> {
    call.services().map(|service| {
        if service == event_log::SERVICE {
            return Plugin { r#type: OWN_TYPE.to_owned(), id: "event-log".to_owned(), ..Plugin::default() };
        }
        let mut parts = service.rsplit('.');
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        // containerd.services.sandbox.v1.Store is its plugin "sandboxes".
        let id = if service.contains(".sandbox.") { "sandboxes".to_owned() } else { name };
        Plugin {
            r#type: SERVICE_TYPE.to_owned(),
            id: if id == "health" { "healthcheck".to_owned() } else { id },
            ..Plugin::default()
        }
    })
}

/// What a filter sees of a plugin. Source: containerd's services/introspection.
struct Fields<'a>(&'a Plugin);

impl Adaptor for Fields<'_> {
    fn field<'a>(&'a self, path: &[Vec<u8>]) -> Option<Cow<'a, [u8]>> {
        match path.first()?.as_slice() {
            b"type" => Some(self.0.r#type.as_bytes().into()),
            b"id" => Some(self.0.id.as_bytes().into()),
            b"capabilities" => Some(Cow::Borrowed(b"")),
            _ => None,
        }
    }
}

fn plugins(call: &Call, request: PluginsRequest) -> Result<PluginsResponse> {
    let filter = Filter::parse(filters(&request.filters))?;
    Ok(PluginsResponse { plugins: served(call).filter(|plugin| filter.matches(&Fields(plugin))).collect() })
}

fn plugin_info(call: &Call, request: PluginInfoRequest) -> Result<PluginInfoResponse> {
    let plugin = served(call).find(|plugin| plugin.r#type == request.r#type && plugin.id == request.id);
    let plugin = plugin.ok_or_else(|| {
        Error::not_found(format!("plugin {}.{}", request.r#type, request.id)).with_help("list the plugins")
    })?;
    Ok(PluginInfoResponse { plugin: Some(plugin), extra: None })
}

fn server(call: &Call, (): ()) -> Result<ServerResponse> {
    Ok(ServerResponse {
        uuid: uuid(&call.store().header()?.id),
        pid: std::process::id().into(),
        pidns: pid_namespace().unwrap_or_default(),
        ..ServerResponse::default()
    })
}

/// The book's id in the form that containerd gives a server's.
fn uuid(id: &[u8; 16]) -> String {
    let mut out = String::with_capacity(36);
    for (place, byte) in id.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

/// The number of this process's pid namespace, where the system has them.
fn pid_namespace() -> Option<u64> {
    let link = std::fs::read_link("/proc/self/ns/pid").ok()?;
    link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?.parse().ok()
}
