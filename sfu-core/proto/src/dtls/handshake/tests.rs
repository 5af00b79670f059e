use super::*;

fn fragment(sequence: u16, length: usize, offset: usize, body: &[u8]) -> Fragment<'_> {
    Fragment {
        kind: CLIENT_HELLO,
        length,
        sequence,
        offset,
        body,
    }
}

#[test]
fn a_fragment_reads_as_the_rfc_draws_it() {
    let bytes = [1, 0, 1, 2, 0, 3, 0, 0, 0xff, 0, 0, 2, 9, 8, 7];
    let (read, rest) = Fragment::split_first(&bytes).unwrap();
    assert_eq!((read.kind, read.length, read.sequence), (1, 0x102, 3));
    assert_eq!((read.offset, read.body), (0xff, &[9, 8][..]));
    assert_eq!(rest, [7]);
    for len in 0..14 {
        let cut = Fragment::split_first(&bytes[..len]);
        assert_eq!(cut, Err(BadFragment::Truncated), "{len} bytes");
    }
}

#[test]
fn a_fragment_without_bytes_is_refused_unless_the_message_has_none() {
    let empty = [1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(Fragment::split_first(&empty), Err(BadFragment::Empty));
    let hello_done = [14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let (read, _) = Fragment::split_first(&hello_done).unwrap();
    let mut reassembler = Reassembler::default();
    reassembler.push(&read).unwrap();
    assert_eq!(reassembler.whole().unwrap().bytes, hello_done);
}

#[test]
fn a_fragment_beyond_its_message_is_refused() {
    let beyond = [1, 0, 0, 4, 0, 0, 0, 0, 3, 0, 0, 2, 1, 1];
    assert_eq!(Fragment::split_first(&beyond), Err(BadFragment::Beyond));
}

#[test]
fn fragments_in_any_order_make_the_message() {
    let mut reassembler = Reassembler::default();
    assert_eq!(
        reassembler.push(&fragment(0, 6, 4, b"ef")),
        Ok(Progress::Held)
    );
    assert_eq!(reassembler.whole(), None);
    reassembler.push(&fragment(0, 6, 0, b"abc")).unwrap();
    assert_eq!(reassembler.whole(), None);
    reassembler.push(&fragment(0, 6, 2, b"cde")).unwrap();
    let whole = reassembler.whole().unwrap();
    assert_eq!(whole.bytes[..12], [1, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 6]);
    assert_eq!(whole.body(), b"abcdef");
}

#[test]
fn messages_come_out_in_order_and_once() {
    let mut reassembler = Reassembler::default();
    reassembler.push(&fragment(1, 1, 0, b"b")).unwrap();
    assert_eq!(reassembler.whole(), None);
    reassembler.push(&fragment(0, 1, 0, b"a")).unwrap();
    assert_eq!(reassembler.whole().unwrap().body(), b"a");
    reassembler.accept();
    assert_eq!(reassembler.whole().unwrap().body(), b"b");
    reassembler.accept();
    assert_eq!(reassembler.whole(), None);
    let again = reassembler.push(&fragment(0, 1, 0, b"a"));
    assert_eq!(again, Ok(Progress::Repeated));
}

#[test]
fn overlapping_fragments_must_agree_or_both_are_forgotten() {
    let mut reassembler = Reassembler::default();
    reassembler.push(&fragment(0, 4, 0, b"abc")).unwrap();
    for liar in [
        fragment(0, 4, 2, b"xd"),
        fragment(0, 5, 3, b"d"),
        Fragment {
            kind: 2,
            ..fragment(0, 4, 3, b"d")
        },
    ] {
        reassembler.push(&fragment(0, 4, 0, b"abc")).unwrap();
        assert_eq!(reassembler.push(&liar), Err(BadFragment::Contradiction));
        assert!(reassembler.partials.is_empty());
    }
    reassembler.push(&fragment(0, 4, 0, b"abcd")).unwrap();
    assert_eq!(reassembler.whole().unwrap().body(), b"abcd");
}

#[test]
fn a_message_that_never_ends_holds_a_bounded_amount() {
    let mut reassembler = Reassembler::default();
    for offset in (0..HANDSHAKE_BYTES_MAX - 1).cycle().take(50_000) {
        let piece = fragment(0, HANDSHAKE_BYTES_MAX, offset, &[0]);
        reassembler.push(&piece).unwrap();
    }
    assert_eq!(reassembler.whole(), None);
    assert_eq!(reassembler.held(), HANDSHAKE_BYTES_MAX);
    let too_long = fragment(1, HANDSHAKE_BYTES_MAX + 1, 0, &[0]);
    assert_eq!(reassembler.push(&too_long), Err(BadFragment::TooLong));
    let no_room = fragment(1, 1, 0, &[0]);
    assert_eq!(reassembler.push(&no_room), Err(BadFragment::TooLong));
    let outside = fragment(HANDSHAKE_MESSAGES_MAX, 1, 0, &[0]);
    assert_eq!(reassembler.push(&outside), Err(BadFragment::OutOfWindow));
}

#[test]
fn a_forged_later_message_gives_way_to_an_earlier_one() {
    let mut reassembler = Reassembler::default();
    reassembler
        .push(&fragment(3, HANDSHAKE_BYTES_MAX, 0, &[0]))
        .unwrap();
    reassembler.push(&fragment(0, 2, 0, b"ab")).unwrap();
    assert_eq!(reassembler.whole().unwrap().body(), b"ab");
}

#[test]
fn a_discarded_message_may_be_replaced() {
    let mut reassembler = Reassembler::default();
    reassembler.push(&fragment(0, 1, 0, b"x")).unwrap();
    reassembler.discard();
    reassembler.push(&fragment(0, 2, 0, b"ab")).unwrap();
    assert_eq!(reassembler.whole().unwrap().body(), b"ab");
}
