//! Two ends of a further path, and somebody between them who would like to be one.

use super::knock::KNOCK_BYTES;
use super::knock::tests::keys;
use super::*;

/// What a path sends from, here.
type Port = &'static str;

fn address(number: u8) -> SocketAddr {
    ([192, 0, 2, number], 4433).into()
}

const FIRST_OF_CART: u8 = 100;
const CART: u8 = 1;
const CONSOLE: u8 = 2;
const STRANGER: u8 = 3;

/// Both ends of a connection, and the time.
struct Ends {
    console: Paths<Port>,
    cart: Paths<Port>,
    now: Instant,
}

impl Ends {
    fn new() -> Self {
        let (mut console, mut cart) = (Paths::new(Side::Client), Paths::new(Side::Server));
        assert!(console.add(address(FIRST_OF_CART), address(CART), "second"));
        console.introduce(keys(Side::Client, 1), &[7; 32]);
        cart.introduce(keys(Side::Server, 1), &[8; 32]);
        Self { console, cart, now: Instant::now() }
    }

    fn after(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    fn knock(&mut self) -> Sealed {
        match &self.console.due(self.now)[..] {
            [(_, first), (knock, target)] => {
                assert_eq!((first.peer, first.socket), (address(FIRST_OF_CART), None));
                assert_eq!((target.peer, target.socket), (address(CART), Some(&"second")));
                *knock
            }
            other => panic!("{other:?}"),
        }
    }

    fn cart_hears(&mut self, knock: &Sealed, from: u8) -> Option<Heard> {
        self.cart.hear(self.now, address(from), None, knock)
    }

    fn console_hears(&mut self, answer: &Sealed, from: u8) -> Option<Heard> {
        self.console.hear(self.now, address(from), None, answer)
    }

    /// Until both have proven each other.
    fn prove(&mut self) {
        let knock = self.knock();
        let answer = self.cart_hears(&knock, CONSOLE).unwrap().answer.unwrap();
        let proof = self.console_hears(&answer, CART).unwrap().answer.unwrap();
        let _ = self.cart_hears(&proof, CONSOLE).unwrap();
    }

    /// How many copies go where, of each end.
    fn copies(&mut self) -> [Vec<SocketAddr>; 2] {
        let now = self.now;
        [&mut self.console, &mut self.cart]
            .map(|paths| paths.copies(now, address(FIRST_OF_CART)).map(|target| target.peer).collect())
    }
}

#[test]
fn each_end_sends_there_once_the_other_has_answered_and_not_before() {
    let mut ends = Ends::new();
    let nowhere = [vec![], vec![]];
    assert_eq!(ends.copies(), nowhere);
    let knock = ends.knock();
    ends.after(30);
    let heard = ends.cart_hears(&knock, CONSOLE).unwrap();
    assert_eq!((heard.newly, heard.formerly), (Some(address(CONSOLE)), None));
    assert_eq!(ends.copies(), nowhere, "somebody may have sent it from there in the console's stead");
    ends.after(30);
    let proof = ends.console_hears(&heard.answer.unwrap(), CART).unwrap();
    assert_eq!(ends.copies(), [vec![address(CART)], vec![]]);
    ends.after(30);
    assert_eq!(ends.cart_hears(&proof.answer.unwrap(), CONSOLE).unwrap().newly, None);
    assert_eq!(ends.copies(), [vec![address(CART)], vec![address(CONSOLE)]]);
    let round_trips = [&ends.console, &ends.cart].map(|end| end.stats(ends.now).last().unwrap().round_trip);
    assert_eq!(round_trips, [Some(Duration::from_millis(60)); 2]);
}

#[test]
fn the_round_trip_is_without_the_time_an_answer_waited() {
    let mut ends = Ends::new();
    ends.prove();
    ends.after(100);
    let knock = ends.knock();
    ends.after(20);
    let answer = ends.cart_hears(&knock, CONSOLE).unwrap().answer.unwrap();
    ends.after(20);
    assert_eq!(ends.console_hears(&answer, CART).unwrap().answer, None, "the cart is proven already");
    ends.after(70);
    let next = ends.knock();
    ends.after(20);
    let _ = ends.cart_hears(&next, CONSOLE).unwrap();
    assert_eq!(ends.cart.stats(ends.now)[0].round_trip, Some(Duration::from_millis(40)));
}

#[test]
fn a_console_knocks_all_the_time_and_a_cart_only_answers() {
    let mut ends = Ends::new();
    let _ = ends.knock();
    assert!(ends.console.due(ends.now).is_empty());
    ends.after(99);
    assert!(ends.console.due(ends.now).is_empty());
    ends.after(1);
    let knock = ends.knock();
    let _ = ends.cart_hears(&knock, CONSOLE);
    ends.after(1000);
    assert!(ends.cart.due(ends.now).is_empty());
}

#[test]
fn a_proof_is_good_for_a_second() {
    let mut ends = Ends::new();
    ends.prove();
    ends.after(1000);
    assert_eq!(ends.copies(), [vec![address(CART)], vec![address(CONSOLE)]]);
    ends.after(1);
    assert_eq!(ends.copies(), [vec![], vec![]]);
    ends.prove();
    assert_eq!(ends.copies(), [vec![address(CART)], vec![address(CONSOLE)]]);
}

#[test]
fn an_answer_that_was_more_than_a_second_under_way_proves_nothing() {
    for (delay, proves) in [(1000, true), (1001, false)] {
        let mut ends = Ends::new();
        let knock = ends.knock();
        let answer = ends.cart_hears(&knock, CONSOLE).unwrap().answer.unwrap();
        ends.after(delay);
        let _ = ends.console_hears(&answer, CART);
        assert_eq!(ends.copies()[0].len(), usize::from(proves), "{delay} ms");
    }
}

#[test]
fn what_was_heard_before_is_not_heard_again() {
    let mut ends = Ends::new();
    let knock = ends.knock();
    let heard = ends.cart_hears(&knock, CONSOLE).unwrap();
    assert_eq!(ends.cart_hears(&knock, CONSOLE), None);
    assert_eq!(ends.cart_hears(&knock, STRANGER), None, "nor from elsewhere");
    let answer = heard.answer.unwrap();
    assert!(ends.console_hears(&answer, CART).is_some());
    assert_eq!(ends.console_hears(&answer, CART), None);
}

#[test]
fn who_lets_a_knock_out_elsewhere_gets_an_answer_and_nothing_more() {
    let mut ends = Ends::new();
    ends.prove();
    ends.after(100);
    let knock = ends.knock();
    let heard = ends.cart_hears(&knock, STRANGER).unwrap();
    assert_eq!((heard.newly, heard.formerly), (Some(address(STRANGER)), Some(address(CONSOLE))));
    assert_eq!(heard.answer.map(|answer| answer.len()), Some(KNOCK_BYTES));
    assert_eq!(ends.copies()[1], []);
    // The console's next knock tells where it really is, and answers what it was asked there before, which proves nothing any more.
    ends.after(100);
    let knock = ends.knock();
    let answer = ends.cart_hears(&knock, CONSOLE).unwrap().answer.unwrap();
    assert_eq!(ends.copies()[1], []);
    let _ = ends.console_hears(&answer, CART).unwrap();
    ends.after(100);
    let knock = ends.knock();
    let _ = ends.cart_hears(&knock, CONSOLE).unwrap();
    assert_eq!(ends.copies()[1], [address(CONSOLE)]);
}

#[test]
fn a_console_that_claims_to_have_heard_what_it_has_not_proves_nothing() {
    let mut ends = Ends::new();
    let knock = ends.knock();
    let _ = ends.cart_hears(&knock, STRANGER);
    // It knows the keys, and that the cart counts its knocks from 1; but not what was asked.
    for guess in 1..200 {
        let echo = Some(Echo { challenge: guess, held: Duration::ZERO });
        let claim = keys(Side::Client, 1).seal(&Knock { path: 1, number: 1 + guess, challenge: 5, echo });
        assert!(ends.cart_hears(&claim, STRANGER).is_some());
    }
    assert_eq!(ends.copies()[1], []);
}

#[test]
fn a_cart_is_where_the_console_was_told_to_look_for_it() {
    let mut ends = Ends::new();
    let knock = ends.knock();
    let answer = ends.cart_hears(&knock, CONSOLE).unwrap().answer.unwrap();
    assert_eq!(ends.console_hears(&answer, STRANGER), None);
    assert!(ends.console_hears(&answer, CART).is_some());
}

#[test]
fn nobody_is_heard_before_the_connection_stands_nor_by_another_connection() {
    let mut ends = Ends::new();
    let knock = ends.knock();
    let mut early = Paths::<Port>::new(Side::Server);
    assert_eq!(early.hear(ends.now, address(CONSOLE), None, &knock), None);
    assert!(Paths::<Port>::new(Side::Client).due(ends.now).is_empty());
    ends.cart.introduce(keys(Side::Server, 2), &[8; 32]);
    assert_eq!(ends.cart_hears(&knock, CONSOLE), None);
}

#[test]
fn there_are_no_more_paths_than_there_may_be() {
    let mut ends = Ends::new();
    let mut add = |name| ends.console.add(address(FIRST_OF_CART), address(CART), name);
    assert!(add("third") && !add("fourth"));
    for path in [0, 1, 3, 9] {
        let knock = keys(Side::Client, 1).seal(&Knock { path, number: 1, challenge: 5, echo: None });
        assert_eq!(ends.cart_hears(&knock, CONSOLE).is_some(), path < 9, "the third of them is one too many");
    }
    // Nor does a console learn of any by a knock.
    let knock = keys(Side::Server, 1).seal(&Knock { path: 5, number: 1, challenge: 5, echo: None });
    assert_eq!(ends.console_hears(&knock, CART), None);
}

#[test]
fn a_cart_copies_nothing_while_the_first_path_is_at_a_new_address() {
    let mut ends = Ends::new();
    ends.prove();
    let now = ends.now;
    let copies = |ends: &mut Ends, now, first| {
        let [console, cart] = [&mut ends.console, &mut ends.cart].map(|end| end.copies(now, address(first)).count());
        (console, cart)
    };
    assert_eq!(copies(&mut ends, now, 100), (1, 1));
    assert_eq!(copies(&mut ends, now, 101), (1, 0));
    let later = now + SETTLING;
    // The proofs of before are just too old.
    ends.now = later + Duration::from_millis(1);
    ends.prove();
    assert_eq!(copies(&mut ends, now + Duration::from_millis(999), 101), (1, 0));
    assert_eq!(copies(&mut ends, later, 101), (1, 1));
}

#[test]
fn what_goes_out_and_comes_in_is_counted() {
    let mut ends = Ends::new();
    ends.prove();
    for _ in 0..3 {
        let _ = ends.copies();
    }
    ends.cart.note(address(CONSOLE));
    ends.cart.note(address(STRANGER));
    let stats = ends.cart.stats(ends.now)[0];
    assert_eq!((stats.packets_sent, stats.packets_received, stats.state), (3, 1, PathState::Proven));
    ends.cart.close();
    assert!(ends.cart.is_empty() && !ends.console.is_empty());
}

#[test]
fn the_first_path_is_knocked_on_too_and_gets_copies_where_quic_does_not_know_it() {
    let mut ends = Ends::new();
    let now = ends.now;
    let knock = |ends: &mut Ends, from| {
        let first = ends.console.due(ends.now)[0].0;
        let answer = ends.cart_hears(&first, from).unwrap().answer.unwrap();
        if let Some(proof) = ends.console_hears(&answer, FIRST_OF_CART).unwrap().answer {
            let _ = ends.cart_hears(&proof, from).unwrap();
        }
    };
    let copies = |ends: &mut Ends, now| -> Vec<SocketAddr> {
        ends.cart.copies(now, address(CONSOLE)).map(|target| target.peer).collect()
    };
    knock(&mut ends, CONSOLE);
    assert_eq!(copies(&mut ends, now), [], "where everything goes anyway");
    assert_eq!(ends.cart.stats(now)[0].state, PathState::Proven);
    // The console has another address now, of which nothing has come first.
    for millis in [100, 200] {
        ends.now = now + Duration::from_millis(millis);
        knock(&mut ends, STRANGER);
    }
    let now = ends.now;
    assert_eq!(copies(&mut ends, now), [address(STRANGER)]);
    assert_eq!(ends.copies()[0], [], "the cart is where it was");
}
