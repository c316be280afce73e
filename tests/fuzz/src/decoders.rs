//! Bytes that become values.

use arbitrary::Unstructured;
use bytes::Bytes;
use farprobe_control::ArmModel;
use farprobe_devices::handle::script::ScriptHandle;
use farprobe_devices::handle::spacemouse::Report;
use farprobe_geom::Time;
use farprobe_media::fuzzing::{VideoPacket, assemble};
use farprobe_media::stamp_of;
use farprobe_proto::{CartDatagram, CartMessage, ConsoleDatagram, ConsoleMessage, Wire};
use farprobe_transport::fuzzing::{cut, knock, path_of};
use nalgebra::Isometry3;

/// The most packets of one input: a few pictures of them.
const MAX_PACKETS: usize = 256;

/// What is accepted is a value that can be said again and means the same.
fn reads<T: Wire>(bytes: &[u8]) {
    let Ok(value) = T::decode(bytes) else { return };
    let Some(again) = value.encode() else {
        // A text that was shorter in an encoding that nobody would choose.
        assert!(bytes.len() > T::MAX_BYTES / 2, "what was read can't be said");
        return;
    };
    // Not the same bytes: a number may be written in more than one way.
    let same = T::decode(&again).ok().and_then(|value| value.encode());
    assert_eq!(same, Some(again), "what was read is not what is said");
}

/// A datagram from a console.
pub fn console_datagram(bytes: &[u8]) {
    reads::<ConsoleDatagram>(bytes);
}

/// A datagram from a cart.
pub fn cart_datagram(bytes: &[u8]) {
    reads::<CartDatagram>(bytes);
}

/// A message of a console's control stream.
pub fn console_message(bytes: &[u8]) {
    reads::<ConsoleMessage>(bytes);
}

/// A message of a cart's control stream.
pub fn cart_message(bytes: &[u8]) {
    reads::<CartMessage>(bytes);
}

/// An access unit of H.264, of which the stamp is read.
pub fn picture_stamp(bytes: &[u8]) {
    if let Some(stamp) = stamp_of(bytes) {
        assert!(stamp.encode().is_some());
    }
}

/// A stream that arrives in pieces: the same frames come out, whatever the pieces.
pub fn stream_frames(bytes: &[u8]) {
    /// Small, so that frames that are too long are met.
    const LIMIT: usize = 64;
    let Some((size, stream)) = bytes.split_first() else { return };
    let whole = cut([stream], LIMIT);
    let pieces = cut(stream.chunks(usize::from(*size) + 1), LIMIT);
    assert_eq!(whole, pieces, "the pieces in which a stream arrives decide what it says");
    let spoken: usize = whole.0.iter().map(|frame| frame.len() + 4).sum();
    assert!(spoken <= stream.len() && whole.0.iter().all(|frame| frame.len() <= LIMIT));
}

/// A knock on a further path. What is taken for one was sealed by who has the keys, and the fuzzer's seeds are all there is.
pub fn path_knock(bytes: &[u8]) {
    if let Some(path) = path_of(bytes) {
        assert!((0..=u64::from(u8::MAX)).any(|number| knock(path, number) == bytes), "{bytes:?} was sealed by nobody");
    }
}

/// RTP packets in any order, with any numbers, at any times.
pub fn video_packets(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let mut packets = Vec::new();
    let mut now = Time::ZERO;
    while let (Ok((sequence, timestamp, marker, later_ms, length)), true) =
        (input.arbitrary::<(u16, u8, bool, u8, u8)>(), packets.len() < MAX_PACKETS)
    {
        let Ok(payload) = input.bytes(usize::from(length).min(input.len())) else { break };
        now = Time::from_nanos(now.as_nanos() + u64::from(later_ms) * 1_000_000);
        let payload = Bytes::copy_from_slice(payload);
        packets.push(VideoPacket { sequence, timestamp: u32::from(timestamp), marker, payload, at: now });
    }
    let arrived: usize = packets.iter().map(|packet| packet.payload.len()).sum();
    for unit in assemble(packets) {
        // A start code is four bytes and stands for at least one byte that arrived.
        assert!(unit.len() <= 5 * arrived, "{} bytes out of {arrived}", unit.len());
    }
}

/// The file that describes an arm.
pub fn arm_description(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match ArmModel::from_urdf(text, Isometry3::identity()) {
        Ok(model) => assert!(model.axes() > 0),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The file of a scripted exam.
pub fn exam_script(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match ScriptHandle::parse("fuzzed", text, crate::seeds::scanner_settings()) {
        Ok(script) => assert!(script.marks().iter().all(|mark| !mark.is_empty())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A report of a 6-DoF mouse.
pub fn mouse_report(bytes: &[u8]) {
    // Most bytes are no report, and a report is any numbers: there is nothing else to hold it to.
    let _ = Report::parse(bytes);
}
