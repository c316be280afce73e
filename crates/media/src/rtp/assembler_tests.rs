//! The assembler against orders, gaps and losses.

use std::time::Duration;

use bytes::Bytes;
use farprobe_geom::Time;
use proptest::prelude::*;

use super::assembler::{Assembler, Dependence, Outcome, Packet, Unit};
use super::payload;
use crate::codec::nal::START_CODE;

const WAIT: Duration = Duration::from_millis(100);

/// A picture's access unit; its number is in its bytes.
fn unit(number: u8, key: bool) -> Bytes {
    let header = if key { 0x65 } else { 0x41 };
    let mut bytes = START_CODE.to_vec();
    bytes.push(header);
    bytes.extend(std::iter::repeat_n(number | 0x80, 2500));
    bytes.into()
}

/// The packets of pictures 0, 1, 2, …; three packets each. `keys` are key pictures.
fn packets(pictures: u8, keys: &[u8], first_sequence: u16) -> Vec<Packet> {
    let mut sequence = first_sequence;
    let mut packets = Vec::new();
    for number in 0..pictures {
        let payloads = payload::split(&unit(number, keys.contains(&number)));
        assert_eq!(payloads.len(), 3);
        for (index, payload) in payloads.into_iter().enumerate() {
            let timestamp = u32::from(number) * 3000;
            let at = Time::from_millis(u64::from(number) * 33);
            packets.push(Packet { sequence, timestamp, marker: index == 2, payload, at });
            sequence = sequence.wrapping_add(1);
        }
    }
    packets
}

fn number_of(unit: &Unit) -> u8 {
    unit.data[5] & 0x7f
}

/// Pushes one packet and drains; gives (number, dependence) of units and the packets lost.
fn feed(assembler: &mut Assembler, packet: Packet, now: Time) -> (Vec<(u8, Dependence)>, u64) {
    assembler.push(packet);
    drain(assembler, now)
}

fn drain(assembler: &mut Assembler, now: Time) -> (Vec<(u8, Dependence)>, u64) {
    let (mut units, mut lost) = (Vec::new(), 0);
    while let Some(outcome) = assembler.poll(now) {
        match outcome {
            Outcome::Unit(unit) => units.push((number_of(&unit), unit.dependence)),
            Outcome::Lost { packets } => lost += packets,
            Outcome::Malformed => panic!("own packets are well formed"),
        }
    }
    (units, lost)
}

#[test]
fn a_picture_in_order_comes_out_on_its_marker_packet() {
    let mut assembler = Assembler::new(WAIT);
    for (index, packet) in packets(3, &[0], 65_533).into_iter().enumerate() {
        let now = packet.at;
        let (units, lost) = feed(&mut assembler, packet, now);
        assert_eq!(units.len(), usize::from(index % 3 == 2), "packet {index}");
        assert_eq!(lost, 0);
        assert_eq!(assembler.next_deadline(), None);
    }
    assert!(!assembler.key_wanted());
}

#[test]
fn a_retransmission_in_time_completes_its_picture_and_those_behind_it_follow() {
    let mut packets = packets(3, &[0], 10);
    let missing = packets.remove(4);
    let mut assembler = Assembler::new(WAIT);
    let mut shown = Vec::new();
    for packet in packets {
        let now = packet.at;
        shown.extend(feed(&mut assembler, packet, now).0);
    }
    assert_eq!(shown, [(0, Dependence::Sound)]);
    assert_eq!(assembler.next_deadline(), Some(Time::from_millis(33) + WAIT));
    let (units, lost) = feed(&mut assembler, missing, Time::from_millis(70));
    assert_eq!(units, [(1, Dependence::Sound), (2, Dependence::Sound)]);
    assert_eq!(lost, 0);
}

#[test]
fn a_gap_is_given_up_in_time_and_marks_all_up_to_the_next_key_picture() {
    let mut packets = packets(5, &[0, 4], 10);
    packets.remove(4); // The middle of picture 1.
    let mut assembler = Assembler::new(WAIT);
    let mut shown = Vec::new();
    for packet in packets {
        let now = packet.at;
        shown.extend(feed(&mut assembler, packet, now).0);
    }
    assert_eq!(shown, [(0, Dependence::Sound)]);
    let deadline = assembler.next_deadline().unwrap();
    assert_eq!(drain(&mut assembler, Time::from_nanos(deadline.as_nanos() - 1)), (vec![], 0));
    let (units, lost) = drain(&mut assembler, deadline);
    assert_eq!(units, [(2, Dependence::Broken), (3, Dependence::Broken), (4, Dependence::Sound)]);
    assert_eq!(lost, 1);
    assert!(!assembler.key_wanted(), "picture 4 has mended it");
}

