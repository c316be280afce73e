//! The contact force that a console may ask for.

use farprobe_geom::Newton;
use farprobe_proto::{Role, Welcome};

/// What becomes of a wish for this force: as much of it as the cart gives, since a target that it cuts would hide how far it is to
/// turn back. An observer wishes nothing. Before the cart has said who this console is, nothing is known to cut it.
pub(super) fn granted(wish: Newton, welcome: Option<&Welcome>) -> Option<Newton> {
    let Some(welcome) = welcome else { return Some(wish.max(Newton::ZERO)) };
    match welcome.role {
        Role::Operator => Some(wish.min(welcome.limits.soft_force).max(Newton::ZERO)),
        Role::Observer => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing;

    #[test]
    fn no_more_is_asked_for_than_the_cart_gives_and_no_less_than_nothing() {
        let welcome = testing::welcome();
        let granted = |wish: f64| granted(Newton::literal(wish), Some(&welcome)).map(Newton::get);
        assert_eq!([granted(8.0), granted(15.0), granted(22.5), granted(-0.5)], [8.0, 15.0, 15.0, 0.0].map(Some));
    }

    #[test]
    fn an_observer_asks_for_no_force() {
        assert_eq!(granted(Newton::literal(8.0), Some(&Welcome { role: Role::Observer, ..testing::welcome() })), None);
    }

    #[test]
    fn before_the_cart_has_answered_a_wish_is_kept() {
        assert_eq!(granted(Newton::literal(8.0), None), Some(Newton::literal(8.0)));
    }
}
