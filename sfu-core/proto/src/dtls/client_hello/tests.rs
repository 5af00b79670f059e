use super::super::{ContentType, Fragment, Reassembler, Records, handshake, record};
use super::*;

fn vector(length_bytes: usize, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut bytes = length[4 - length_bytes..].to_vec();
    bytes.extend(content);
    bytes
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend(vector(2, data));
    bytes
}

fn list(numbers: &[u16]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    vector(2, &bytes)
}

/// As Chromium 156 sends it: 14 suites, DTLS 1.3 with an ML-KEM key share, SHA1 profile first.
fn chromium(cookie: &[u8]) -> Vec<u8> {
    let mut key_share = vec![0x11, 0xec];
    key_share.extend(vector(2, &[0xa5; 1_216]));
    key_share.extend([0, 0x1d]);
    key_share.extend(vector(2, &[0x5a; 32]));
    let mut use_srtp = list(&[0x0001, 0x0008, 0x0007]);
    use_srtp.push(0);
    let extensions = [
        extension(23, &[]),
        extension(0xff01, &[0]),
        extension(10, &list(&[0x11ec, 0x1d, 0x17, 0x18])),
        extension(11, &[1, 0]),
        extension(13, &list(&[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501])),
        extension(14, &use_srtp),
        extension(43, &[4, 0xfe, 0xfc, 0xfe, 0xfd]),
        extension(51, &vector(2, &key_share)),
    ]
    .concat();
    let mut body = vec![0xfe, 0xfd];
    body.extend([7; 32]);
    body.push(0);
    body.extend(vector(1, cookie));
    body.extend(list(&[
        0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014,
        0x9c, 0x2f, 0x35,
    ]));
    body.extend([1, 0]);
    body.extend(vector(2, &extensions));
    body
}

/// The datagrams of a message, cut at `body_max`.
fn datagrams(body: &[u8], body_max: usize) -> Vec<Vec<u8>> {
    let length = &u32::try_from(body.len()).unwrap().to_be_bytes()[1..];
    let pieces = body.chunks(body_max).enumerate().map(|(index, piece)| {
        let offset = &u32::try_from(index * body_max).unwrap().to_be_bytes()[1..];
        let piece_length = &u32::try_from(piece.len()).unwrap().to_be_bytes()[1..];
        let head = [
            &[handshake::CLIENT_HELLO],
            length,
            &[0, 0],
            offset,
            piece_length,
        ]
        .concat();
        let fragment = [head, piece.to_vec()].concat();
        record::plaintext(ContentType::Handshake, index as u64, &fragment).unwrap()
    });
    pieces.collect()
}

fn feed(reassembler: &mut Reassembler, datagram: &[u8]) {
    for record in Records::new(datagram) {
        let mut rest = record.fragment;
        while let Ok((fragment, after)) = Fragment::split_first(rest) {
            let _refused = reassembler.push(&fragment);
            rest = after;
        }
    }
}

#[test]
fn chromiums_hello_comes_in_two_datagrams() {
    let body = chromium(&[]);
    let sent = datagrams(&body, 1_175);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].len(), 1_200);
    for order in [[0, 1], [1, 0]] {
        let mut reassembler = Reassembler::default();
        feed(&mut reassembler, &sent[order[0]]);
        assert_eq!(reassembler.whole(), None);
        feed(&mut reassembler, &sent[order[1]]);
        let hello = ClientHello::parse(reassembler.whole().unwrap().body()).unwrap();
        assert_eq!(hello.version, [0xfe, 0xfd]);
        assert!(hello.srtp_profiles().eq([1, 8, 7]));
        assert_eq!(hello.best_srtp_profile(), Some(Profile::AeadAes128Gcm));
        assert!(hello.extended_master_secret);
        assert!(hello.groups().unwrap().eq([0x11ec, 0x1d, 0x17, 0x18]));
        assert!(hello.cipher_suites().any(|suite| suite == 0xc02b));
    }
}

#[test]
fn the_second_hello_differs_in_its_cookie_only() {
    let (first, second) = (chromium(&[]), chromium(&[9; 20]));
    let first = ClientHello::parse(&first).unwrap();
    let second = ClientHello::parse(&second).unwrap();
    assert_eq!(second.cookie, [9; 20]);
    assert!(second.differs_in_cookie_only(&first));
    for at in [0, 10, 36, 60] {
        let mut other = chromium(&[]);
        other[at] ^= 1;
        if let Ok(other) = ClientHello::parse(&other) {
            assert!(!second.differs_in_cookie_only(&other), "byte {at}");
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let body = chromium(&[1; 20]);
    // Without any extension block a hello is whole (RFC 5246 §7.4.1.2).
    let bare = 2 + 32 + 1 + 21 + 2 + 28 + 2;
    for len in 0..body.len() {
        assert_eq!(
            ClientHello::parse(&body[..len]).is_ok(),
            len == bare,
            "{len} bytes"
        );
    }
    let mut longer = body;
    longer.push(0);
    assert_eq!(ClientHello::parse(&longer), Err(BadClientHello::Malformed));
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    let odd_suites = {
        let mut body = chromium(&[]);
        body[37] = 3;
        body
    };
    assert!(ClientHello::parse(&odd_suites).is_err());
    let long_session_id = {
        let mut body = chromium(&[]);
        body[34] = 33;
        body
    };
    assert!(ClientHello::parse(&long_session_id).is_err());
}

#[test]
fn mutations_never_panic() {
    let sent = datagrams(&chromium(&[3; 20]), 600);
    // A plain generator, seeded, so that a failure comes again.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let mut parsed = 0;
    for _ in 0..20_000 {
        let mut reassembler = Reassembler::default();
        for datagram in &sent {
            let mut datagram = datagram.clone();
            if random() % 4 == 0 {
                let at = random() % datagram.len();
                datagram[at] = u8::try_from(random() & 0xff).unwrap();
            }
            if random() % 16 == 0 {
                datagram.truncate(random() % datagram.len());
            }
            feed(&mut reassembler, &datagram);
        }
        if let Some(message) = reassembler.whole() {
            parsed += usize::from(ClientHello::parse(message.body()).is_ok());
        }
    }
    assert!(
        parsed > 1_000,
        "most mutations hit bytes that only the engine reads: {parsed}"
    );
}
