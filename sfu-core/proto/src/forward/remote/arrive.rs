//! What the other parts have said.

use super::super::chunks::Chunks;
use super::super::layer::{Layer, LayerKey};
use super::super::meeting::{Meeting, current};
use super::super::track::{Track, TrackKey};
use super::elsewhere::{LayerOrigin, TrackOrigin};
use super::message::{Message, PacketNews, TrackNews, Wish};
use crate::control::Source;
use crate::dropped::Dropped;
use crate::time::Instant;

/// What a message has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Took {
    pub is_media: bool,
    /// The first media of the meeting in this pass.
    pub is_first: bool,
}

impl Meeting {
    /// **Receive**, from another part.
    pub(crate) fn receive_remote(
        &mut self,
        now: Instant,
        from: u8,
        message: &Message<'_>,
        chunks: &mut Chunks,
    ) -> Result<Took, Dropped> {
        match message {
            Message::Packet(packet) => return self.take_packet(from, packet, chunks),
            Message::Track(news) => self.take_news(now, from, news, chunks),
            Message::Gone { track } => {
                self.forget_remote(chunks, |origin| {
                    (origin.worker, origin.track) == (from, *track)
                });
            }
            Message::Wish(wish) => self.take_wish(now, from, wish)?,
        }
        Ok(Took::default())
    }

    fn take_packet(
        &mut self,
        from: u8,
        packet: &PacketNews<'_>,
        chunks: &mut Chunks,
    ) -> Result<Took, Dropped> {
        let place = self
            .elsewhere
            .as_ref()
            .and_then(|elsewhere| elsewhere.layers.get(&(from, packet.layer.index)))
            .copied()
            .ok_or(Dropped::HandoverUnknown)?;
        let layer = self
            .layers
            .get_mut(place)
            .filter(|layer| matches!(layer.origin, LayerOrigin::There { key, .. } if key == packet.layer))
            .ok_or(Dropped::HandoverUnknown)?;
        let (info, payload) = (packet.info, packet.payload);
        layer.store(packet.arrival, packet.sequence, info, payload, chunks)?;
        if layer.is_first_arrived() {
            self.arriving.push(place);
        }
        Ok(Took {
            is_media: true,
            is_first: !core::mem::replace(&mut self.has_media, true),
        })
    }

    fn take_wish(&mut self, now: Instant, from: u8, wish: &Wish) -> Result<(), Dropped> {
        let layer = current(&mut self.layers, wish.layer).ok_or(Dropped::HandoverUnknown)?;
        let LayerOrigin::Here { wanted_by } = &mut layer.origin else {
            return Err(Dropped::HandoverUnknown);
        };
        wanted_by.retain(|(worker, _)| *worker != from);
        if wish.is_watched {
            wanted_by.push((from, now));
            layer.is_watched = true;
        } else {
            self.has_waiting = true;
        }
        if wish.key_frame {
            layer.keyframe.want();
            self.has_requests = true;
        }
        Ok(())
    }

    fn take_news(&mut self, now: Instant, from: u8, news: &TrackNews, chunks: &mut Chunks) {
        if self.elsewhere.is_none() {
            return; // Not spread any more, or not yet.
        }
        let key = match self.remote_track(from, news) {
            Some(key) => key,
            None => {
                // Its number was another track's before.
                self.forget_remote(chunks, |origin| {
                    (origin.worker, origin.track) == (from, news.track)
                });
                self.add_remote(now, from, news)
            }
        };
        self.update_remote(now, key, news);
    }

    /// The remote track that `news` are of.
    fn remote_track(&self, from: u8, news: &TrackNews) -> Option<TrackKey> {
        let elsewhere = self.elsewhere.as_ref()?;
        let key = *elsewhere.tracks.get(&(from, news.track))?;
        let track = &self.tracks[key.0];
        let is_same = (track.participant, track.source, track.codec)
            == (news.participant, news.source, news.codec)
            && track.layers.len() == news.layers.iter().flatten().count()
            && track.layers.iter().zip(news.layers.iter().flatten()).all(
                |(index, (announced, _))| {
                    matches!(self.layers[*index].origin,
                        LayerOrigin::There { key, .. } if key.index == announced.index)
                },
            );
        is_same.then_some(key)
    }

    fn add_remote(&mut self, now: Instant, from: u8, news: &TrackNews) -> TrackKey {
        let mut layers = Vec::new();
        for (there, _) in news.layers.iter().flatten() {
            let entry = self.layers.vacant_entry();
            self.generation += 1;
            let index = entry.key();
            let key = LayerKey {
                index: u32::try_from(index).unwrap_or(u32::MAX),
                generation: self.generation,
            };
            let origin = LayerOrigin::There {
                worker: from,
                key: *there,
                is_live: false,
                wished: None,
            };
            entry.insert(Layer::of(
                key,
                news.participant,
                (news.source, news.codec),
                origin,
            ));
            layers.push(index);
            if let Some(elsewhere) = &mut self.elsewhere {
                elsewhere.layers.insert((from, there.index), index);
            }
        }
        if news.source == Source::Audio {
            self.speakers.add(news.participant);
        }
        let key = TrackKey(self.tracks.insert(Track {
            participant: news.participant,
            source: news.source,
            codec: news.codec,
            layers,
            muted: false,
            live: false,
            origin: Some(TrackOrigin {
                worker: from,
                track: news.track,
                heard: now,
            }),
            announced: None,
        }));
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere.tracks.insert((from, news.track), key);
        }
        key
    }

    fn update_remote(&mut self, now: Instant, key: TrackKey, news: &TrackNews) {
        let track = &mut self.tracks[key.0];
        if let Some(origin) = &mut track.origin {
            origin.heard = now;
        }
        for (index, (there, live)) in track.layers.iter().zip(news.layers.iter().flatten()) {
            let layer = &mut self.layers[*index];
            let LayerOrigin::There { key, is_live, .. } = &mut layer.origin else {
                continue;
            };
            let begins_anew = key.generation != there.generation;
            let (was_live, is_live_now) = (core::mem::replace(is_live, *live), *live);
            *key = *there;
            if begins_anew {
                self.generation += 1;
                layer.restart(self.generation);
            }
            if was_live && !is_live_now {
                layer.rest();
            }
            self.is_stale |= begins_anew || was_live != is_live_now;
        }
        track.live = news.layers.iter().flatten().any(|(_, is_live)| *is_live);
        if news.source == Source::Audio {
            let (who, level) = (news.participant, news.loudness);
            self.is_stale |= self.speakers.tell(now, who, level, news.last_speech);
        }
    }
}
