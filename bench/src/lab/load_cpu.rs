//! Work of the load on the load's CPU, so that bringing participants in costs the server nothing.

use anyhow::Context as _;
use tokio::runtime;

/// Runs on a thread of its own, pinned to `cpu`, with a runtime of its own: what `work` leaves open,
/// such as HTTP connections, does not outlive it.
pub fn on_load_cpu<S: Send, T: Send>(
    cpu: usize,
    state: &mut S,
    work: impl AsyncFnOnce(&mut S) -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            sfu_uring::pin_current_thread(cpu).with_context(|| format!("running on CPU {cpu}"))?;
            runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(work(state))
        });
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
