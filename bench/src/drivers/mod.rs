//! io_uring against mio, the two drivers of the core, doing the same work in one run.
//!
//! ```text
//!  CPU 0, namespace near                       CPU 1, namespace far
//!  driver under measure ── veth ─────────────► sink: drop | gro | plain
//!                       ◄───────────────────── generator, where the work has a receiving side
//! ```
//!
//! Rounds alternate, and so does who goes first. A packet counts where it arrives: what the sink
//! has seen divides the driver's CPU time. The veth delivers on the sender's CPU, so each figure
//! holds the kernel's way through both stacks; it is the same for both drivers.
//!
//! io_uring's CPU time by mio's; below 1 it is cheaper. `bench drivers --milliseconds 100`, six
//! rounds, commit 033c8d9, on a 2-vCPU VM (AMD EPYC, Linux 6.18):
//!
//! | work                                           | drop | gro  | plain |
//! |------------------------------------------------|------|------|-------|
//! | send singles of 100                            | 1.00 | 1.00 | 0.99  |
//! | send singles of 1100                           | 1.00 | 1.00 | 0.99  |
//! | send trains of 4 x 1100                        | 0.99 | 1.02 | 1.01  |
//! | send trains of 10 x 1100                       | 0.98 | 1.03 | 1.01  |
//! | send trains of 50 x 1100                       | 0.96 | 1.01 | 0.96  |
//! | send trains of 64 x 100                        | 0.91 | 1.02 | 0.96  |
//! | receive singles of 100, flood                  | 0.99 | 0.98 | 0.92  |
//! | forward 1 x 100 to 1, flood                    | 0.98 | 0.99 | 0.99  |
//! | forward 1 x 100 to 5, 8000/s                   | 1.07 | 0.98 | 1.02  |
//! | forward 1 x 100 to 5, 8000/s, gather 500 us    | 1.06 | 1.14 | 1.07  |
//! | forward 10 x 1100 to 10, 1500/s, gather 500 us | 1.00 | 1.09 | 0.99  |
//! | forward 10 x 1100 to 10, flood                 | 0.89 | 0.99 | 0.87  |
//!
//! Rows differ by some hundredths from run to run, the paced ones by a tenth. Where a CPU is full,
//! io_uring is as cheap or cheaper, but for short trains that are not cut apart here: 11 to 26 ns a
//! packet. Paced and gathering, mio is cheaper on most sinks.
//!
//! # What it found
//!
//! `bench drivers`, 8 rounds of 120 ms, at commit b6388d1: AMD EPYC (Zen 3), 2 CPUs of a virtual
//! machine, Linux 6.18, Retpolines and Safe RET. CPU time of the driver's thread for each packet at
//! the sink, median, and the median of io_uring's share of mio's. Builds ran on the same CPUs
//! meanwhile, so these are to be taken again on a quiet machine: from run to run the shares moved
//! by up to 0.07 at drop, 0.04 at gro (0.10 for trains of 50) and 0.17 at plain, whose reader
//! competes with the builds. Shares within 0.03 of 1 say nothing.
//!
//! | sending | drop, ns | share | gro, ns | share | plain, ns | share |
//! |---|---|---|---|---|---|---|
//! | singles of 100 | 2776 | 0.97 | 3878 | 0.98 | 3534 | 0.95 |
//! | singles of 1,100 | 2781 | 0.97 | 4017 | 0.98 | 3683 | 0.96 |
//! | trains of 4 x 1,100 | 1448 | 0.98 | 1142 | 0.99 | 1671 | 0.89 |
//! | trains of 10 x 1,100 | 1040 | 0.93 | 495 | 0.98 | 1119 | 0.98 |
//! | trains of 50 x 1,100 | 820 | 0.88 | 151 | 0.91 | 881 | 0.79 |
//! | trains of 64 x 100 | 673 | 0.81 | 78 | 0.99 | 658 | 0.99 |
//!
//! So io_uring sends no dearer than `sendmmsg`, and at drop, where the sender cuts the trains, it was
//! cheaper in every run. Before
//! singles went by `IORING_OP_SEND`, which has no header to read, they were at 1.01 and 1.02.
//!
//! Forwarding a burst of 10 to 10 with the drop sink: 0.90, paced and flooded. One packet to five,
//! 8,000 times a second: between 0.9 and 1.1 from run to run, too close to tell.
//!
//! Where io_uring is not cheaper: receiving alone, `forward 1 x 100 to 1, flood` with the gro sink
//! (whose sends are nearly free): 1.02 to 1.06 in six runs, 15 to 35 ns a received packet. By
//! `perf`, nine tenths of both sides is `udp_recvmsg` and its copy; what io_uring adds, the choice
//! of a buffer and the completion (`io_recvmsg`, `xa_load`, `io_buffer_select`,
//! `io_fill_cqe_aux`), is about what `recvmmsg` pays for reading headers; the rest is that 512
//! buffers are used in turn where `recvmmsg` begins with the same ones each time. Tried against it:
//! 64 and 256 buffers (dearer, the receive ends and is started anew more often), huge pages (0 to
//! 3 % cheaper, for 30 MiB more a worker: not taken), memory taken at the start (kept: it spares
//! 512 page faults among the first packets). A forwarder receives one packet for the many it sends.

mod cost;
mod drop_program;
mod link;
mod run;
mod sink;
mod work;

pub use run::{Options, run, table};
pub use sink::SinkKind;
