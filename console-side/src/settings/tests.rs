use super::*;
use proptest::prelude::*;

fn complaint(text: &str) -> String {
    Settings::parse("console.toml", text).unwrap_err().to_string()
}

#[test]
fn the_shipped_file_names_every_key_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/console.toml");
    let (settings, origin) = Settings::find(Some(&path), None).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(origin, Origin::File(path.clone()));
    let written: toml::Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(written, toml::Table::try_from(Settings::default()).unwrap());
}

#[test]
fn what_is_not_written_is_as_shipped() {
    let text = "[gamepad] # mine\nresponse = { dead_zone = 0.2 }\n[spacemouse.response] # softer\nexponent = 3.0\n";
    let settings = Settings::parse("console.toml", text).unwrap();
    let mut expected = Settings::default();
    expected.gamepad.response.dead_zone = 0.2;
    expected.spacemouse.response.exponent = 3.0;
    assert_eq!(settings, expected);
}

#[test]
fn a_complaint_names_file_line_and_key() {
    let first = |text: &str| complaint(text).lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        first("# mine\n[gamepad.response] # softer\n\ndead_zone = 0.95\n"),
        "settings console.toml, line 4: gamepad.response.dead_zone is 0.95; choose a number from 0 to 0.9"
    );
    assert_eq!(
        first("[keyboard]\nspeeds = { slide_mm_per_s = nan }\n"),
        "settings console.toml, line 2: keyboard.speeds.slide_mm_per_s is NaN; choose a number from 0.1 to 200"
    );
    for (text, line, words) in [
        ("[gamepad]\ndeadzone = 0.1\n", 2, "gamepad.deadzone: unknown field `deadzone`"),
        ("[gamepads]\n", 1, "gamepads: unknown field `gamepads`"),
        ("[haptic]\n\nreflection = \"much\"\n", 3, "haptic.reflection: invalid type: string"),
        ("[gamepad.presses]\neast = \"stop\"\nsouth = \"stpo\"\n", 3, "gamepad.presses.south: unknown variant `stpo`"),
        ("[gamepad.presses]\nmiddle = \"stop\"\n", 2, "gamepad.presses.middle: unknown variant `middle`"),
        ("[gamepad]\nclutch = \"east\"\n", 2, "gamepad.clutch is \"east\", which pushes or presses"),
        ("[gamepad]\n[gamepad.presses]\nnorth = \"freeze\"\n", 2, "gamepad.presses have no button that means \"stop\""),
        ("[spacemouse]\nclutch = 1\n", 1, "spacemouse.presses name button 1"),
        ("[[spacemouse.presses]]\nbutton = 3\nmeans = \"sotp\"\n", 3, "spacemouse.presses.means: unknown variant"),
        ("[keyboard]\nspeeds = \n", 2, ""),
        (
            "[[networks]]\ncart = \"192.0.2.7:1\"\nlocal = \"0.0.0.0\"\n",
            3,
            "networks.local is 0.0.0.0; name the address",
        ),
        ("[[networks]]\nlocal = \"192.0.2.8\"\ncart = \"192.0.2.7\"\n", 3, "networks.cart: invalid socket address"),
        ("[[networks]]\nlocal = \"192.0.2.8\"\n", 1, "networks: missing field `cart`"),
    ] {
        let said = complaint(text);
        assert!(said.starts_with(&format!("settings console.toml, line {line}: {words}")), "{text}\n{said}");
    }
}

#[test]
fn a_file_that_is_named_must_be_there_and_the_default_one_need_not() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("farprobe/console.toml");
    let nowhere = home.path().join("nowhere.toml");
    let said = Settings::find(Some(&nowhere), None).unwrap_err().to_string();
    assert!(said.contains("nowhere.toml") && said.contains("--settings"), "{said}");
    // A pipe that nobody writes to would be waited for, with no window open and nothing said.
    let pipe = home.path().join("pipe.toml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let said = Settings::find(Some(&pipe), None).unwrap_err().to_string();
    assert!(said.contains("pipe.toml: it is no ordinary file: name a file"), "{said}");
    assert_eq!(Settings::find(None, None).unwrap().1, Origin::Defaults(None));
    let (settings, origin) = Settings::find(None, Some(home.path())).unwrap();
    assert_eq!((settings, origin), (Settings::default(), Origin::Defaults(Some(place.clone()))));

    std::fs::create_dir(home.path().join("farprobe")).unwrap();
    std::fs::write(&place, "[haptic]\nreflection = 0.5\n").unwrap();
    let (settings, origin) = Settings::find(None, Some(home.path())).unwrap();
    assert_eq!((settings.haptic.reflection, origin), (0.5, Origin::File(place.clone())));
    std::fs::write(&place, "[haptic]\nreflection = 5\n").unwrap();
    assert!(Settings::find(None, Some(home.path())).is_err(), "a bad file is never passed over");
}

#[test]
fn the_folder_of_configurations_is_found_as_xdg_says() {
    let place = |xdg: Option<&str>, home: Option<&str>| config_home(xdg.map(OsString::from), home.map(OsString::from));
    assert_eq!(place(Some("/etc/me"), Some("/home/me")), Some(PathBuf::from("/etc/me")));
    for ignored in [None, Some(""), Some("relative")] {
        assert_eq!(place(ignored, Some("/home/me")), Some(PathBuf::from("/home/me/.config")));
    }
    assert_eq!(place(None, None), None);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\[{1,2}|\\]{1,2}|gamepad|keyboard|\\.|speeds|response|presses|=|\\{|\\}|\"|[0-9.e-]{1,4}|\n| |#|é)*") {
        // Some of these texts are good; none may do more than complain.
        let _ = Settings::parse("console.toml", &text);
    }
}
