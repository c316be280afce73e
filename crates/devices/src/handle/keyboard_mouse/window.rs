//! What the window tells, and the place where it is left for the handle's thread.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farprobe_geom::Time;

use super::key::{CLUTCH, Key};
use crate::{HandleEvent, HandsAway};

/// A window that has drawn nothing for this long does not know what the hands do. Six frames of a slow screen.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_millis(100);

/// Presses kept between two readings; nobody presses more, and a reader that is gone must not fill memory.
const MOST_PRESSES: usize = 32;

/// Keyboard and mouse in one frame of the window. Key repeat can't be seen here.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowInput {
    /// When the frame began, console clock.
    pub at: Time,
    /// Whether the window has the keyboard's focus. Without it no key counts as held.
    pub focused: bool,
    /// Where the pointer is.
    pub pointer: Pointer,
    /// How far the pointer moved since the frame before, points: right and down are positive.
    pub moved: [f32; 2],
    /// How far the wheel turned since the frame before, points; up is positive.
    pub wheel: f32,
    /// Keys held down as the frame began.
    pub keys: BTreeSet<Key>,
    /// Keys that went down since the frame before, in this order. A tap may be over before the frame begins: then its key is
    /// only here.
    pub pressed: Vec<Key>,
    /// Mouse buttons held down.
    pub buttons: Buttons,
}

/// Where the pointer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    /// Outside the window: the operator attends to something else.
    Outside,
    /// In the window, but not over the picture, where dragging means a control.
    Elsewhere,
    /// Over the ultrasound picture, where dragging means the probe.
    OverPicture,
}

/// Mouse buttons held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Buttons {
    /// The primary one: a drag slides the probe.
    pub primary: bool,
    /// The secondary one: a drag fans and rocks it.
    pub secondary: bool,
}

/// Where the window leaves its input, frame by frame. Clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct WindowFeed {
    inbox: Arc<Mutex<Inbox>>,
}

impl WindowFeed {
    /// Takes the input of one frame. Called by the window at each frame.
    pub fn post(&self, input: WindowInput) {
        self.with(|inbox| inbox.post(input));
    }

    /// What has come in since the last reading.
    pub(super) fn take(&self) -> Reading {
        self.with(Inbox::take)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inbox) -> T) -> T {
        // The inbox is whole after each call, also if another thread died while it held the lock.
        work(&mut self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the handle reads.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    /// The newest frame's time; `None` before the first frame.
    pub(super) at: Option<Time>,
    /// Whether the clutch is held and counts.
    pub(super) clutch: bool,
    /// Why it does not, if the hands were out of sight.
    pub(super) away: Option<HandsAway>,
    /// Keys held.
    pub(super) keys: BTreeSet<Key>,
    /// Points dragged since the reading before.
    pub(super) drag: Drag,
    /// What was pressed since the reading before.
    pub(super) presses: Vec<HandleEvent>,
}

/// How far the mouse went, points. Right and up are positive.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Drag {
    /// With the primary button held.
    pub(super) slide: [f64; 2],
    /// With the secondary button held.
    pub(super) turn: [f64; 2],
    /// With the wheel.
    pub(super) wheel: f64,
}

#[derive(Debug, Default)]
struct Inbox {
    newest: Option<WindowInput>,
    /// Whether the clutch has been seen open since the operator's hands were last out of sight.
    seen_open: bool,
    /// Why they were, until then.
    away: Option<HandsAway>,
    /// Which drags began over the picture.
    dragging: Buttons,
    drag: Drag,
    presses: Vec<HandleEvent>,
}

impl Inbox {
    fn post(&mut self, input: WindowInput) {
        let before = self.newest.take();
        let gap = before.as_ref().is_none_or(|before| input.at.saturating_since(before.at) > LONGEST_SILENCE);
        let away = hands_away(&input);
        if gap || away.is_some() {
            // A key may have been let go and pressed again out of sight.
            self.seen_open = false;
        }
        self.away = away.or(self.away);
        if away.is_none() && !input.keys.contains(&CLUTCH) {
            (self.seen_open, self.away) = (true, None);
        }
        if let Some(before) = before.filter(|before| !gap && before.focused && input.focused) {
            // Buttons only: what is held, the clutch before all, is as the frame found it.
            let fresh = input.pressed.iter().filter_map(|key| key.button());
            self.presses.extend(fresh.map(HandleEvent::Button));
            self.presses.truncate(MOST_PRESSES);
            self.drag_on(before.buttons, &input);
        } else {
            self.dragging = Buttons::default();
        }
        self.newest = Some(input);
    }

    fn drag_on(&mut self, before: Buttons, input: &WindowInput) {
        let over = input.pointer == Pointer::OverPicture;
        let goes_on = |was: bool, held: bool, dragging: bool| held && (dragging || (over && !was));
        self.dragging = Buttons {
            primary: goes_on(before.primary, input.buttons.primary, self.dragging.primary),
            secondary: goes_on(before.secondary, input.buttons.secondary, self.dragging.secondary),
        };
        let [right, down] = input.moved.map(finite);
        let add = |sum: &mut [f64; 2]| *sum = [sum[0] + right, sum[1] - down];
        if self.dragging.primary {
            add(&mut self.drag.slide);
        }
        if self.dragging.secondary {
            add(&mut self.drag.turn);
        }
        if over {
            self.drag.wheel += finite(input.wheel);
        }
    }

    fn take(&mut self) -> Reading {
        let drag = std::mem::take(&mut self.drag);
        let presses = std::mem::take(&mut self.presses);
        let Some(newest) = &self.newest else {
            return Reading { at: None, clutch: false, away: None, keys: BTreeSet::new(), drag, presses };
        };
        let clutch = self.seen_open && hands_away(newest).is_none() && newest.keys.contains(&CLUTCH);
        Reading { at: Some(newest.at), clutch, away: self.away, keys: newest.keys.clone(), drag, presses }
    }
}

/// Why the operator's hands are not with this window; `None` if they are.
fn hands_away(input: &WindowInput) -> Option<HandsAway> {
    match (input.focused, input.pointer) {
        (false, _) => Some(HandsAway::FocusLost),
        (true, Pointer::Outside) => Some(HandsAway::PointerLeft),
        (true, Pointer::Elsewhere | Pointer::OverPicture) => None,
    }
}

fn finite(value: f32) -> f64 {
    if value.is_finite() { f64::from(value) } else { 0.0 }
}
