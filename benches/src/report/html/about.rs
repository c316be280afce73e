//! What runs and subjects are, in plain words.

/// The heading of a run over a link.
pub(super) fn title(run: &str, link: &str) -> String {
    let over = if link == "none" { "no line between".to_owned() } else { format!("line: {link}") };
    format!("{}: {over}", capital(run))
}

/// What a run measures, for somebody who has never seen the program.
pub(super) fn run(run: &str) -> Option<&'static str> {
    Some(match run {
        "command" => {
            "A specialist moves a handle; a robot at a distance follows. Here it was measured how long the computers and the \
             program need for that: from the moment the handle is read until the robot's controller can act on it."
        }
        _ => return None,
    })
}

/// What a link label stands for.
pub(super) fn link(link: &str) -> &'static str {
    if link.ends_with("blackout") {
        "Between the two ends was an artificial line, which delays and loses as its description says, and in the middle of each \
         turn carried nothing at all. What was sent meanwhile counts as lost."
    } else if link == "none" {
        "Both ends ran on one machine, with no network between: what is left is what the program itself adds."
    } else {
        "Between the two ends was an artificial line, which delays and loses as its description says. What the line takes is in \
         the figures."
    }
}

/// What a subject is, in a few words; nothing for one that nobody has described.
pub(super) fn subject(subject: &str) -> &'static str {
    match subject {
        "farprobe" => "the program, encrypted",
        "floor" => "plain UDP, the least this machine can do",
        "floor-again" => "the same once more",
        "quinn" => "the QUIC library as it comes",
        _ => "",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
