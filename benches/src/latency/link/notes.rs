//! How it was measured, in sentences for the report.

use super::turn::Setup;

pub(super) fn notes(setup: &Setup, rounds: u32) -> Vec<String> {
    vec![
        "link: the time from one command that the cart’s real-time thread applies to the next, 500 of which are sent each second while \
         a hand drives. In the middle the desk gets another address, as when it changes networks: its socket is replaced by one at \
         another port, without a word to anybody. A line with a longer delay shows no longer gaps by itself."
            .to_owned(),
        "farprobe: console and cart endpoints, with ConsoleEndpoint::rebind for the move. floor: raw UDP, whose socket is replaced in \
         the same way. quinn: the QUIC library with its defaults, and its own rebind. Behind each of them is the cart’s own \
         real-time thread with servo, safety gate and simulated arm, with the limits as shipped: a command that is late is refused, \
         and without a fresh one for 50 ms the link counts as lost."
            .to_owned(),
        format!(
            "{rounds} rounds. The hand presses its clutch after three seconds and slides; half a second later it counts, for {} s \
             before the move and {} s after it. The longest gap is told of the second after the move, with one that was open when it \
             came, and of the second before it. The states of the cart, which go the other way, are not sent here: commands echo one \
             that is as old as the line’s delay.",
            setup.before.as_secs_f64(),
            setup.after.as_secs_f64()
        ),
        "Lost are commands that were never applied: those that did not come, and those that came together with a newer one, which alone \
         counts."
            .to_owned(),
        "Where the ladder leaves the driving before the hand is done, or never comes there, that counts as once.".to_owned(),
    ]
}
