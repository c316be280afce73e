//! Keyboard and mouse: the stop key, short cuts, and the raw sample a handle is made of.

use std::collections::BTreeSet;

use egui::{Event, Key, PointerButton, Rect, Ui};
use farprobe_geom::Time;

use crate::model::{Intent, Model, WindowInput};

/// The keys that stop the robot, with any modifier held.
const STOP_KEYS: [Key; 2] = [Key::Escape, Key::Space];
/// Freezes and unfreezes the picture.
const FREEZE_KEY: Key = Key::F;

/// Takes the keys that mean something to the window, and gives all that went down. Repeats of a held key mean nothing.
///
/// Key events are taken away from egui: a Tab or arrow would move its focus while it moves the probe.
pub(super) fn keys(ui: &Ui, model: &Model, intents: &mut Vec<Intent>) -> Vec<Key> {
    let pressed = ui.input_mut(|input| {
        let mut pressed = Vec::new();
        input.events.retain(|event| match event {
            Event::Key { key, pressed: true, repeat: false, .. } => {
                pressed.push(*key);
                false
            }
            Event::Key { .. } | Event::Text(_) => false,
            _ => true,
        });
        pressed
    });
    if pressed.iter().any(|key| STOP_KEYS.contains(key)) {
        intents.push(Intent::Stop);
    }
    if pressed.contains(&FREEZE_KEY) && model.scanner.echoed.is_some() {
        intents.push(Intent::Freeze(!model.scanner.frozen()));
    }
    pressed
}

/// How keyboard and mouse stand in this frame, if these keys were `pressed` since the one before.
pub(super) fn sample(ui: &Ui, now: Time, picture: Rect, pressed: Vec<Key>) -> WindowInput {
    ui.input(|input| {
        let focused = input.focused;
        let pointer = input.pointer.latest_pos().filter(|_| input.pointer.has_pointer());
        let mut keys: BTreeSet<Key> = if focused { input.keys_down.iter().copied().collect() } else { BTreeSet::new() };
        // Not every window system tells Shift as a key of its own; as a modifier all do.
        if focused && input.modifiers.shift {
            keys.insert(Key::ShiftLeft);
        }
        let held = [PointerButton::Primary, PointerButton::Secondary, PointerButton::Middle];
        WindowInput {
            at: now,
            focused,
            pointer: pointer.map(|at| [at.x, at.y]),
            moved: input.pointer.delta().into(),
            over_picture: pointer.is_some_and(|at| picture.contains(at)),
            wheel: input.smooth_scroll_delta().y,
            keys,
            pressed: if focused { pressed } else { Vec::new() },
            buttons: held.map(|button| focused && input.pointer.button_down(button)),
        }
    })
}
