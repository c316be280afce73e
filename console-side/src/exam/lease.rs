//! Whether this console wants the right to drive, and when it asks for it. Pure.

use farprobe_proto::{LeaseRefusal, LeaseStatus};

/// What has become of the wish to drive. Whoever connects as an operator wants to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LeaseWish {
    /// It is asked for with the next welcome.
    #[default]
    Wanted,
    /// It was asked for; the answer is on its way.
    Asked,
    /// Somebody else has it. It is asked for again once the cart says that it is free.
    Waiting,
    /// It was had, or can't be had, or the cart took it away: the operator decides.
    Settled,
    /// The operator gave it back: nobody asks but the operator.
    GivenBack,
}

impl LeaseWish {
    /// A cart lets this console in as one that may drive. Whether to ask.
    pub(super) fn welcomed(&mut self) -> bool {
        let ask = *self != Self::GivenBack;
        if ask {
            *self = Self::Asked;
        }
        ask
    }

    /// The operator asks.
    pub(super) fn asked(&mut self) {
        *self = Self::Asked;
    }

    /// The operator gives it back, or no longer waits for it.
    pub(super) fn given_back(&mut self) {
        *self = Self::GivenBack;
    }

    /// The cart says who may drive. Whether to ask now.
    pub(super) fn told(&mut self, status: &LeaseStatus) -> bool {
        match (*self, status) {
            (Self::GivenBack, _) => {}
            (_, LeaseStatus::Refused(LeaseRefusal::Held)) => *self = Self::Waiting,
            (_, LeaseStatus::Yours(_) | LeaseStatus::Refused(LeaseRefusal::Role | LeaseRefusal::Version)) => {
                *self = Self::Settled;
            }
            (Self::Waiting, LeaseStatus::Free) => {
                *self = Self::Asked;
                return true;
            }
            // The answer to what was asked comes in any case.
            (_, LeaseStatus::Free | LeaseStatus::HeldBy(_)) => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_proto::Epoch;

    fn held() -> LeaseStatus {
        LeaseStatus::HeldBy("Dr Lin".to_owned())
    }

    #[test]
    fn who_comes_second_asks_again_when_the_first_has_gone() {
        let mut wish = LeaseWish::default();
        assert!(wish.welcomed());
        assert!(!wish.told(&held()));
        assert!(!wish.told(&LeaseStatus::Refused(LeaseRefusal::Held)));
        assert!(wish.told(&LeaseStatus::Free));
        assert!(!wish.told(&LeaseStatus::Free), "asked already");
        // A third was faster.
        assert!(!wish.told(&LeaseStatus::Refused(LeaseRefusal::Held)));
        assert!(wish.told(&LeaseStatus::Free));
        assert!(!wish.told(&LeaseStatus::Yours(Epoch(3))));
        assert!(!wish.told(&LeaseStatus::Free), "the cart took it away: the operator decides");
    }

    #[test]
    fn what_was_given_back_is_not_asked_for() {
        let mut wish = LeaseWish::default();
        assert!(wish.welcomed());
        wish.told(&LeaseStatus::Yours(Epoch(1)));
        wish.given_back();
        assert!(!wish.told(&LeaseStatus::Free));
        assert!(!wish.welcomed(), "nor with the next connection");
        wish.asked();
        assert!(!wish.told(&LeaseStatus::Refused(LeaseRefusal::Held)));
        assert!(wish.told(&LeaseStatus::Free), "but once the operator has asked again");
    }

    #[test]
    fn a_refusal_that_stays_is_not_asked_against() {
        let mut wish = LeaseWish::default();
        wish.welcomed();
        wish.told(&LeaseStatus::Refused(LeaseRefusal::Role));
        assert!(!wish.told(&LeaseStatus::Free));
    }
}
