//! Force on a haptic handle that stays passive whatever the network and the patient do. Used by the console.
//!
//! # The port
//!
//! A handle that pushes is one *port* of energy between two parties: the hand, and everything behind the handle, which is the
//! controller, two links, the cart and the patient. With `x` the handle's position (m, axes of the device) and `f` the force
//! that the device puts on the hand (N, same axes), what the hand has given away until now is
//!
//! ```text
//! E(t) = −∫ f·dx        (J)         passive:  E(t) ≥ 0 at every t
//! ```
//!
//! A hand that does not try to swing is passive in the frequencies that matter (Hogan 1989), and two passive parties joined
//! at one port cannot keep up an oscillation. A contact force that comes late is not passive: it pushes the hand
//! when the hand has turned round already. So the port is watched, and what would make `E` negative is not let through.
//!
//! # Which method, and why
//!
//! Time-domain passivity: an *observer* that adds up the energy and a *controller* that acts when it runs short (Hannaford and
//! Ryu, IEEE Trans. Robotics and Automation 18(1), 2002), with four changes:
//!
//! - **The whole way there and back is inside the one port.** Two-port forms (Artigas, Ryu and Preusche, 2010) watch the channel
//!   alone. They need the energy at the cart in every state, and they trust the patient to be passive. A patient who breathes
//!   is not: chest and belly do work on the probe. Watching the handle's port needs no word from the cart, takes delay, jitter,
//!   loss and a breathing patient alike, and holds for a round trip of any length. Wave variables (Niemeyer and Slotine, 1991)
//!   would need the cart to be driven by waves instead of positions: the command path is not to depend on the force cue.
//! - **Each axis of the handle has an account of its own**, so that what the hand pays by pushing in does not feed a swing across
//!   the skin. With one account for all it did, at 500 ms and with a relaxed arm: a whirl that grew to 0.2 mm.
//! - **The accounts are capped** at what a spring of the stiffness shown here could hold at the present force,
//!   `f²/2K`, and a little. Without a cap, energy the hand lost long ago would pay for a long unstable swing (Ryu, Preusche,
//!   Hannaford and Hirzinger, 2005, follow a reference energy for the same reason).
//! - **The controller acts before the account is empty.** The force is never more than a spring of stiffness `K` exerts that
//!   holds what the account holds, `|f| ≤ √(2·K·E)`. Paying out then feels like letting a spring go, and a force that rises
//!   under a resting hand comes to rest where it is paid for. Cutting the force off at `E = 0` instead, as the first form does, made it
//!   chatter: it rose, pushed, was cut, and rose again until nothing was left. Besides, a damper of 2 N·s/m
//!   always earns a little, and a last check scales the whole force by what the next step may cost at worst. While a
//!   force is held between two steps its work is known exactly, `f·Δx` (Ryu, Kim and Hannaford, 2004); what is not known
//!   beforehand is how the hand swerves, and that is bounded by its acceleration.
//!
//! The price is what passivity costs with any method: a force that arrives after the hand has come to rest cannot push the hand
//! back by more than the hand has paid for. So at long round trips a quick press is felt weaker than it is, and after a new
//! press of the clutch in contact there is nothing to feel until the hand pushes on.
//!
//! # Limits
//!
//! - force: never more than the device can hold for long ([`HapticTuning::strongest`]);
//! - rate: rises by [`FASTEST_RISE`] at most; it may fall as fast as passivity needs;
//! - stiffness: a force that rises faster than [`STILL_RISE`] must be explained by the hand's own motion times
//!   [`HapticTuning::stiffness`]. With a period `T` a device renders `K` stably if its own damping is above `K·T/2` (Colgate and
//!   Schenkel, 1997): 1 N·s/m at 1 kN/m and 2 ms, half of the damper;
//! - resolution: the account is as true as the positions. With 10 µm and 3 N it may be wrong by 30 µJ, once, not more and more;
//! - no news from the cart for 25 ms: the force fades, and is gone 100 ms after the last news;
//! - clutch open, cart not engaged, numbers that are not finite: the force fades in 75 ms. It comes back from zero.
//!
//! # Frames and units
//!
//! Contact forces arrive in the axes of [`Tip`](farprobe_geom::Tip), as the cart measures them: pressing gives a negative z. The probe turns as
//! the handle does, so the handle's own axes stand for the tip's, and the pose turns them into the device's frame
//! ([`Handle`](farprobe_geom::Handle)), in which the force on the hand is given. SI units: m, N, J, s.
//!
//! Pure: time is an argument. [`HapticCoupling::step`] allocates nothing and has no panic path.

mod coupling;
mod observer;
mod tuning;

pub use coupling::{Engagement, FASTEST_RISE, Felt, HapticCoupling, STILL_RISE};
pub use observer::PassivityObserver;
pub use tuning::HapticTuning;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;
