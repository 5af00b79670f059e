//! Which slot shows whom: a pure function. Whoever is shown already keeps the slot, so that a
//! change for one is no change for the others.

/// Fits `wanted` (most wanted first) into `slots`. Slots whose content is still wanted stay; the
/// others are emptied and filled with the rest of `wanted` in order. What finds no slot is left
/// out.
pub(super) fn assign<T: Copy + PartialEq>(slots: &mut [Option<T>], wanted: &[T]) {
    let wanted = &wanted[..wanted.len().min(slots.len())];
    for slot in slots.iter_mut() {
        if slot.is_some_and(|shown| !wanted.contains(&shown)) {
            *slot = None;
        }
    }
    for newcomer in wanted {
        if slots.contains(&Some(*newcomer)) {
            continue;
        }
        if let Some(free) = slots.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(*newcomer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        type Slots = &'static [Option<u8>];
        let cases: &[(Slots, &[u8], Slots)] = &[
            (&[None, None], &[1, 2, 3], &[Some(1), Some(2)]),
            (&[Some(1), Some(2)], &[2, 1], &[Some(1), Some(2)]),
            (&[Some(1), Some(2)], &[3, 2], &[Some(3), Some(2)]),
            (&[Some(1), Some(2)], &[3, 2, 1], &[Some(3), Some(2)]),
            (&[Some(1), Some(2), None], &[2], &[None, Some(2), None]),
            (&[Some(1)], &[], &[None]),
            (&[], &[1], &[]),
        ];
        for (before, wanted, after) in cases {
            let mut slots = before.to_vec();
            assign(&mut slots, wanted);
            assert_eq!(&slots, after, "{before:?} wants {wanted:?}");
        }
    }
}
