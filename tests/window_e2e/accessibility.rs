//! The accessibility tree of the window, over the bus that screen readers use (AT-SPI).
//!
//! It is how a test finds out where a button is, and at the same time a test that a blind person's screen reader
//! finds it.

use async_io::block_on;
use zbus::zvariant::OwnedObjectPath;
use zbus::{Connection, Proxy, connection::Builder};

const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
const COMPONENT: &str = "org.a11y.atspi.Component";
/// Coordinates count from the screen's upper left corner.
const SCREEN: u32 = 0;
/// The bit of what can be used.
const ENABLED: u32 = 1 << 8;

/// Connected to the bus.
pub struct Accessibility {
    bus: Connection,
    /// Keeps the accessibility bus switched on.
    _session: Connection,
}

/// Whom to ask, and for what: as AT-SPI writes it.
type Address = (String, OwnedObjectPath);

impl Accessibility {
    /// Switches accessibility on for the session on this bus, and connects.
    pub fn connect(session_address: &str) -> Accessibility {
        block_on(async {
            let session = Builder::address(session_address)
                .unwrap()
                .build()
                .await
                .unwrap();
            let launcher = ("org.a11y.Bus", "/org/a11y/bus");
            let status = Proxy::new(&session, launcher.0, launcher.1, "org.a11y.Status");
            let status = status.await.unwrap();
            status.set_property("IsEnabled", true).await.unwrap();
            let bus = Proxy::new(&session, launcher.0, launcher.1, "org.a11y.Bus");
            let address: String = bus.await.unwrap().call("GetAddress", &()).await.unwrap();
            let bus = Builder::address(address.as_str())
                .unwrap()
                .build()
                .await
                .unwrap();
            Accessibility {
                bus,
                _session: session,
            }
        })
    }

    /// The middle, on the screen, of the last thing drawn with a name that is `wanted`: the one on top. What is
    /// disabled does not count.
    pub fn find(&mut self, wanted: impl Fn(&str) -> bool) -> Option<(i32, i32)> {
        block_on(async {
            let nodes = self.nodes().await;
            let (address, _) = nodes.iter().rev().find(|(_, name)| wanted(name))?;
            let accessible = self.proxy(address, ACCESSIBLE).await?;
            let states: Vec<u32> = accessible.call("GetState", &()).await.ok()?;
            if states.first()? & ENABLED == 0 {
                return None;
            }
            let component = self.proxy(address, COMPONENT).await?;
            let extents = component.call("GetExtents", &(SCREEN,)).await;
            let (x, y, width, height): (i32, i32, i32, i32) = extents.ok()?;
            Some((x + width / 2, y + height / 2))
        })
    }

    /// All names in the tree.
    pub fn names(&mut self) -> Vec<String> {
        let nodes = block_on(self.nodes());
        let names = nodes.into_iter().map(|(_, name)| name);
        names.filter(|name| !name.is_empty()).collect()
    }

    /// Everything in the tree with its name, in the order of drawing. What goes away meanwhile is left out.
    async fn nodes(&self) -> Vec<(Address, String)> {
        let registry = "org.a11y.atspi.Registry".to_owned();
        let root = OwnedObjectPath::try_from("/org/a11y/atspi/accessible/root").unwrap();
        let mut open = vec![(registry, root)];
        let mut nodes = Vec::new();
        while let Some(address) = open.pop() {
            let Some(accessible) = self.proxy(&address, ACCESSIBLE).await else {
                continue;
            };
            let Ok(name) = accessible.get_property::<String>("Name").await else {
                continue;
            };
            let children = accessible
                .call::<_, _, Vec<Address>>("GetChildren", &())
                .await;
            open.extend(children.unwrap_or_default().into_iter().rev());
            nodes.push((address, name));
        }
        nodes
    }

    async fn proxy(&self, address: &Address, interface: &'static str) -> Option<Proxy<'static>> {
        let proxy = zbus::proxy::Builder::new(&self.bus)
            .destination(address.0.clone())
            .ok()?
            .path(address.1.clone())
            .ok()?
            .interface(interface)
            .ok()?
            // Nothing is worth remembering: everything is asked once.
            .cache_properties(zbus::proxy::CacheProperties::No);
        proxy.build().await.ok()
    }
}
