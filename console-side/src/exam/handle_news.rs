//! What is told of the handle, and when: a handle that comes and goes several times a second, as keyboard and mouse do when the
//! window draws too slowly, is told as lost once. Pure; the clutch opens at every loss, which is [`super::steering`]'s doing.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::Clutch;

/// A handle counts as back after this long without a loss: ten times what keyboard and mouse take for one, and long enough for
/// a line to be read.
const BACK_AFTER: Duration = Duration::from_secs(1);

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct HandleNews {
    told: Option<Clutch>,
    /// Since when it has been read without a loss, if it is told as lost.
    back_since: Option<Time>,
}

impl HandleNews {
    /// The handle is lost. Gives what to tell.
    pub(super) fn lost(&mut self) -> Option<Clutch> {
        self.back_since = None;
        self.tell(Clutch::HandleLost)
    }

    /// The handle can be read again since `now`. That is told later, if it lasts.
    pub(super) fn back(&mut self, now: Time) {
        self.back_since = Some(now);
    }

    /// The clutch has turned. Gives what to tell.
    pub(super) fn clutch(&mut self, clutch: Clutch) -> Option<Clutch> {
        // A press is an act of a hand that has seen it released: the handle is back for sure.
        if self.told == Some(Clutch::HandleLost) && clutch != Clutch::Pressed {
            return None;
        }
        self.back_since = None;
        self.tell(clutch)
    }

    /// Time goes by. Gives what to tell.
    pub(super) fn tick(&mut self, now: Time) -> Option<Clutch> {
        self.back_since.take_if(|since| now.saturating_since(*since) >= BACK_AFTER)?;
        self.tell(Clutch::Open)
    }

    fn tell(&mut self, clutch: Clutch) -> Option<Clutch> {
        (self.told.replace(clutch) != Some(clutch)).then_some(clutch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    #[test]
    fn a_handle_that_flaps_is_told_as_lost_once_and_as_back_once() {
        let mut news = HandleNews::default();
        assert_eq!(news.clutch(Clutch::Open), Some(Clutch::Open));
        let mut told = Vec::new();
        for turn in 0..70 {
            told.extend(news.lost());
            told.extend(news.clutch(Clutch::Open));
            news.back(at(140 * turn + 100));
            told.extend(news.tick(at(140 * turn + 120)));
        }
        assert_eq!(told, [Clutch::HandleLost]);
        let back = 140 * 69 + 100;
        assert_eq!(news.tick(at(back + 999)), None);
        assert_eq!(news.tick(at(back + 1_000)), Some(Clutch::Open));
        assert_eq!(news.tick(at(back + 9_000)), None);
        assert_eq!(news.lost(), Some(Clutch::HandleLost), "the next loss is news again");
    }

    #[test]
    fn a_press_says_that_it_is_back() {
        let mut news = HandleNews::default();
        news.lost();
        news.back(at(100));
        assert_eq!(news.clutch(Clutch::Pressed), Some(Clutch::Pressed));
        assert_eq!(news.tick(at(2_000)), None, "and that it is back is no second line");
    }

    #[test]
    fn a_turn_of_the_clutch_is_told_once() {
        let mut news = HandleNews::default();
        let turns = [Clutch::Open, Clutch::Open, Clutch::Pressed, Clutch::Pressed, Clutch::Open];
        let told: Vec<_> = turns.into_iter().filter_map(|turn| news.clutch(turn)).collect();
        assert_eq!(told, [Clutch::Open, Clutch::Pressed, Clutch::Open]);
    }
}
