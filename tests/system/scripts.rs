//! What a script that comes to nothing is told.

use farprobe_transport::identity::Purpose;

use crate::harness::{IN_THE_AIR, Site, fairly};

/// Means to press, and stops far above the skin.
const SHORT_OF_THE_SKIN: &str = "
at 0.0 force 8 N
at 0.5 clutch press
at 0.6 over 1.0 move z +5 mm
at 2.0 clutch open
at 2.5 end
";

#[test]
fn a_script_that_meant_to_touch_and_did_not_is_an_error_that_says_so() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let cart = site.cart();
        let mut console = site.console(cart.address, &site.script("short.exam", SHORT_OF_THE_SKIN), "out");
        let status = console.end();
        let text = console.text();
        assert!(!status.success(), "{text}");
        let complaint = text.lines().find(|line| line.starts_with("farprobe-console: ")).expect("a complaint");
        for words in ["asked for 8.0 N", "never touched the patient", "Engaged (you pressed the clutch)"] {
            assert!(complaint.contains(words), "{complaint}");
        }
        // There was an exam, and it is told.
        assert!(text.contains("Session of") && site.path("out").join("summary.json").exists(), "{text}");
    });
}

#[test]
fn a_script_that_stays_in_the_air_on_purpose_is_content() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let cart = site.cart();
        let mut console = site.console(cart.address, &site.script("air.exam", IN_THE_AIR), "out");
        assert!(console.end().success(), "{}", console.text());
    });
}

/// Means to press, and comes down faster than any probe may.
const TOO_FAST: &str = "
at 0.0 force 8 N
at 0.5 clutch press
at 0.6 over 2.5 move z +46 mm
at 9.0 over 3.0 move z -46 mm
at 12.5 clutch open
at 13.0 end
";

#[test]
fn a_script_whose_probe_was_held_back_did_not_go_as_written() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let cart = site.cart();
        let mut console = site.console(cart.address, &site.script("fast.exam", TOO_FAST), "out");
        assert!(!console.end().success(), "{}", console.text());
        let summary = std::fs::read_to_string(site.path("out").join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["went_as_scripted"], false);
        // Whether it came short of the skin or onto it is the patient's breath.
        let why = summary["why"].as_str().unwrap();
        assert!(why.contains("the script asked for 8.0 N of contact, and the probe "), "{why}");
    });
}
