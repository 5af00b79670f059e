use super::*;

const MEETING: MeetingId = MeetingId(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);

const KEY: LayerKey = LayerKey {
    index: 0xa1a2_a3a4,
    generation: 0xb1b2_b3b4,
};

const SOUND: TrackNews = TrackNews {
    track: 9,
    participant: ParticipantId(0xc1c2_c3c4),
    source: Source::Audio,
    codec: Codec::Opus,
    layers: [Some((KEY, true)), None, None],
    loudness: 31,
    last_speech: Some(Instant::from_nanos(77)),
};

fn picture(payload: &[u8]) -> PacketNews<'_> {
    PacketNews {
        layer: KEY,
        sequence: 0x1_0000_0001,
        arrival: Instant::from_nanos(0xd1d2_d3d4_d5d6_d7d8),
        info: PacketInfo {
            timestamp: 0x2_0000_0003,
            marker: true,
            starts_key_frame: true,
            audio_level: None,
            padding: 0,
            vp8: Vp8Numbers {
                picture_id: Some(PictureId {
                    value: 0x7ffe,
                    is_15_bit: true,
                }),
                tl0picidx: Some(5),
            },
        },
        payload,
    }
}

fn messages() -> Vec<Message<'static>> {
    let camera = TrackNews {
        source: Source::Camera,
        codec: Codec::Vp8,
        layers: [Some((KEY, false)), Some((KEY, true)), Some((KEY, false))],
        last_speech: None,
        ..SOUND
    };
    let voice = PacketNews {
        info: PacketInfo {
            audio_level: Some(0x80 | 20),
            ..PacketInfo::default()
        },
        ..picture(&[])
    };
    let wish = |is_watched, key_frame| {
        Message::Wish(Wish {
            layer: KEY,
            is_watched,
            key_frame,
        })
    };
    vec![
        Message::Packet(picture(&[1, 2, 3])),
        Message::Packet(picture(&[7; DATAGRAM_BYTES_MAX])),
        Message::Packet(voice),
        Message::Track(SOUND),
        Message::Track(camera),
        Message::Gone { track: 3 },
        wish(true, true),
        wish(true, false),
        wish(false, false),
    ]
}

/// Encoded over what another message has left there.
fn encoded(message: &Message<'_>) -> Vec<u8> {
    let mut slot = vec![0xff; HANDOVER_BYTES_MAX];
    let len = encode(MEETING, message, &mut slot);
    slot.truncate(len);
    slot
}

#[test]
fn every_message_comes_back_as_it_was() {
    for message in messages() {
        assert_eq!(decode(&encoded(&message)), Ok((MEETING, message)));
    }
}

#[test]
fn a_packet_lies_as_drawn() {
    let bytes = encoded(&Message::Packet(picture(&[0xee])));
    let drawn = [
        "011b0005",
        "a1a2a3a4",
        "0102030405060708090a0b0c0d0e0f10",
        "b1b2b3b4",
        "fffe0000",
        "0000000100000001",
        "0000000200000003",
        "d1d2d3d4d5d6d7d8",
        "ee",
    ];
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, drawn.concat());
}

#[test]
fn each_truncation_is_refused() {
    for message in messages() {
        let bytes = encoded(&message);
        let whole = match message {
            Message::Packet(_) => PACKET_BYTES,
            _ => bytes.len(),
        };
        for len in 0..whole {
            assert_eq!(decode(&bytes[..len]), Err(Dropped::Truncated), "{len}");
        }
    }
}

#[test]
fn what_no_part_says_is_refused() {
    let track = encoded(&Message::Track(SOUND));
    for (at, wrong) in [(0, 0), (0, 5), (1, 3), (2, 3), (3, 0), (3, 4)] {
        let mut bytes = track.clone();
        bytes[at] = wrong;
        assert_eq!(decode(&bytes), Err(Dropped::Malformed), "{at}: {wrong}");
    }
}
