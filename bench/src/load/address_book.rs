//! Which participant has which address. The load's addresses lie densely in one range, so finding
//! one is a subtraction: there are a million look-ups a second.

use std::net::Ipv4Addr;

use anyhow::{Context as _, ensure};

/// A /12 holds more participants than any run has.
const SPAN_MAX: u32 = 1 << 20;

#[derive(Debug)]
pub struct AddressBook {
    first: u32,
    /// At each address, counted from the first: its participant, or `NOBODY`.
    places: Vec<u32>,
}

const NOBODY: u32 = u32::MAX;

impl AddressBook {
    pub fn new(addresses: impl IntoIterator<Item = Ipv4Addr> + Clone) -> anyhow::Result<Self> {
        let numbers = || addresses.clone().into_iter().map(u32::from);
        let first = numbers().min().context("a load without participants")?;
        let span = numbers().max().unwrap_or(first) - first;
        ensure!(
            span < SPAN_MAX,
            "the participants' addresses span {span}, which is more than {SPAN_MAX}: \
             the target must allocate them side by side"
        );
        let mut places = vec![NOBODY; span as usize + 1];
        for (participant, address) in (0..).zip(numbers()) {
            let place = &mut places[(address - first) as usize];
            ensure!(
                *place == NOBODY,
                "two participants at {}: the target must give each its own address",
                Ipv4Addr::from(address)
            );
            *place = participant;
        }
        Ok(Self { first, places })
    }

    pub fn find(&self, address: Ipv4Addr) -> Option<usize> {
        let place = u32::from(address).checked_sub(self.first)?;
        let participant = *self.places.get(place as usize)?;
        (participant != NOBODY).then_some(participant as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 9, 0, last)
    }

    #[test]
    fn finds_each_and_nobody_else() {
        let book = AddressBook::new([at(7), at(5), at(9)]).unwrap();
        assert_eq!(book.find(at(7)), Some(0));
        assert_eq!(book.find(at(5)), Some(1));
        assert_eq!(book.find(at(9)), Some(2));
        for stranger in [4, 6, 8, 10] {
            assert_eq!(book.find(at(stranger)), None);
        }
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        assert!(AddressBook::new([]).is_err());
        assert!(AddressBook::new([at(1), at(1)]).is_err());
        assert!(AddressBook::new([at(1), Ipv4Addr::new(200, 0, 0, 1)]).is_err());
    }
}
