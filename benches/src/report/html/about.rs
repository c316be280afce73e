//! What runs and subjects are, in plain words.

/// The heading of a run over a link.
pub(super) fn title(run: &str, link: &str) -> String {
    let name = match run {
        "rt" => "Real-time loop: how late it wakes".to_owned(),
        "rt step" => "Real-time loop: what a step takes".to_owned(),
        "codec" => "Encoding and decoding a picture".to_owned(),
        "command" if link == "none" => "Command, no line between".to_owned(),
        "link" => "Another address in mid-motion".to_owned(),
        "video" if link == "none" => "Pictures, no line between".to_owned(),
        "video" => "Pictures".to_owned(),
        "hand-to-eye" if link == "none" => "From the hand to the eye, no line between".to_owned(),
        "hand-to-eye" => "From the hand to the eye".to_owned(),
        _ => capital(run),
    };
    if link == "none" { name } else { format!("{name}, line: {link}") }
}

/// What a run measures, for somebody who has never seen the program.
pub(super) fn run(run: &str) -> Option<&'static str> {
    Some(match run {
        "command" => {
            "A specialist moves a handle; a robot at a distance follows. Here it was measured how long the computers and the \
             program need for that: from the moment the handle is read until the robot's controller can act on it."
        }
        "rt" => {
            "The robot’s controller does its work a thousand times a second. Here it was measured how much later than due it wakes \
             up for it."
        }
        "rt step" => "And this is how much computing time one of its steps takes.",
        "codec" => {
            "A picture has to be made small for its way, and whole again at its end. Here it was measured how long that takes, \
             without any way between."
        }
        "video" => {
            "The cart sends the picture of its scanner to the specialist, who steers by it. Here it was measured how long a picture takes: \
             from the moment it is captured until it is whole again at the desk. How many were not good, and how long \
             none came, is told beside it."
        }
        "link" => {
            "A desk may change its network while the robot moves: from cable to wireless, or from one cell to the next. Here it was \
             measured how much time passes between two commands that the robot’s controller acts on, while that happens. They are sent \
             every 2 ms, and that is what should pass."
        }
        "hand-to-eye" => {
            "A specialist moves a handle, and sees on the screen what that did. Here it was measured how long that takes: from the \
             moment the handle is read until the first picture that can show it is presented. A picture comes only every few \
             hundredths of a second, so that a command waits half of that time on average before anything else."
        }
        _ => return None,
    })
}

/// What a run is counted in: "half of all … take no longer".
pub(super) fn things(run: &str) -> &'static str {
    match run {
        "command" | "hand-to-eye" => "commands",
        "rt" => "wake-ups",
        "rt step" => "steps",
        "link" => "gaps",
        "codec" | "video" => "pictures",
        _ => "samples",
    }
}

/// What may be lost in a run.
pub(super) fn lost(run: &str) -> &'static str {
    if run == "link" { "commands" } else { things(run) }
}

/// What the floor of a run is.
pub(super) fn floor(run: &str) -> &'static str {
    match run {
        "command" | "link" => "plain UDP",
        "rt" => "an idle loop",
        "hand-to-eye" | "video" => "encoding and decoding alone",
        _ => "the floor",
    }
}

/// What a link label stands for, in a run that has to do with links.
pub(super) fn link(run: &str, link: &str) -> &'static str {
    if !matches!(run, "command" | "hand-to-eye" | "link" | "video") {
        ""
    } else if link.ends_with("blackout") && run != "video" {
        "Between the two ends was an artificial line, which delays and loses as its description says, and in the middle of each \
         turn carried nothing at all. What was sent meanwhile counts as lost."
    } else if link == "none" {
        "Everything ran on one machine, with no network between: what is left is what machine and program themselves add."
    } else {
        "Between the two ends was an artificial line, which delays and loses as its description says. What the line takes is in \
         the figures."
    }
}

/// What the course of a run around an event shows.
pub(super) fn course(run: &str) -> &'static str {
    if run == "video" {
        "Each picture around what happened to the line, and how old it was when it could be shown. Red is one that is not good: parts \
         of it are guessed, or it is spoilt."
    } else {
        "What arrived around the blackout, and how old it was by then. Red is what the cart refuses as too late."
    }
}

/// What a subject of a run is, in a few words; nothing for one that nobody has described.
pub(super) fn subject(run: &str, subject: &str) -> &'static str {
    match (run, subject) {
        ("command" | "link", "farprobe") => "the program, encrypted",
        ("command", "floor") => "plain UDP, the least this machine can do",
        ("link", "floor") => "plain UDP from another port",
        ("command" | "link", "quinn") => "the QUIC library as it comes",
        ("hand-to-eye" | "video", "farprobe") => "the programs, the whole way",
        (_, "farprobe") => "the program",
        ("hand-to-eye" | "video", "floor") => "the same pictures encoded and decoded in one process, without any way",
        ("rt", "floor") => "a loop without work, the least this machine can do",
        (_, "floor-again") => "the same once more",
        _ => "",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
