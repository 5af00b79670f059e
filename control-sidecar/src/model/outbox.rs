//! An order for the core, written in the transaction that made it necessary.

use serde::{Deserialize, Serialize};
use sfu_proto::control::Order;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Orders are delivered in this order.
    pub sequence: u64,
    pub order: Order,
}
