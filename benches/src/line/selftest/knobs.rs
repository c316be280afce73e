//! Lines that turn one knob each: what the named ones do not show, or not by itself.

use std::time::Duration;

use farprobe_impair::link::Link;
use farprobe_sim::link::{
    Act, Change, Jitter, LineProfile, LinkProfile, LinkState, Loss, Order, Probability, Rate, Reorder, Script, Ways,
};

/// All of them.
pub(super) fn knobs() -> Vec<Link> {
    const PERFECT: LinkProfile = LinkProfile::PERFECT;
    let ms = Duration::from_millis;
    let p = Probability::literal;
    let both = LineProfile::symmetric;
    let overtaking = LinkProfile { jitter: Jitter::Uniform(ms(10)), order: Order::Free, ..PERFECT };
    let held_back = Reorder { probability: p(0.05), by: ms(8) };
    let chain = Loss::GilbertElliott { to_bad: p(0.02), to_good: p(0.25), in_good: p(0.005), in_bad: p(0.7) };
    let narrow = LinkProfile { rate: Some(Rate::mbit(2)), queue_bytes: 30_000, ..PERFECT };
    [
        ("delay", both(LinkProfile::delayed(ms(10)))),
        ("jitter", both(LinkProfile { jitter: Jitter::LongTail { mean: ms(3), most: ms(30) }, ..PERFECT })),
        ("overtaking", both(overtaking)),
        ("held back", both(LinkProfile { reorder: held_back, order: Order::Free, ..PERFECT })),
        ("doubled", both(LinkProfile { duplicate: p(0.1), ..PERFECT })),
        ("random loss", both(LinkProfile { loss: Loss::Random(p(0.1)), ..PERFECT })),
        ("bursts of loss", both(LinkProfile { loss: Loss::bursts(p(0.1), 6.0), ..PERFECT })),
        ("Gilbert-Elliott", both(LinkProfile { loss: chain, ..PERFECT })),
        ("2 Mbit/s", both(narrow)),
        ("cut there", silent(Ways::There, LinkState::Cut)),
        ("cut back", silent(Ways::Back, LinkState::Cut)),
        ("blackout", silent(Ways::Both, LinkState::Cut)),
        ("stall", silent(Ways::Both, LinkState::Stalled)),
    ]
    .map(|(name, profile)| Link { name: name.to_owned(), profile })
    .into()
}

/// Nothing comes for 100 ms of every 400.
fn silent(ways: Ways, state: LinkState) -> LineProfile {
    let act = |at, state| Act { at: Duration::from_millis(at), ways, change: Change::State(state) };
    let acts = vec![act(300, state), act(400, LinkState::Up)];
    let script = Script::repeated(acts.clone(), Duration::from_millis(400)).unwrap_or_else(|_| Script::once(acts));
    LineProfile { script, ..LineProfile::default() }
}
