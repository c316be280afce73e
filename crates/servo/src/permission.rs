//! How far the staff have come in allowing motion.

use farprobe_proto::Bedside;

/// What the staff have allowed. Arming needs the patient's recorded consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permission {
    /// No patient has consented.
    #[default]
    NoConsent,
    /// The patient has; nothing may move yet.
    Consented,
    /// The arm may move.
    Armed,
}

impl Permission {
    /// What is allowed after `action`.
    #[must_use]
    pub fn after(self, action: Bedside) -> Self {
        match (action, self) {
            (Bedside::Withdraw, _) => Self::NoConsent,
            (Bedside::Consent, Self::NoConsent) | (Bedside::Disarm, Self::Armed) => Self::Consented,
            (Bedside::Arm, Self::Consented) => Self::Armed,
            (
                Bedside::Consent | Bedside::Arm | Bedside::Disarm | Bedside::Stop | Bedside::Reset,
                Self::NoConsent | Self::Consented | Self::Armed,
            ) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(actions: &[Bedside]) -> Permission {
        actions.iter().fold(Permission::default(), |permission, action| permission.after(*action))
    }

    #[test]
    fn nothing_is_armed_without_a_consent_that_holds() {
        use Bedside::{Arm, Consent, Disarm, Withdraw};
        assert_eq!(after(&[Arm]), Permission::NoConsent);
        assert_eq!(after(&[Consent, Arm]), Permission::Armed);
        assert_eq!(after(&[Consent, Arm, Disarm, Arm]), Permission::Armed, "a pause in the exam of one patient");
        assert_eq!(after(&[Consent, Arm, Withdraw]), Permission::NoConsent);
        assert_eq!(after(&[Consent, Arm, Withdraw, Arm]), Permission::NoConsent);
        assert_eq!(after(&[Consent, Arm, Disarm, Withdraw, Arm]), Permission::NoConsent, "the next patient");
        assert_eq!(after(&[Consent, Withdraw, Consent, Arm]), Permission::Armed);
    }
}
