//! A meeting that outgrows its home spreads (DESIGN D3): where its sessions go, and how a further
//! part begins. The rings between two workers are made when a meeting first spreads over both.

use sfu_proto::control::{Command, Order, Refusal};
use sfu_proto::ids::{MeetingId, OperationId, ParticipantId, SessionId};
use sfu_proto::limits::{
    MEETINGS_PER_WORKER_MAX, PARTS_PER_MEETING_MAX, SESSIONS_BEFORE_SPREAD,
    SESSIONS_PER_MEETING_MAX, SESSIONS_PER_WORKER_MAX,
};
use sfu_proto::shard::Spread;

use super::Control;
use super::directory::Place;
use crate::handovers::Way;
use crate::mailbox::{NewPart, ToWorker};

/// Orders of our own: nobody waits for their answers.
const OURS: OperationId = OperationId(0);

impl Control {
    /// Where the order goes, as far as the session knows better than its meeting. The part there is
    /// begun, if it must be.
    pub(super) fn seat(&mut self, order: &Order, place: &mut Place) -> Result<(), Refusal> {
        let worker = match &order.command {
            Command::OpenSession { session, plan } => {
                let worker = self.choose(order.meeting, *session, plan.participant);
                if self.is_new_part(order.meeting, worker) {
                    self.begin_part(order.meeting, worker)?;
                }
                let sessions = &mut self.sessions;
                sessions.place(order.meeting, *session, plan.participant, worker);
                Some(worker)
            }
            Command::CloseSession { session }
            | Command::RestartIce { session, .. }
            | Command::Watch { session, .. } => self.sessions.worker_of(order.meeting, *session),
            Command::OpenMeeting | Command::CloseMeeting | Command::Mute { .. } => None,
        };
        if let Some(worker) = worker {
            place.workers = vec![worker];
        }
        Ok(())
    }

    fn is_new_part(&self, meeting: MeetingId, worker: usize) -> bool {
        let home = self.directory.home(meeting);
        home.is_some_and(|home| !home.parts().contains(&worker))
    }

    /// A participant stays with its older session, since takeover is decided within a worker. Others
    /// come to the home while the meeting is small, then to whichever worker has the fewest sessions.
    fn choose(&self, meeting: MeetingId, session: SessionId, who: ParticipantId) -> usize {
        let parts = self.directory.home(meeting).map(|home| home.parts());
        let parts = parts.unwrap_or(&[0]);
        let known = self.sessions.worker_of(meeting, session);
        if let Some(worker) = known.or_else(|| self.sessions.worker_of_participant(meeting, who)) {
            return worker;
        }
        let of_meeting = self.sessions.of_meeting(meeting, self.workers.len());
        if self.workers.len() == 1 || of_meeting[parts[0]] < SESSIONS_BEFORE_SPREAD {
            return parts[0];
        }
        let of_all = self.sessions.of_all(self.workers.len());
        let has_room = |worker: &usize| {
            let is_part = parts.contains(worker);
            let is_near = parts.len() < PARTS_PER_MEETING_MAX && u8::try_from(*worker).is_ok();
            let meetings = self.directory.count_on(*worker);
            meetings.is_some_and(|count| is_part || is_near && count < MEETINGS_PER_WORKER_MAX)
                && of_meeting[*worker] < SESSIONS_PER_MEETING_MAX
                && of_all[*worker] < SESSIONS_PER_WORKER_MAX
        };
        let open = (0..self.workers.len()).filter(has_room);
        let emptiest = open.min_by_key(|worker| (of_all[*worker], !parts.contains(worker)));
        // Where none has room, the home says so.
        emptiest.unwrap_or(parts[0])
    }

    /// Opens the meeting on `worker`, beside its other parts.
    fn begin_part(&mut self, meeting: MeetingId, worker: usize) -> Result<(), Refusal> {
        let Some(home) = self.directory.home(meeting) else {
            return Err(Refusal::NoSuchMeeting);
        };
        let order = |command| Order {
            operation: OURS,
            meeting,
            epoch: home.epoch,
            command,
        };
        let mutes = home
            .muted
            .iter()
            .map(|(participant, source)| Command::Mute {
                participant: *participant,
                source: *source,
                muted: true,
            });
        let orders = [Command::OpenMeeting].into_iter().chain(mutes).map(order);
        let former = home.parts().to_vec();
        let spread = spread_over(&[&former[..], &[worker]].concat());
        let (mut ways, mut ways_back) = (Vec::new(), Vec::new());
        for part in &former {
            let is_new = !self.joined.contains(&pair(*part, worker));
            let (there, back) = is_new
                .then(|| Way::pair(&self.workers[worker], &self.workers[*part]))
                .unzip();
            ways.extend(there.map(|way| (*part, way)));
            ways_back.push(back.map(|way| (worker, way)));
        }
        let begin = NewPart {
            meeting,
            orders: orders.collect(),
            spread: spread.clone(),
            ways,
        };
        self.workers[worker]
            .post(ToWorker::Part(begin))
            .map_err(|_| super::mailbox_full())?;
        for (part, way) in former.iter().zip(ways_back) {
            self.joined.insert(pair(*part, worker));
            self.workers[*part].post_result(ToWorker::Part(NewPart {
                meeting,
                orders: Vec::new(),
                spread: spread.clone(),
                ways: way.into_iter().collect(),
            }));
        }
        self.directory.add_part(meeting, worker);
        Ok(())
    }

    /// A worker has failed; these meetings live on in their other parts.
    pub(super) fn spread_anew(&mut self, failed: usize, survivors: Vec<MeetingId>) {
        self.joined.retain(|(a, b)| ![*a, *b].contains(&failed));
        for meeting in survivors {
            let Some(home) = self.directory.home(meeting) else {
                continue;
            };
            for part in home.parts() {
                self.workers[*part].post_result(ToWorker::Part(NewPart {
                    meeting,
                    orders: Vec::new(),
                    spread: spread_over(home.parts()),
                    ways: Vec::new(),
                }));
            }
        }
    }
}

fn spread_over(parts: &[usize]) -> Spread {
    // Part of a meeting is only who has a number (`choose`); a home alone may have none.
    let number = |worker: &usize| u8::try_from(*worker).unwrap_or(u8::MAX);
    Spread {
        home: parts.first().map(number).unwrap_or_default(),
        parts: parts.iter().map(number).collect(),
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}
