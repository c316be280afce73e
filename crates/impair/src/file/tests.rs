use std::time::Duration;

use farprobe_sim::link::{Change, Jitter, LinkState, Loss, Order, Probability, Rate, Ways, named};
use proptest::prelude::*;

use super::*;

fn complaint(text: &str) -> String {
    parse("x.toml", text).unwrap_err().to_string()
}

#[test]
fn an_empty_file_is_the_perfect_line_and_a_base_is_kept_but_for_what_is_written() {
    assert_eq!(parse("x", "").unwrap(), LineProfile::default());
    let base = named::find("5g-poor").unwrap().line();
    assert_eq!(parse("x", "base = \"5g-poor\"").unwrap(), base);
    let mine = parse("x", "base = \"5g-poor\"\nboth.loss = \"none\"\nback.delay_ms = 31\n").unwrap();
    assert_eq!(mine.back.delay, Duration::from_millis(31));
    assert_eq!(mine.there, farprobe_sim::link::LinkProfile { loss: Loss::None, ..base.there });
    assert_eq!(mine.outages, base.outages);
}

#[test]
fn every_key_of_the_shipped_example_is_taken() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/links/example.toml");
    let line = load(&path).unwrap();
    let ms = Duration::from_millis;
    assert_eq!((line.there.delay, line.back.delay), (ms(12), ms(18)));
    assert_eq!(line.there.jitter, Jitter::LongTail { mean: ms(2), most: ms(40) });
    assert_eq!(line.there.order, Order::Kept);
    assert_eq!(line.there.loss, Loss::bursts(Probability::literal(0.002), 4.0));
    assert_eq!((line.there.rate, line.back.rate), (Some(Rate::kbit(50_000)), Some(Rate::kbit(20_000))));
    assert_eq!((line.there.queue_bytes, line.back.queue_bytes), (625_000, 250_000));
    assert_eq!(line.there.reorder.by, ms(3));
    assert_eq!(line.outages.map(|outages| outages.state), Some(LinkState::Stalled));
    assert_eq!(line.script.every(), Some(Duration::from_mins(1)));
    let acts = line.script.acts();
    assert_eq!((acts[0].ways, acts[0].change), (Ways::Back, Change::State(LinkState::Cut)));
    let Change::Profile(lift) = acts[3].change else { panic!("{acts:?}") };
    assert_eq!(
        (acts[3].ways, lift.delay, lift.queue_bytes),
        (Ways::Back, ms(60), 250_000),
        "the rest is the way's own"
    );
    assert_eq!(acts[5].change, Change::Profile(line.back));
}

#[test]
fn a_complaint_names_file_line_key_and_what_would_be_right() {
    for (text, words) in [
        (
            "[there]\ndelay_ms = -1.0\n",
            "line x.toml, line 2: there.delay_ms: -1 is refused: it must be within 0 to 10000",
        ),
        ("[there]\n\ndelay = 1\n", "line x.toml, line 3: there.delay: unknown field `delay`, expected one of"),
        (
            "both.delay_ms = \"long\"",
            "line x.toml, line 1: both.delay_ms: invalid type: string \"long\", expected a number",
        ),
        ("both.delay_ms = nan", "both.delay_ms: NaN is refused"),
        (
            "both.loss.random = { percent = 101 }",
            "both.loss.random.percent: 101 is refused: it must be within 0 to 100",
        ),
        ("both.loss = \"some\"", "both.loss: unknown variant `some`, expected"),
        ("base = \"6g\"", "base: \"6g\" is no named line: choose one of clean, hospital-lan, "),
        ("both.queue_bytes = 100000000000", "both.queue_bytes: 100000000000 is refused: it must be 67108864 at most"),
        ("both.rate_kbit = 0", "both.rate_kbit: 0 is refused: it must be within 1 to 100000000"),
        ("[[script.act]]\nat_s = 1\n", "line 2: script.act.at_s: an act has either \"do\" or \"link\""),
        (
            "[script]\nevery_s = 1\n[[script.act]]\nat_s = 2\ndo = \"cut\"",
            "line 2: script.every_s: it begins anew before",
        ),
        (
            "[outages]\ndo = \"restore\"\nshortest_ms = 1\nlongest_ms = 2\nbetween_ms = 1",
            "line 2: outages.do: an outage must be \"cut\" or \"stall\"",
        ),
        (
            "[outages]\ndo = \"cut\"\nshortest_ms = 3\nlongest_ms = 2\nbetween_ms = 1",
            "line 4: outages.longest_ms: it must not be below shortest_ms",
        ),
        ("=", "line x.toml, line 1: "),
    ] {
        let said = complaint(text);
        assert!(said.contains(words), "{text:?}: {said}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = parse("x.toml", &text);
    }

    #[test]
    fn no_number_panics(delay in any::<f64>(), percent in any::<f64>(), every in any::<f64>(), queue in any::<i64>()) {
        let number = |value: f64| format!("{value:?}").to_lowercase();
        let _ = parse("x.toml", &format!(
            "[both]\ndelay_ms = {0}\nrate_kbit = {0}\nqueue_bytes = {queue}\nloss.bursts = {{ percent = {1}, mean_packets = {0} }}\n\
             [script]\nevery_s = {2}\n[[script.act]]\nat_s = {1}\ndo = \"cut\"\n",
            number(delay), number(percent), number(every),
        ));
    }
}
