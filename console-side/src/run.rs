//! From the command line to an exam, with a window or without.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime};

use farprobe_console::address::resolve;
use farprobe_console::demo::DemoCart;
use farprobe_console::exam::{Destination, Director, HandleStart, Happening, Plan, Screen, Shots, Sink, Trace};
use farprobe_console::handles::{self, Chosen};
use farprobe_console::headless;
use farprobe_console::model::{Event, Intent};
use farprobe_console::results::{Results, Run};
use farprobe_console::settings::{NetworkSettings, Settings, config_home};
use farprobe_console::window::{check_display, window};
use farprobe_devices::handle::keyboard_mouse::WindowFeed;
use farprobe_devices::scanner::{CineScanner, Source};
use farprobe_devices::{MonotonicClock, Scanner};
use farprobe_transport::DemoPolicy;
use farprobe_transport::identity::cli::print;
use farprobe_transport::identity::{Identity, Role};

use crate::cli::{Command, Exam, HandleChoice};

type AnyError = Box<dyn std::error::Error>;

/// Where a demo's picture needs no graphics card, frames are spread out: each costs tens of milliseconds of CPU there.
const SOFTWARE_FRAME: Duration = Duration::from_millis(50);

/// Does what the command line asks.
pub(crate) fn run(command: Command) -> Result<(), AnyError> {
    match command {
        Command::Identity(command) => {
            print(&command.run(SystemTime::now())?)?;
            Ok(())
        }
        Command::Connect { address, identity, cart, demo, exam } => {
            let identity = Identity::load(&identity)?;
            let demo = if demo { DemoPolicy::Required } else { DemoPolicy::Refused };
            // The endpoint asks again; said here, it is said before a window opens.
            demo.check(&identity)?;
            may_play(&identity, &exam)?;
            let address = resolve(&address)?;
            let desk = Desk::set(&exam)?;
            let networks = desk.networks.clone();
            let destination = Destination { address, cart, identity, demo, networks };
            examine(desk, &exam, results(Run::Exam, &exam), |_| Ok(destination))
        }
        Command::Demo { source, exam } => {
            let desk = Desk::set(&exam)?;
            if let Some(source) = &source {
                // The cart opens it again; said here, the complaint is the console's own, and nothing has been removed.
                check_source(source).map_err(|error| format!("--source = {source} is refused: {error}"))?;
            }
            let started = Rc::new(RefCell::new(None));
            let cart = Rc::clone(&started);
            let result = examine(desk, &exam, results(Run::Demo, &exam), move |results| {
                say("starting a simulated cart");
                let mut new = DemoCart::start(source.as_ref(), &results.out.join("cart.log"))?;
                let (address, operator) = (new.address, new.take_operator());
                *cart.borrow_mut() = Some(new);
                Ok(demo_destination(address, operator.ok_or("the demo's operator has no identity")?))
            });
            let ended = started.borrow_mut().take().map_or(Ok(()), DemoCart::end);
            match (result, ended) {
                (Err(problem), Err(cart)) => Err(format!("{problem}; {cart}").into()),
                (result, ended) => result.and(ended.map_err(AnyError::from)),
            }
        }
    }
}

