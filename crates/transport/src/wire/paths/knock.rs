//! What goes over a further path besides copies: a proof of who sent it, and of what it has heard.
//!
//! ```text
//! kind 1 | tag 8 | path 1 | number 8 | challenge 8 | echo 8 | held 4 | code 32        numbers are big-endian
//! ```
//!
//! `tag` says which connection it is of. `number` counts the sender's knocks on this path from 1. `challenge` is what nobody can know who
//! has not received this knock, not even the peer. `echo` is the challenge of the last knock that the sender heard on this path (0: none),
//! `held` how long ago, µs. `code` is HMAC-SHA-256 over all before it, with a key
//! of the connection for each direction. Tag and keys are exported from the connection's TLS session (RFC 5705 as RFC 8446 §7.5 has it), so
//! that nobody else can knock, and nobody who listens learns more than which paths belong together.

use core::time::Duration;

use aws_lc_rs::hmac;
use quinn_proto::Side;

/// The first byte. Whether a packet with it is one of QUIC's is decided by length and tag: QUIC's own would have the number of a
/// connection there, which is drawn at random from as many as there are tags.
const KIND: u8 = 0x11;

const TAG: usize = 8;
const KEY: usize = 32;
const CODE: usize = 32;
/// Before the code.
const SAID: usize = 1 + TAG + 1 + 8 + 8 + 8 + 4;

/// How long a knock is.
pub(crate) const KNOCK_BYTES: usize = SAID + CODE;

/// A knock as it travels.
pub(crate) type Sealed = [u8; KNOCK_BYTES];

/// Which connection a knock is of.
pub(crate) type Tag = [u8; TAG];

/// What both ends of a connection know, and nobody else.
pub(crate) struct Keys {
    tag: Tag,
    own: hmac::Key,
    peers: hmac::Key,
}

/// What a knock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Knock {
    /// Which path, as the console counts them from 0.
    pub(crate) path: u8,
    /// Which of the sender's knocks on this path, from 1.
    pub(crate) number: u64,
    /// What proves that it was received; never 0.
    pub(crate) challenge: u64,
    /// What the sender has heard.
    pub(crate) echo: Option<Echo>,
}

/// What the sender of a knock has heard on this path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Echo {
    /// The challenge of the last knock.
    pub(crate) challenge: u64,
    /// How long ago.
    pub(crate) held: Duration,
}

impl core::fmt::Debug for Keys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    /// From what both ends of a connection can export, each of them into as many bytes as asked for.
    pub(crate) fn derive<E>(side: Side, export: impl FnOnce(&mut [u8], &[u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = [0; TAG + 2 * KEY];
        export(&mut secret, b"EXPORTER-farprobe-paths")?;
        let (tag, keys) = secret.split_at(TAG);
        let (consoles, carts) = keys.split_at(KEY);
        let key = |bytes| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let (own, peers) = match side {
            Side::Client => (key(consoles), key(carts)),
            Side::Server => (key(carts), key(consoles)),
        };
        let mut known = [0; TAG];
        known.copy_from_slice(tag);
        Ok(Self { tag: known, own, peers })
    }

    pub(crate) fn tag(&self) -> Tag {
        self.tag
    }

    pub(crate) fn seal(&self, knock: &Knock) -> Sealed {
        let Knock { path, number, challenge, echo } = *knock;
        let (echo, held) = echo.map_or((0, 0), |echo| (echo.challenge, micros(echo.held)));
        let mut sealed = [0; KNOCK_BYTES];
        let (number, challenge, echo) = (number.to_be_bytes(), challenge.to_be_bytes(), echo.to_be_bytes());
        let held = held.to_be_bytes();
        let parts: [&[u8]; 7] = [&[KIND], &self.tag, &[path], &number, &challenge, &echo, &held];
        for (slot, byte) in sealed.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *byte;
        }
        let (said, code) = sealed.split_at_mut(SAID);
        code.copy_from_slice(hmac::sign(&self.own, said).as_ref());
        sealed
    }

    /// What the peer says; `None` if it did not say it.
    pub(crate) fn open(&self, bytes: &[u8]) -> Option<Knock> {
        if tag(bytes)? != self.tag {
            return None;
        }
        let (said, code) = bytes.split_at_checked(SAID)?;
        hmac::verify(&self.peers, said, code).ok()?;
        let (path, rest) = said.get(1 + TAG..)?.split_first()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (challenge, rest) = rest.split_first_chunk()?;
        let (echo, rest) = rest.split_first_chunk()?;
        let held = Duration::from_micros(u32::from_be_bytes(*rest.first_chunk()?).into());
        let echo = match u64::from_be_bytes(*echo) {
            0 => None,
            challenge => Some(Echo { challenge, held }),
        };
        let (number, challenge) = (u64::from_be_bytes(*number), u64::from_be_bytes(*challenge));
        Some(Knock { path: *path, number, challenge, echo })
    }
}

/// The tag of what looks like a knock.
pub(crate) fn tag(bytes: &[u8]) -> Option<Tag> {
    match bytes.split_first() {
        Some((&KIND, rest)) if bytes.len() == KNOCK_BYTES => rest.first_chunk().copied(),
        _ => None,
    }
}

/// An hour and more is as good as an hour.
fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn keys(side: Side, secret: u8) -> Keys {
        let export = |bytes: &mut [u8], _: &[u8]| {
            for (place, byte) in bytes.iter_mut().enumerate() {
                *byte = secret.wrapping_add(place as u8);
            }
            Ok::<_, ()>(())
        };
        Keys::derive(side, export).unwrap()
    }

    fn some_knock() -> impl Strategy<Value = Knock> {
        let echo = prop::option::of((1..=u64::MAX, any::<u32>()));
        (any::<u8>(), any::<u64>(), any::<u64>(), echo).prop_map(|(path, number, challenge, echo)| Knock {
            path,
            number,
            challenge,
            echo: echo.map(|(challenge, held)| Echo { challenge, held: Duration::from_micros(held.into()) }),
        })
    }

    proptest! {
        #[test]
        fn what_one_end_seals_the_other_opens_and_nobody_else(knock in some_knock()) {
            let (console, cart) = (keys(Side::Client, 1), keys(Side::Server, 1));
            prop_assert_eq!(cart.open(&console.seal(&knock)), Some(knock));
            prop_assert_eq!(console.open(&cart.seal(&knock)), Some(knock));
            prop_assert_eq!(console.open(&console.seal(&knock)), None, "its own, sent back");
            prop_assert_eq!(keys(Side::Server, 2).open(&console.seal(&knock)), None, "another connection's");
        }

        #[test]
        fn a_knock_with_any_bit_changed_is_none(knock in some_knock(), place in 0..KNOCK_BYTES, bit in 0..8u8) {
            let mut sealed = keys(Side::Client, 1).seal(&knock);
            sealed[place] ^= 1 << bit;
            prop_assert_eq!(keys(Side::Server, 1).open(&sealed), None);
        }

        #[test]
        fn no_bytes_of_a_stranger_are_a_knock(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(keys(Side::Server, 1).open(&bytes), None);
        }
    }

    #[test]
    fn what_is_longer_or_shorter_does_not_even_look_like_one() {
        let sealed = keys(Side::Client, 1).seal(&Knock { path: 0, number: 1, challenge: 7, echo: None });
        assert_eq!(tag(&sealed), Some(keys(Side::Server, 1).tag()));
        assert_eq!(tag(&sealed[..KNOCK_BYTES - 1]), None);
        assert_eq!(tag(&[&sealed[..], &[0]].concat()), None);
        assert_eq!(tag(&[]), None);
    }
}
