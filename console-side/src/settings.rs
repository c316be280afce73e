//! The console's one settings file: how the handles answer to the hand.
//!
//! It sets taste and never a limit; limits are the cart's. Unknown keys are refused, and every complaint names file, line
//! and key. `assets/console.toml` shows every key with its default.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use farprobe_devices::handle::gamepad::GamepadConfig;
use farprobe_devices::handle::haptic::HapticConfig;
use farprobe_devices::handle::keyboard_mouse::KeyboardMouseConfig;
use farprobe_devices::handle::spacemouse::SpaceMouseConfig;
use farprobe_devices::{DeviceError, FileError, Places, line_of, read_text};
use farprobe_transport::MOST_FURTHER_PATHS;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where the file is looked for in the user's folder of configurations, unless the command line names another.
const DEFAULT_PLACE: &str = "farprobe/console.toml";

/// The whole file. A table or key that is not written has its default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Keyboard and mouse of the window.
    pub keyboard: KeyboardMouseConfig,
    /// A gamepad.
    pub gamepad: GamepadConfig,
    /// A 6-DoF mouse.
    pub spacemouse: SpaceMouseConfig,
    /// The haptic handle.
    pub haptic: HapticConfig,
    /// Live figures for Prometheus.
    pub metrics: MetricsSettings,
    /// Further networks to the cart, used at the same time as the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkSettings>,
}

/// A further network to the cart. What goes to the cart and back goes over it as well, and what arrives first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// This machine's address in that network. The system has to send what leaves from it through that network.
    pub local: IpAddr,
    /// Where the cart is in that network.
    pub cart: SocketAddr,
}

/// Live figures for Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSettings {
    /// TCP port of this machine's loopback address. Not written: none are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// Where settings come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This file.
    File(PathBuf),
    /// There is no file; there could be one at this path, if this user has a folder for it.
    Defaults(Option<PathBuf>),
}

/// The settings can't be used; nothing was started.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file can't be read.
    #[error("settings {}: {source}: name a file that can be read with --settings", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says, or what is at the path instead of a file.
        source: FileError,
    },
    /// The file is no TOML, or a key or value in it is refused.
    #[error("settings {file}, line {line}: {what}")]
    Refused {
        /// Which file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// Which key, what is wrong with it, and what would be right.
        what: String,
    },
}

impl Settings {
    /// Reads the file that the command line `names` or else the one at the default place under `home`, if it is there.
    pub fn find(names: Option<&Path>, home: Option<&Path>) -> Result<(Self, Origin), SettingsError> {
        let place = home.map(|home| home.join(DEFAULT_PLACE));
        let Some(path) = names.or(place.as_deref()) else { return Ok((Self::default(), Origin::Defaults(None))) };
        match read_text(path) {
            Ok(text) => Ok((Self::parse(&path.display().to_string(), &text)?, Origin::File(path.to_owned()))),
            Err(error) if names.is_none() && error.is_not_found() => Ok((Self::default(), Origin::Defaults(place))),
            Err(source) => Err(SettingsError::Unreadable { path: path.to_owned(), source }),
        }
    }

    /// Reads and checks the `text` of the file called `file`.
    pub fn parse(file: &str, text: &str) -> Result<Self, SettingsError> {
        let refused = |line, what| SettingsError::Refused { file: file.to_owned(), line, what };
        let places = Places::read(text);
        let settings: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let key = places.key_at(offset).map_or_else(String::new, |key| format!("{key}: "));
            refused(line_of(text, offset), format!("{key}{}", error.message().trim()))
        })?;
        settings.validate().map_err(|(table, error)| match error {
            DeviceError::Configuration { key, what, .. } => {
                let key = format!("{table}.{key}");
                refused(line_of(text, places.offset_of(&key)), format!("{key} {what}"))
            }
            other => refused(line_of(text, places.offset_of(table)), other.to_string()),
        })?;
        Ok(settings)
    }

    /// Whether every value is within its range; otherwise the table that complains, and its complaint.
    fn validate(&self) -> Result<(), (&'static str, DeviceError)> {
        self.keyboard.validate().map_err(|error| ("keyboard", error))?;
        self.gamepad.validate().map_err(|error| ("gamepad", error))?;
        self.spacemouse.validate().map_err(|error| ("spacemouse", error))?;
        self.haptic.validate().map_err(|error| ("haptic", error))?;
        self.check_networks().map_err(|(key, what)| {
            ("networks", DeviceError::Configuration { device: "the console", key: key.into(), what })
        })
    }

    /// Otherwise the key that is wrong, and how.
    fn check_networks(&self) -> Result<(), (&'static str, String)> {
        let wildcard = self.networks.iter().find(|network| network.local.is_unspecified());
        if let Some(network) = wildcard {
            let what = format!("is {}; name the address that this machine has in that network", network.local);
            return Err(("local", what));
        }
        if self.networks.len() > MOST_FURTHER_PATHS {
            return Err(("local", format!("is written more than {MOST_FURTHER_PATHS} times; leave a network out")));
        }
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Defaults(Some(place)) => write!(f, "as shipped (there is no {})", place.display()),
            Self::Defaults(None) => write!(f, "as shipped"),
        }
    }
}

/// The folder of this user's configurations by the values of `XDG_CONFIG_HOME` and `HOME`: the first if it is an absolute
/// path (the XDG base directory specification wants others to be ignored), otherwise `.config` in the second.
pub fn config_home(xdg: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(xdg).or_else(|| absolute(home).map(|home| home.join(".config")))
}

#[cfg(test)]
mod tests;