/// Whether a cart can play this.
fn check_source(source: &Source) -> Result<(), AnyError> {
    if let Source::Recording(path) = source {
        let geometry = CineScanner::open(path)?.state().geometry;
        farprobe_media::check_size(geometry.width.into(), geometry.height.into())
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Refuses a script to whom may not drive: it would wait for ever.
fn may_play(identity: &Identity, exam: &Exam) -> Result<(), AnyError> {
    if exam.script.is_some() && identity.role() == Role::Observer {
        return Err(format!(
            "{:?} is an observer's identity: it may look on and stop, but a script has to drive. Use an operator's identity, \
             or leave out --script",
            identity.name()
        )
        .into());
    }
    Ok(())
}

fn demo_destination(address: SocketAddr, identity: Identity) -> Destination {
    Destination { address, cart: None, identity, demo: DemoPolicy::Required, networks: Vec::new() }
}

/// Where the results of `exam` go: where the user says or, without a word, to the usual place.
fn results(run: Run, exam: &Exam) -> Results {
    let usual = match run {
        Run::Exam => "out/exam",
        Run::Demo => "out/demo",
    };
    let out = exam.out.clone().unwrap_or_else(|| usual.into());
    Results { run, out, shots: exam.shots.clone() }
}

/// Says a line on the standard output. Whoever read it may have gone, as `head` does: the exam goes on.
fn say(words: impl Display) {
    let _ = writeln!(std::io::stdout(), "{words}");
}

/// What the specialist sits at. Set before anything is started or removed: a slip in a script should cost nothing.
struct Desk {
    chosen: Chosen,
    /// What the window tells to a handle made of keyboard and mouse.
    feed: WindowFeed,
    /// Where live figures are served, if they are.
    figures: Option<u16>,
    /// Further networks to the cart.
    networks: Vec<NetworkSettings>,
}

impl Desk {
    fn set(exam: &Exam) -> Result<Self, AnyError> {
        if !exam.headless {
            check_display()?;
        }
        let feed = WindowFeed::default();
        let settings = settings(exam)?;
        let chosen = choose(exam, &settings, &feed)?;
        Ok(Self { chosen, feed, figures: settings.metrics.port, networks: settings.networks })
    }

    /// The moments of which there will be pictures.
    fn marks(&self) -> &[String] {
        self.chosen.script.as_ref().map_or(&[], |script| &script.marks)
    }
}

/// Holds an exam. `reach` says where the cart is. Nothing is removed or started, a demo's cart included, before it is known
/// that there is a window, if there is to be one.
fn examine(
    desk: Desk,
    exam: &Exam,
    results: Results,
    reach: impl FnOnce(&Results) -> Result<Destination, AnyError> + 'static,
) -> Result<(), AnyError> {
    let clock = MonotonicClock;
    let (tell, heard) = channel();
    let marks = desk.marks().to_vec();
    let trace = exam.trace.as_deref().map(Trace::create).transpose()?;
    let begin = move |results: &Results| {
        let prepared = results.prepare(&marks)?;
        for kept in &prepared.aside {
            say(kept);
        }
        // The folders are this program's until it ends.
        std::mem::forget(prepared.claim);
        reach(results)
    };
    if exam.headless {
        let destination = begin(&results)?;
        let screen = Screen::default();
        let sink = headless::sink(clock, screen.clone());
        let shots = Shots::new(results.shots.clone(), None, screen);
        let plan = plan(clock, destination, desk.chosen, &results.out, Paint::Nobody, (desk.figures, trace));
        let director = Director::start(plan, sink, shots, (tell, heard))?;
        tell_figures(&director);
        return close(director.direct());
    }
    with_window(clock, (desk, trace), results, begin, (tell, heard))
}

/// The settings in force; says where they come from.
fn settings(exam: &Exam) -> Result<Settings, AnyError> {
    let home = config_home(std::env::var_os("XDG_CONFIG_HOME"), std::env::var_os("HOME"));
    let (settings, origin) = Settings::find(exam.settings.as_deref(), home.as_deref())?;
    say(format_args!("settings: {origin}"));
    Ok(settings)
}

fn choose(exam: &Exam, settings: &Settings, feed: &WindowFeed) -> Result<Chosen, AnyError> {
    Ok(match (&exam.script, exam.handle) {
        (Some(path), HandleChoice::Haptic) => handles::simulated_haptic(settings, path)?,
        (Some(path), _) => handles::script(path)?,
        (None, HandleChoice::Haptic) => {
            return Err("the simulated haptic handle needs a hand: give --script FILE".into());
        }
        (None, HandleChoice::Gamepad) => handles::gamepad(settings)?,
        (None, HandleChoice::SpaceMouse) => handles::space_mouse(settings)?,
        (None, HandleChoice::Keyboard) if exam.headless => {
            return Err("keyboard and mouse need a window: give --script FILE or another --handle".into());
        }
        (None, HandleChoice::Keyboard) => handles::keyboard(settings, feed.clone())?,
    })
}

/// Who paints the pictures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paint {
    Window,
    Nobody,
}

fn plan(
    clock: MonotonicClock,
    destination: Destination,
    chosen: Chosen,
    out: &Path,
    paint: Paint,
    (figures, trace): (Option<u16>, Option<Trace>),
) -> Plan {
    let start = if chosen.script.is_some() { HandleStart::WhenReady } else { HandleStart::AtOnce };
    Plan {
        clock,
        destination,
        handle: chosen.handle,
        kind: chosen.kind,
        start,
        script: chosen.script,
        out: out.to_owned(),
        painted_by_window: paint == Paint::Window,
        figures,
        trace,
    }
}

fn with_window(
    clock: MonotonicClock,
    (desk, trace): (Desk, Option<Trace>),
    results: Results,
    reach: impl FnOnce(&Results) -> Result<Destination, AnyError> + 'static,
    happenings: (Sender<Happening>, Receiver<Happening>),
) -> Result<(), AnyError> {
    let Desk { chosen, feed, figures, networks: _ } = desk;
    let intents = happenings.0.clone();
    let (painted_tell, painted_heard) = channel();
    let (shell, handle) = window(
        move || clock.now(),
        move |intent| {
            match &intent {
                Intent::Window(input) => return feed.post(handles::window_input(input)),
                Intent::Painted { number, at } => {
                    let _ = painted_tell.send((*number, *at));
                    return;
                }
                _ => {}
            }
            // The director may have ended already; then the window is closing.
            let _ = intents.send(Happening::Intent(intent));
        },
    );
    let screen = Screen::default();
    let (kept, sent) = (screen.clone(), handle.clone());
    let sink: Sink = Arc::new(move |at, event| {
        if let Event::Picture(picture) = &event {
            kept.set(picture.pixels.clone());
        }
        sent.send(at, event);
    });
    let shots = Shots::new(results.shots.clone(), Some(handle.clone()), screen);
    let end = happenings.0.clone();
    let (started, directing) = channel();
    let begin = move || {
        let destination = reach(&results).map_err(|error| error.to_string())?;
        let plan = plan(clock, destination, chosen, &results.out, Paint::Window, (figures, trace));
        let director = Director::start(plan, sink, shots, happenings).map_err(|error| error.to_string())?;
        tell_figures(&director);
        director.hear_painted(painted_heard)?;
        let directing = std::thread::Builder::new().name("director".into()).spawn(move || {
            let ended = director.direct();
            handle.close();
            ended
        })?;
        // Whoever waits for it is this function's caller.
        let _ = started.send(directing);
        Ok(())
    };
    let shell = if std::env::var_os("LIBGL_ALWAYS_SOFTWARE").is_some() { shell.paced(SOFTWARE_FRAME) } else { shell };
    let shown = shell.run("Farprobe", begin);
    let Ok(directing) = directing.try_recv() else { return shown.map_err(AnyError::from) };
    // The director has ended already, unless the window went without being asked to.
    let _ = end.send(Happening::End("the window is gone".to_owned()));
    let ended = directing.join().map_err(|_| "the exam's director failed; its message is above")?;
    let closed = close(ended);
    shown?;
    closed
}

/// Says where live figures are, if they are served.
fn tell_figures(director: &Director) {
    if let Some(address) = director.figures_address() {
        say(format_args!("live figures: http://{address}/metrics"));
    }
}

/// Prints the summary, if there was an exam. A problem of the exam is an error of the program.
fn close(ended: farprobe_console::exam::Ended) -> Result<(), AnyError> {
    match (&ended.summary, &ended.problem) {
        (Some(summary), _) => say(summary),
        (None, None) => say("no cart was reached: there was no exam"),
        (None, Some(_)) => {}
    }
    ended.problem.map_or(Ok(()), |problem| Err(problem.into()))
}
