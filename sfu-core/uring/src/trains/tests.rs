use sfu_proto::limits::{BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX};
use sfu_proto::packet::{SendBatch, SocketIndex};

use super::*;

fn route(socket: u8, port: u16) -> Route {
    Route {
        socket: SocketIndex(socket),
        remote: ([127, 0, 0, 1], port).into(),
    }
}

/// The counts of the trains that a batch of (port, length) makes.
fn cut(datagrams: &[(u16, usize)]) -> Vec<usize> {
    let mut batch = SendBatch::new(BATCH_BYTES_MAX, BATCH_DATAGRAMS_MAX);
    for (port, len) in datagrams {
        batch.slot(route(0, *port), *len).unwrap();
    }
    counts(batch.outgoing(), 64)
}

fn counts(outgoing: &[Outgoing], count_max: usize) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut next = 0;
    while let Some(train) = Train::starting_at(outgoing, next, count_max) {
        assert_eq!(train.first, next);
        counts.push(train.count);
        next = train.end();
    }
    assert_eq!(next, outgoing.len());
    counts
}

#[test]
fn equal_neighbours_are_one_train() {
    assert_eq!(cut(&[(1, 1100); 10]), [10]);
}

#[test]
fn a_shorter_last_closes_the_train() {
    assert_eq!(cut(&[(1, 1100), (1, 1100), (1, 700)]), [3]);
    assert_eq!(cut(&[(1, 1100), (1, 700), (1, 700), (1, 700)]), [2, 2]);
}

#[test]
fn a_longer_one_starts_a_train() {
    assert_eq!(cut(&[(1, 1100), (1, 1100), (1, 1101), (1, 1101)]), [2, 2]);
}

#[test]
fn another_address_or_socket_starts_a_train() {
    assert_eq!(cut(&[(1, 100), (2, 100), (2, 100), (1, 100)]), [1, 2, 1]);
    let outgoing = |socket, start| Outgoing {
        route: route(socket, 1),
        start,
        len: 100,
    };
    assert_eq!(counts(&[outgoing(0, 0), outgoing(1, 100)], 64), [1, 1]);
}

#[test]
fn a_hole_in_the_area_starts_a_train() {
    let outgoing = |start| Outgoing {
        route: route(0, 1),
        start,
        len: 100,
    };
    assert_eq!(counts(&[outgoing(0), outgoing(101)], 64), [1, 1]);
}

#[test]
fn no_train_is_longer_than_the_kernel_takes() {
    let small: Vec<_> = (0..130)
        .map(|index| Outgoing {
            route: route(0, 1),
            start: index * 100,
            len: 100,
        })
        .collect();
    assert_eq!(counts(&small, 128), [128, 2]);
    assert_eq!(cut(&[(1, 100); 130]), [64, 64, 2]);
    // 65,000 / 1,200 = 54.
    assert_eq!(cut(&[(1, 1200); 60]), [54, 6]);
}

#[test]
fn a_datagram_that_no_ethernet_takes_goes_alone() {
    assert_eq!(cut(&[(1, 1472), (1, 1472)]), [2]);
    assert_eq!(cut(&[(1, 1473), (1, 1473)]), [1, 1]);
}

#[test]
fn empty_datagrams_go_alone() {
    assert_eq!(cut(&[(1, 0), (1, 0)]), [1, 1]);
    assert_eq!(cut(&[(1, 100), (1, 0), (1, 100)]), [1, 1, 1]);
}

#[test]
fn where_no_train_may_go_each_goes_alone() {
    let outgoing = [0, 100, 200].map(|start| Outgoing {
        route: route(0, 1),
        start,
        len: 100,
    });
    assert_eq!(counts(&outgoing, 1), [1, 1, 1]);
    assert_eq!(counts(&outgoing, 64), [3]);
}

#[test]
fn a_train_covers_its_bytes() {
    let mut batch = SendBatch::new(1000, 10);
    batch.slot(route(0, 1), 10).unwrap();
    for len in [100, 100, 50] {
        batch.slot(route(0, 2), len).unwrap();
    }
    let train = Train::starting_at(batch.outgoing(), 1, 64).unwrap();
    assert_eq!(train.range(), 10..260);
    assert_eq!((train.segment, train.bytes, train.end()), (100, 250, 4));
    assert_eq!(Train::starting_at(batch.outgoing(), 4, 64), None);
}
