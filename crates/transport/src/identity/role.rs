//! What a certificate says about its holder: its role, and whether it belongs to a demo.

use core::fmt;
use core::str::FromStr;

/// The URN under which each role stands in a certificate's subject alternative names.
const ROLE_URN: &str = "urn:farprobe:role:";

/// The URN that marks every certificate of a demo.
pub(crate) const DEMO_URN: &str = "urn:farprobe:demo";

/// What the holder of a certificate is allowed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The cart at the bedside: it listens, and it decides.
    Cart,
    /// A specialist who may ask to drive.
    Operator,
    /// A colleague or student who may only watch.
    Observer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Cart, Self::Operator, Self::Observer];

    /// The role's name, as written in a certificate and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cart => "cart",
            Self::Operator => "operator",
            Self::Observer => "observer",
        }
    }

    /// The role as a URN, for example `urn:farprobe:role:cart`.
    pub(crate) fn urn(self) -> String {
        format!("{ROLE_URN}{}", self.name())
    }

    /// The role that `urn` names; `None` if it is the URN of something else.
    pub(crate) fn from_urn(urn: &str) -> Result<Option<Self>, UnknownRole> {
        urn.strip_prefix(ROLE_URN).map(str::parse).transpose()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(UnknownRole)
    }
}

/// A role this version does not know. The operator is to blame; the roles are in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown role: use cart, operator or observer")]
pub struct UnknownRole;

/// What a certificate authority, and everything it issues, is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Work between real desks and real carts.
    Real,
    /// A demo or a test. Endpoints refuse it unless they are opened for a demo, and then they accept nothing else: a demo's
    /// keys lie in a temporary folder, so they must never be able to reach a patient.
    Demo,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real => "real",
            Self::Demo => "demo",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_survive_their_own_spelling() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(Role::from_urn(&role.urn()), Ok(Some(role)));
        }
        assert_eq!("surgeon".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn an_unknown_role_is_not_taken_for_no_role() {
        assert_eq!(Role::from_urn("urn:farprobe:role:surgeon"), Err(UnknownRole));
        assert_eq!(Role::from_urn(DEMO_URN), Ok(None));
    }
}
