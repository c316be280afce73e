//! A line: two links, one each way, and what happens to them.

use std::time::Duration;

use farprobe_geom::Time;

use super::script::{Act, Change, Outages, OutagesState, Script, Ways};
use super::{Delivered, Link, LinkProfile, LinkState};

/// One of the two ways of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From who calls to who is called: from the desk to the cart, from a client to its server.
    There,
    /// The other one: from the cart to the desk.
    Back,
}

impl Way {
    /// There, then back.
    pub const ALL: [Self; 2] = [Self::There, Self::Back];

    /// Its place in [`Way::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::There => 0,
            Self::Back => 1,
        }
    }
}

/// The numbers of a line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LineProfile {
    /// From who calls to who is called.
    pub there: LinkProfile,
    /// The other way.
    pub back: LinkProfile,
    /// What happens again and again, by chance.
    pub outages: Option<Outages>,
    /// What happens at its time.
    pub script: Script,
}

impl LineProfile {
    /// The same both ways, and nothing happens to it.
    pub fn symmetric(link: LinkProfile) -> Self {
        Self { there: link, back: link, ..Self::default() }
    }

    /// The numbers of one way.
    pub const fn way(&self, way: Way) -> &LinkProfile {
        match way {
            Way::There => &self.there,
            Way::Back => &self.back,
        }
    }
}

/// Why one way is not up; the worst of them counts.
#[derive(Debug, Clone, Copy, Default)]
struct Causes {
    script: LinkState,
    outage: LinkState,
    hand: LinkState,
}

impl Causes {
    fn state(self) -> LinkState {
        let all = [self.script, self.outage, self.hand];
        if all.contains(&LinkState::Cut) {
            LinkState::Cut
        } else if all.contains(&LinkState::Stalled) {
            LinkState::Stalled
        } else {
            LinkState::Up
        }
    }
}

/// Two links and their script. Deterministic: the same profile, seed and calls give the same deliveries.
///
/// Whatever is due by the `now` of a call has happened before the call does its own, and at its own time: a driver that comes
/// late delivers late, but plans nothing otherwise.
#[derive(Debug, Clone)]
pub struct Line<T> {
    links: [Link<T>; 2],
    causes: [Causes; 2],
    began: Time,
    script: Script,
    acts_done: u64,
    outages: Option<OutagesState>,
}

// Each part has its own chance, so that what one draws changes nothing for the others.
const THERE: u64 = 0x0074_6865_7265;
const BACK: u64 = 0x6261_636b;
const OUTAGES: u64 = 0x006f_7574_6167_6573;

impl<T: Clone> Line<T> {
    /// A line that is up, and whose script begins at `now`.
    pub fn new(profile: &LineProfile, seed: u64, now: Time) -> Self {
        Self {
            links: [Link::new(profile.there, seed ^ THERE), Link::new(profile.back, seed ^ BACK)],
            causes: [Causes::default(); 2],
            began: now,
            script: profile.script.clone(),
            acts_done: 0,
            outages: profile.outages.map(|outages| OutagesState::new(outages, seed ^ OUTAGES)),
        }
    }

    /// Sends a payload that takes this many bytes on the wire.
    pub fn send(&mut self, now: Time, way: Way, bytes: usize, payload: T) {
        self.play(now);
        self.links[way.index()].send(now, bytes, payload);
    }

    /// Gives out the next that has come through by `now`, and which way; each way's earliest first.
    pub fn poll(&mut self, now: Time) -> Option<(Way, Delivered<T>)> {
        self.play(now);
        let next = |way: &Way| self.links[way.index()].next_deadline();
        let way = Way::ALL.into_iter().filter(|way| next(way).is_some()).min_by_key(next)?;
        Some((way, self.links[way.index()].poll(now)?))
    }

    /// When something comes through or happens next, if nothing more is sent.
    pub fn next_deadline(&self) -> Option<Time> {
        let deliveries = self.links.iter().filter_map(Link::next_deadline);
        deliveries.chain(self.next_event().map(|(at, _)| at)).min()
    }

    /// Cuts, stalls or restores by hand, from now on. What the script or an outage keeps down stays down.
    pub fn set_state(&mut self, now: Time, ways: Ways, state: LinkState) {
        self.play(now);
        self.change(now, ways, |causes| causes.hand = state);
    }

    /// One way of it.
    pub fn link(&self, way: Way) -> &Link<T> {
        &self.links[way.index()]
    }

    /// Does what is due by `now`, each at its own time.
    fn play(&mut self, now: Time) {
        while let Some((at, event)) = self.next_event().filter(|(at, _)| *at <= now) {
            match event {
                Event::Act => {
                    let Some((_, act)) = self.script.act(self.acts_done) else { return };
                    self.acts_done += 1;
                    self.act(at, act);
                }
                Event::Outage => {
                    let Some((ways, state)) = self.outages.as_mut().map(OutagesState::step) else { return };
                    self.change(at, ways, |causes| causes.outage = state);
                }
            }
        }
    }

    fn act(&mut self, at: Time, act: Act) {
        match act.change {
            Change::State(state) => self.change(at, act.ways, |causes| causes.script = state),
            Change::Profile(profile) => {
                for way in Way::ALL.into_iter().filter(|way| act.ways.contain(*way)) {
                    self.links[way.index()].set_profile(profile);
                }
            }
        }
    }

    fn change(&mut self, at: Time, ways: Ways, how: impl Fn(&mut Causes)) {
        for way in Way::ALL.into_iter().filter(|way| ways.contain(*way)) {
            let (causes, link) = (&mut self.causes[way.index()], &mut self.links[way.index()]);
            how(causes);
            if causes.state() != link.state() {
                link.set_state(at, causes.state());
            }
        }
    }

    /// What happens next, and when. Of two at the same time the script comes first.
    fn next_event(&self) -> Option<(Time, Event)> {
        let act = self.script.act(self.acts_done).map(|(at, _)| (self.time(at), Event::Act));
        let outage = self.outages.as_ref().map(|outages| (self.time(outages.next()), Event::Outage));
        act.into_iter().chain(outage).min_by_key(|(at, _)| *at)
    }

    fn time(&self, since_beginning: Duration) -> Time {
        self.began + since_beginning
    }
}

/// Something that happens to a line.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The script's next act.
    Act,
    /// An outage begins or ends.
    Outage,
}