#[test]
fn a_lost_marker_packet_costs_only_its_own_picture() {
    let mut packets = packets(4, &[0, 3], 10);
    packets.remove(5); // The last of picture 1.
    let mut assembler = Assembler::new(WAIT);
    let mut shown = Vec::new();
    for packet in packets {
        let now = packet.at;
        shown.extend(feed(&mut assembler, packet, now).0);
    }
    let (units, lost) = drain(&mut assembler, Time::from_millis(1000));
    assert_eq!((units.as_slice(), lost), (&[(2, Dependence::Broken), (3, Dependence::Sound)][..], 1));
}

#[test]
fn a_stream_joined_in_its_middle_asks_for_a_key_picture() {
    let mut assembler = Assembler::new(WAIT);
    let mut wanted = false;
    let mut shown = Vec::new();
    for packet in packets(3, &[], 10).into_iter().skip(3) {
        let now = packet.at;
        shown.extend(feed(&mut assembler, packet, now).0);
        wanted |= assembler.key_wanted();
    }
    assert_eq!(shown, [(1, Dependence::Broken), (2, Dependence::Broken)]);
    assert!(wanted);
}

#[test]
fn copies_are_counted_and_change_nothing() {
    let mut assembler = Assembler::new(WAIT);
    let mut shown = Vec::new();
    for packet in packets(2, &[0], 10) {
        let now = packet.at;
        shown.extend(feed(&mut assembler, packet.clone(), now).0);
        shown.extend(feed(&mut assembler, packet, now).0);
    }
    assert_eq!(shown.len(), 2);
    assert_eq!(assembler.useless(), 6);
}

#[test]
fn a_jump_of_the_sequence_number_is_a_new_stream() {
    let mut assembler = Assembler::new(WAIT);
    let mut shown = Vec::new();
    for packet in packets(2, &[0], 10).into_iter().chain(packets(2, &[0], 30_000)) {
        let now = packet.at;
        shown.extend(feed(&mut assembler, packet, now).0);
    }
    assert_eq!(shown.len(), 4);
}

proptest! {
    /// Within the wait, any order gives every picture, sound and in order.
    #[test]
    fn any_order_within_a_window_gives_all_pictures(
        shuffles in proptest::collection::vec(0_usize..6, 30),
        first_sequence: u16,
    ) {
        let mut packets = packets(10, &[0], first_sequence);
        // The first packet stays first: nothing before it is known to have been sent.
        for (index, shuffle) in shuffles.iter().enumerate().skip(1) {
            let with = (index + shuffle).min(packets.len() - 1);
            packets.swap(index, with);
        }
        let mut assembler = Assembler::new(WAIT);
        let mut shown = Vec::new();
        for packet in packets {
            let (units, lost) = feed(&mut assembler, packet, Time::ZERO);
            shown.extend(units);
            prop_assert_eq!(lost, 0);
        }
        prop_assert_eq!(shown, (0..10).map(|number| (number, Dependence::Sound)).collect::<Vec<_>>());
    }

    /// Whatever is lost, what comes out is in order, a sound picture follows only sound ones since the last key picture, and
    /// after the wait nothing is held back.
    #[test]
    fn any_loss_is_survived(lost in proptest::collection::vec(any::<bool>(), 60), keys in proptest::collection::vec(0_u8..20, 0..4)) {
        let all = packets(20, &keys, 65_500);
        let mut assembler = Assembler::new(WAIT);
        let mut shown = Vec::new();
        for (packet, lost) in all.iter().zip(&lost) {
            if !lost {
                let now = packet.at;
                shown.extend(feed(&mut assembler, packet.clone(), now).0);
            }
        }
        shown.extend(drain(&mut assembler, Time::from_millis(10_000)).0);
        prop_assert!(shown.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let whole = |number: u8| lost[usize::from(number) * 3..][..3].iter().all(|lost| !lost);
        for &(number, dependence) in &shown {
            prop_assert!(whole(number), "picture {} came out torn", number);
            let key = (0..=number).rev().find(|candidate| keys.contains(candidate));
            let sound = key.is_some_and(|key| (key..=number).all(whole));
            if dependence == Dependence::Sound {
                prop_assert!(sound, "picture {} claims to be sound", number);
            }
        }
    }
}
