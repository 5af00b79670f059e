//! What a worker leaves behind when it fails.

use super::wire::World;
use crate::dtls::DtlsInput;

#[tokio::test]
async fn a_failed_workers_sessions_end_and_no_others() {
    let world = World::new();
    // Sessions 3 and 6 are worker 0's, session 4 is worker 1's.
    let [_a, _b, mut other] = [3, 6, 4].map(|number| world.open(number, world.fingerprint));
    world.send(DtlsInput::CloseAll { worker: 0 });
    other.send(super::hostile::good_hello(&[]));
    other.next().await;
    world.send(DtlsInput::CloseAll { worker: 1 });
    world.wait_for_no_tasks().await;
}
