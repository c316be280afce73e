//! Finding the device and reading it through hidapi.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

use hidapi::{DeviceInfo, HidApi, HidDevice};

/// Logitech's number, under which the first models were sold, and 3Dconnexion's own.
const LOGITECH: u16 = 0x046D;
const CONNEXION: u16 = 0x256F;

/// The models known to send the reports read here: vendor and product.
const MODELS: [(u16, u16); 15] = [
    (CONNEXION, 0xC62E), // SpaceMouse Wireless, by cable
    (CONNEXION, 0xC62F), // SpaceMouse Wireless, its receiver
    (CONNEXION, 0xC631), // SpaceMouse Pro Wireless, by cable
    (CONNEXION, 0xC632), // SpaceMouse Pro Wireless, its receiver
    (CONNEXION, 0xC633), // SpaceMouse Enterprise
    (CONNEXION, 0xC635), // SpaceMouse Compact
    (CONNEXION, 0xC638), // SpaceMouse Pro Wireless, Bluetooth
    (CONNEXION, 0xC63A), // SpaceMouse Wireless, Bluetooth
    (CONNEXION, 0xC652), // universal receiver
    (LOGITECH, 0xC626),  // SpaceNavigator
    (LOGITECH, 0xC627),  // SpaceExplorer
    (LOGITECH, 0xC628),  // SpaceNavigator for notebooks
    (LOGITECH, 0xC629),  // SpacePilot Pro
    (LOGITECH, 0xC62B),  // SpaceMouse Pro
    (LOGITECH, 0xC623),  // SpaceTraveler
];

/// "Multi-axis controller" on the page of desktop controls (USB HID usage tables, page 1).
const MULTI_AXIS: (u16, u16) = (0x01, 0x08);

/// Why there is no device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// None is plugged in.
    NoDevice,
    /// There is one, and this user may not read it.
    NoPermission,
}

/// Where reports come from.
pub trait ReportSource: Send {
    /// Copies the next report into `buffer`, without waiting. `Ok(0)`: none has come since. An error: there is no device, and
    /// the source looks for one from now on.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Missing>;
}

/// The first known device that can be opened. After it is gone, the next one that is plugged in.
#[derive(Debug)]
pub struct HidSource {
    device: Option<HidDevice>,
    missing: Missing,
    /// The answer of the thread that looks for a device. Looking takes tens of milliseconds, which no reading may.
    search: Option<Receiver<Result<HidDevice, Missing>>>,
}

impl HidSource {
    /// Looks for a device once, and goes on looking if there is none.
    pub fn open() -> Self {
        match find() {
            Ok(device) => Self { device: Some(device), missing: Missing::NoDevice, search: None },
            Err(missing) => Self { device: None, missing, search: None },
        }
    }

    fn look(&mut self) {
        let Some(search) = &self.search else {
            let (sender, receiver) = channel();
            let look = move || {
                std::thread::sleep(PATIENCE);
                // Nobody waits for the answer any more when the handle is gone.
                let _ = sender.send(find());
            };
            if std::thread::Builder::new().name("spacemouse-search".into()).spawn(look).is_ok() {
                self.search = Some(receiver);
            }
            return;
        };
        match search.try_recv() {
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => self.search = None,
            Ok(found) => {
                self.search = None;
                match found {
                    Ok(device) => self.device = Some(device),
                    Err(missing) => self.missing = missing,
                }
            }
        }
    }
}

/// Between two looks: a person who plugs something in expects it to work after about this long.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

impl ReportSource for HidSource {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Missing> {
        let Some(device) = &self.device else {
            self.look();
            return Err(self.missing);
        };
        device.read_timeout(buffer, 0).map_err(|error| {
            tracing::debug!(%error, "6-DoF mouse");
            self.device = None;
            self.missing = Missing::NoDevice;
            Missing::NoDevice
        })
    }
}

fn find() -> Result<HidDevice, Missing> {
    let api = HidApi::new().map_err(|_| Missing::NoDevice)?;
    let mut missing = Missing::NoDevice;
    for info in api.device_list().filter(|info| is_six_axes(info)) {
        match info.open_device(&api) {
            Ok(device) => return Ok(device),
            Err(error) => {
                tracing::debug!(%error, "6-DoF mouse");
                missing = Missing::NoPermission;
            }
        }
    }
    Err(missing)
}

/// Whether this is the interface of a known model that sends the motion. Some models have a keyboard beside it, and some
/// systems do not tell what an interface is for (0).
fn is_six_axes(info: &DeviceInfo) -> bool {
    let usage = (info.usage_page(), info.usage());
    MODELS.contains(&(info.vendor_id(), info.product_id())) && (usage == MULTI_AXIS || usage == (0, 0))
}
