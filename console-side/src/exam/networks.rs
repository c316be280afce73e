//! Further networks to the cart: opened when they can be, and watched.

use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use farprobe_proto::Severity;
use farprobe_transport::{Connection, ConsoleEndpoint, PathState, PathStats};

use super::front::Front;
use crate::settings::NetworkSettings;

/// The networks are looked after this often: what is told comes a second after a network fails anyway.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A network that does not answer for so many looks is told: three seconds.
const PATIENCE: u32 = 12;

/// An address that can't be used is tried again after so many looks, a second: a modem comes up by itself.
const AGAIN_AFTER: u32 = 4;

/// Opens each of `networks` for `endpoint` and tells `front` how they are, until it is dropped.
pub(super) async fn look_after(
    endpoint: Arc<ConsoleEndpoint>,
    networks: Vec<NetworkSettings>,
    connection: Arc<ArcSwapOption<Connection>>,
    front: Front,
) {
    let mut opened = Vec::new();
    let mut waiting: Vec<_> = networks.into_iter().map(|network| (network, Wait::Now)).collect();
    let mut watch = Watch::default();
    // No more than a name for it: it is not to be kept open.
    let mut known = Weak::new();
    loop {
        waiting.retain_mut(|(network, wait)| {
            let opens = open(&endpoint, network, wait, &front);
            opened.extend(opens.then_some(*network));
            !opens
        });
        if let Some(connection) = connection.load_full() {
            // Another connection has to prove its networks anew.
            if known.as_ptr() != Arc::as_ptr(&connection) {
                known = Arc::downgrade(&connection);
                watch = Watch::default();
            }
            for (path, news) in watch.look(&connection.paths()) {
                let name = path.checked_sub(1).and_then(|further| opened.get(further));
                let (severity, words) = words(name, news);
                front.fault(severity, words);
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether a network's address is tried, and was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Now,
    /// For so many looks; that it can't be used was told.
    For(u32),
}

fn open(endpoint: &ConsoleEndpoint, network: &NetworkSettings, wait: &mut Wait, front: &Front) -> bool {
    if let Wait::For(looks @ 1..) = wait {
        *looks -= 1;
        return false;
    }
    match endpoint.add_path((network.local, 0).into(), network.cart) {
        Ok(()) => true,
        Err(error) => {
            if *wait == Wait::Now {
                let words = format!("{} can't be used yet and is tried again: {error}", named(Some(network)));
                front.fault(Severity::Warning, words);
            }
            *wait = Wait::For(AGAIN_AFTER);
            false
        }
    }
}

/// What there is to tell of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// It is used, for the first time or again.
    Used,
    /// Nobody has answered there yet.
    Unanswered,
    /// Nothing comes over it any more.
    Lost,
}

/// What was told of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing { looks: u32 },
    Is(News),
}

/// Tells what has changed.
#[derive(Debug, Default)]
struct Watch(Vec<Told>);

impl Watch {
    /// What is new about the paths of a connection, with the number of each. That the first is used goes without saying.
    fn look(&mut self, paths: &[PathStats]) -> Vec<(usize, News)> {
        self.0.resize(paths.len(), Told::Nothing { looks: 0 });
        let mut all = Vec::new();
        for (number, (told, path)) in self.0.iter_mut().zip(paths).enumerate() {
            let news = match (&told, path.state) {
                (Told::Nothing { looks }, PathState::Silent) if *looks < PATIENCE => {
                    *told = Told::Nothing { looks: looks + 1 };
                    continue;
                }
                (Told::Nothing { .. }, PathState::Silent) => News::Unanswered,
                (Told::Nothing { .. } | Told::Is(News::Lost | News::Unanswered), PathState::Proven) => News::Used,
                (Told::Is(News::Used), PathState::Silent) => News::Lost,
                (Told::Is(News::Used), PathState::Proven)
                | (Told::Is(News::Lost | News::Unanswered), PathState::Silent) => continue,
            };
            let goes_without_saying = number == 0 && news == News::Used && matches!(told, Told::Nothing { .. });
            *told = Told::Is(news);
            if !goes_without_saying {
                all.push((number, news));
            }
        }
        all
    }
}

fn named(network: Option<&NetworkSettings>) -> String {
    match network {
        Some(NetworkSettings { local, cart }) => format!("the network from {local} to {cart}"),
        None => "the first network".to_owned(),
    }
}

fn words(network: Option<&NetworkSettings>, news: News) -> (Severity, String) {
    let name = named(network);
    match news {
        News::Used => (Severity::Info, format!("{name} is used as well")),
        News::Unanswered => {
            let remedy = "see that the cart is in it, that UDP can pass, and that this machine sends that way";
            (Severity::Warning, format!("nobody answers over {name}: {remedy}"))
        }
        News::Lost => (Severity::Warning, format!("{name} is lost: one that fails now ends the driving")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(state: PathState) -> PathStats {
        let peer = ([192, 0, 2, 7], 4600).into();
        PathStats { peer, state, round_trip: None, packets_sent: 0, packets_received: 0 }
    }

    fn look(watch: &mut Watch, first: PathState, second: PathState) -> Vec<(usize, News)> {
        watch.look(&[path(first), path(second)])
    }

    #[test]
    fn each_change_is_told_once() {
        use PathState::{Proven, Silent};
        let mut watch = Watch::default();
        assert_eq!(look(&mut watch, Silent, Silent), []);
        assert_eq!(look(&mut watch, Proven, Proven), [(1, News::Used)]);
        assert_eq!(look(&mut watch, Proven, Proven), []);
        assert_eq!(look(&mut watch, Proven, Silent), [(1, News::Lost)]);
        assert_eq!(look(&mut watch, Proven, Silent), []);
        assert_eq!(look(&mut watch, Silent, Proven), [(0, News::Lost), (1, News::Used)]);
        assert_eq!(look(&mut watch, Proven, Proven), [(0, News::Used)]);
    }

    #[test]
    fn a_network_that_never_answered_is_told_after_a_while() {
        let mut watch = Watch::default();
        for _ in 0..PATIENCE {
            assert_eq!(look(&mut watch, PathState::Proven, PathState::Silent), []);
        }
        assert_eq!(look(&mut watch, PathState::Proven, PathState::Silent), [(1, News::Unanswered)]);
        assert_eq!(look(&mut watch, PathState::Proven, PathState::Silent), []);
        assert_eq!(look(&mut watch, PathState::Proven, PathState::Proven), [(1, News::Used)]);
    }

    #[test]
    fn a_connection_with_one_path_has_no_news() {
        assert_eq!(Watch::default().look(&[]), []);
    }

    #[test]
    fn the_words_name_the_network_and_what_to_do() {
        let network = NetworkSettings { local: [198, 51, 100, 7].into(), cart: ([203, 0, 113, 9], 4600).into() };
        let (severity, said) = words(Some(&network), News::Unanswered);
        assert_eq!(severity, Severity::Warning);
        assert!(said.contains("from 198.51.100.7 to 203.0.113.9:4600") && said.contains("see that"), "{said}");
        assert_eq!(words(None, News::Lost).1, "the first network is lost: one that fails now ends the driving");
    }
}
