//! On the packet path nothing is allocated (DESIGN §5): a meeting in the simulated world, under an
//! allocator that counts. It stands in this package because an allocator is `unsafe`.

use core::cell::Cell;
use std::alloc::{GlobalAlloc, Layout, System};
use std::time::Duration;

use system_tests::{PeerConfig, World};

thread_local! {
    static IS_COUNTING: Cell<bool> = const { Cell::new(false) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    // A thread that is ending has no thread-locals any more, and nothing to count.
    let _ = IS_COUNTING.try_with(|is_counting| {
        if is_counting.get() {
            ALLOCATIONS.with(|allocations| allocations.set(allocations.get() + 1));
        }
    });
}

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract;
// counting touches two thread-local numbers that need no memory of their own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise about `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` through `alloc` or `realloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: as for `dealloc`; the caller's promise about `new_size` is handed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_in(world: &mut World, packets: u64) -> u64 {
    let end = world.shard.counters.packets_received + packets;
    ALLOCATIONS.set(0);
    world.around_shard = |is_inside| IS_COUNTING.set(is_inside);
    while world.shard.counters.packets_received < end {
        world.step();
    }
    world.around_shard = |_| ();
    ALLOCATIONS.get()
}

fn meeting() -> World {
    let mut world = World::new(1);
    world.join(PeerConfig::publisher(1));
    for participant in 2..=21 {
        world.join(PeerConfig::viewer(participant));
    }
    world.run_for(Duration::from_secs(5));
    world
}

#[test]
fn ten_thousand_packets_for_twenty_viewers_allocate_nothing() {
    let mut world = meeting();
    let forwarded = world.shard.counters.packets_forwarded;
    assert_eq!(allocations_in(&mut world, 10_000), 0);
    // Audio and one of three layers, each to twenty.
    assert!(world.shard.counters.packets_forwarded - forwarded > 100_000);
    world.assert_sound();
}

#[test]
fn repairs_allocate_nothing() {
    let mut world = meeting();
    for peer in world.peers() {
        world.network.up(peer).loss_per_mille = 20;
        world.network.down(peer).loss_per_mille = 20;
    }
    world.run_for(Duration::from_secs(5));
    assert_eq!(allocations_in(&mut world, 5_000), 0);
    assert!(world.shard.counters.packets_resent > 100);
    assert!(world.shard.counters.repairs_received > 10);
}

/// Counted on all workers; the ring itself is made once and for all.
#[test]
fn handing_over_to_another_worker_allocates_nothing() {
    let mut world = World::spread(2, 2);
    world.join(PeerConfig::publisher(1));
    for participant in 2..=21 {
        world.join_at(1, PeerConfig::viewer(participant));
    }
    world.run_for(Duration::from_secs(5));
    let handed_over = world.shard.counters.packets_handed_over;
    assert_eq!(allocations_in(&mut world, 10_000), 0);
    assert!(world.shard.counters.packets_handed_over - handed_over > 4_000);
    assert!(world.at(1).counters.packets_forwarded > 80_000);
    world.assert_sound();
}

#[test]
fn the_counter_counts() {
    ALLOCATIONS.set(0);
    IS_COUNTING.set(true);
    drop(core::hint::black_box(Box::new(1)));
    IS_COUNTING.set(false);
    assert_eq!(ALLOCATIONS.get(), 1);
}
