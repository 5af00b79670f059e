//! Orders that the core has not answered yet, oldest first.

use sfu_proto::control::Order;
use sfu_proto::ids::OperationId;

use super::{StoreError, Tree, Tx};
use crate::model::OutboxRow;

/// The next sequence, kept in `Tree::Node`: the outbox itself may be empty.
const NEXT_SEQUENCE: &[u8] = b"outbox_next_sequence";

impl Tx<'_> {
    /// The sequence that the next order gets.
    pub(super) fn next_order(&self) -> Result<u64, StoreError> {
        let next = self.get_bytes(Tree::Node, NEXT_SEQUENCE)?;
        Ok(next
            .as_deref()
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u64::from_be_bytes))
    }

    pub fn push_order(&mut self, order: Order) -> Result<(), StoreError> {
        let sequence = self.next_order()?;
        let key = sequence.to_be_bytes().to_vec();
        self.put_bytes(
            Tree::Node,
            NEXT_SEQUENCE.to_vec(),
            (sequence + 1).to_be_bytes().to_vec(),
        );
        self.put(key, &OutboxRow { sequence, order })
    }

    /// Up to `limit` rows from `from` on.
    pub fn orders_from(&self, from: u64, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.scan(&[], &from.to_be_bytes(), limit)
    }

    pub fn order_at(&self, sequence: u64) -> Result<Option<OutboxRow>, StoreError> {
        self.get(&sequence.to_be_bytes())
    }

    pub fn delete_order(&mut self, sequence: u64) {
        self.delete(Tree::Outbox, sequence.to_be_bytes().to_vec());
    }

    pub fn delete_order_of(&mut self, operation: OperationId) -> Result<(), StoreError> {
        for row in self.orders_from(0, usize::MAX)? {
            if row.order.operation == operation {
                self.delete_order(row.sequence);
            }
        }
        Ok(())
    }

    pub fn delete_all_orders(&mut self) -> Result<(), StoreError> {
        for row in self.orders_from(0, usize::MAX)? {
            self.delete_order(row.sequence);
        }
        Ok(())
    }
}
