//! Crypto and sending in one loop: the send area is sealed into and handed over. What a forwarder
//! would cost that received nothing and looked nothing up.

use sfu_proto::srtp::CryptoBackend;
use sfu_uring::DriverChoice;

use super::bursts::{self, Bursts, Cpus, Length};
use super::crypto::{AwsLc, Ring, Seal, Sealer, payloads};
use super::fastest_cipher::fastest_cipher;
use super::outlet::Outlet;
use super::shape::{Shape, viewer_route};
use super::sink::{Sink, SinkKind};

pub(crate) fn floor(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    choice: DriverChoice,
    kind: SinkKind,
) -> anyhow::Result<Bursts> {
    let measure = match fastest_cipher() {
        CryptoBackend::Ring => measure::<Ring, fn(&mut [u8])>,
        CryptoBackend::AwsLc => measure::<AwsLc, fn(&mut [u8])>,
    };
    measure(cpus, length, shape, choice, &mut Sink::bind(kind)?, |_| ())
}

fn measure<S: Seal + Send, E: FnMut(&mut [u8]) + Send>(
    cpus: Option<Cpus>,
    length: Length,
    shape: &Shape,
    choice: DriverChoice,
    sink: &mut Sink,
    each: E,
) -> anyhow::Result<Bursts> {
    let port = sink.port()?;
    let (mut outlet, _) = Outlet::open(choice)?;
    let payloads = payloads(shape);
    let mut sealers: Vec<Sealer<S>> = (0..shape.viewers).map(Sealer::new).collect();
    let burst = || seal_and_send(&mut outlet, &mut sealers, &payloads, shape, port);
    bursts::run(cpus, length, shape.burst(), sink, burst, each)
}

fn seal_and_send<S: Seal>(
    outlet: &mut Outlet,
    sealers: &mut [Sealer<S>],
    payloads: &[Vec<u8>],
    shape: &Shape,
    port: u16,
) -> anyhow::Result<()> {
    let bytes = shape.datagram_bytes();
    for (viewer, sealer) in sealers.iter_mut().enumerate() {
        let route = viewer_route(viewer, port);
        outlet.make_room(payloads.len(), bytes)?;
        for payload in payloads {
            sealer.write(Some(payload), outlet.slot(route, bytes)?);
        }
    }
    outlet.flush()
}

#[cfg(test)]
mod tests {
    use super::super::crypto::opened;
    use super::*;

    #[test]
    fn every_packet_arrives_and_opens_bit_for_bit() {
        let shape = Shape {
            viewers: 3,
            packets: 10,
            payload_bytes: 1_100,
        };
        for choice in [DriverChoice::Mio, DriverChoice::Uring] {
            for kind in SinkKind::ALL {
                let mut sink = Sink::bind(kind).unwrap();
                let mut texts: Vec<Vec<Vec<u8>>> = vec![Vec::new(); shape.viewers];
                let each = |datagram: &mut [u8]| {
                    let viewer = usize::from(datagram[11]);
                    texts[viewer].push(opened(viewer, datagram));
                };
                let bursts =
                    measure::<Ring, _>(None, Length::QUICK, &shape, choice, &mut sink, each);
                let bursts = bursts.unwrap();
                assert_eq!(bursts.received, bursts.sent, "{choice} {kind}");
                let once = payloads(&shape);
                let all = vec![once; Length::QUICK.bursts + 1].concat();
                assert!(texts.iter().all(|of_one| *of_one == all), "{choice} {kind}");
            }
        }
    }
}
