//! Says what this part wants of the layers that others publish: which are watched, and key frames.
//! Together this is all that goes back (DESIGN D3).

use core::time::Duration;

use super::super::layer::Layer;
use super::super::meeting::Meeting;
use super::elsewhere::{FORGOTTEN_AFTER, LayerOrigin, SAID_AGAIN};
use super::hand_over::{Handover, Post};
use super::message::{Message, Wish};
use crate::time::Instant;

/// The publisher's part asks for what is missing; here it is only waited for.
const NEVER_ASKED_AGAIN: Duration = Duration::from_secs(3_600);

impl Meeting {
    pub(super) fn say_wishes<H: Handover>(&mut self, now: Instant, post: &mut Post<'_, H>) {
        for (_, layer) in &mut self.layers {
            if let LayerOrigin::Here { wanted_by } = &mut layer.origin {
                wanted_by.retain(|(_, since)| now.since(*since) < FORGOTTEN_AFTER);
            } else {
                layer.say_wish(now, post);
            }
        }
    }
}

impl Layer {
    fn say_wish<H: Handover>(&mut self, now: Instant, post: &mut Post<'_, H>) {
        let is_video = self.is_video();
        let LayerOrigin::There {
            worker,
            key,
            wished,
            ..
        } = &mut self.origin
        else {
            return;
        };
        let mut wish = Wish {
            layer: *key,
            is_watched: self.is_watched,
            key_frame: false,
        };
        let is_due = if self.is_watched {
            if wished.is_none() {
                self.gap.clear(); // Nobody watched what was before.
            }
            if self.gap.due(now, NEVER_ASKED_AGAIN, |_| ()) {
                self.keyframe.want();
            }
            wish.key_frame = is_video && self.keyframe.due(now);
            wish.key_frame || wished.is_none_or(|said_at| now.since(said_at) >= SAID_AGAIN)
        } else {
            self.gap.clear();
            self.keyframe.satisfied();
            wished.is_some()
        };
        if is_due && post.tell(*worker, &Message::Wish(wish)) {
            *wished = self.is_watched.then_some(now);
        }
    }
}
