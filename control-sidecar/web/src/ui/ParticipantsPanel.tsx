// Who is here, and what the host may do about it.
import type { Participant } from '../api/types';
import type { Call, CallSnapshot } from '../meeting/call';
import { Avatar } from './Avatar';
import { useCopy, useLocal } from './hooks';
import { CameraOffIcon, CheckIcon, CloseIcon, LinkIcon, MicIcon, MicOffIcon, RemoveIcon, ScreenIcon } from './icons';
import { meetingLink } from './InviteCard';

interface Props {
  readonly call: Call;
  readonly snap: CallSnapshot;
  readonly onClose: () => void;
  readonly onKick: (participant: Participant) => void;
  readonly onEnd: () => void;
}

export function ParticipantsPanel({ call, snap, onClose, onKick, onEnd }: Props) {
  const [copied, copy] = useCopy();
  const { participants, me, speaking } = snap.state;
  const iAmHost = call.me?.role === 'host';
  return (
    <aside className="panel" data-testid="participants-panel" aria-label="Participants">
      <header className="panel-head">
        <h2>
          Participants <span className="count">{participants.length}</span>
        </h2>
        <button type="button" className="icon-button" aria-label="Close participants" onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      <ul className="people">
        {participants.map((p) => (
          <Person
            key={p.participant_id}
            call={call}
            participant={p}
            self={p.participant_id === me}
            speaking={speaking.includes(p.participant_id)}
            controls={iAmHost && p.participant_id !== me}
            enabled={snap.writable}
            onKick={() => onKick(p)}
          />
        ))}
      </ul>
      <footer className="panel-foot">
        <button
          type="button"
          className="button wide"
          onClick={() => void copy(meetingLink(call.join.meeting.join_url))}
        >
          {copied ? <CheckIcon /> : <LinkIcon />}
          {copied ? 'Link copied' : 'Copy invitation link'}
        </button>
        {iAmHost && (
          <button
            type="button"
            className="button wide panel-end"
            disabled={!snap.writable}
            onClick={onEnd}
          >
            End the meeting for all
          </button>
        )}
      </footer>
    </aside>
  );
}

interface PersonProps {
  readonly call: Call;
  readonly participant: Participant;
  readonly self: boolean;
  readonly speaking: boolean;
  readonly controls: boolean;
  readonly enabled: boolean;
  readonly onKick: () => void;
}

function Person({ call, participant: p, self, speaking, controls, enabled, onKick }: PersonProps) {
  const local = useLocal(call.local);
  const micOff = self ? !local.micOn : p.muted.audio;
  const cameraOff = self ? local.camera === null : p.muted.camera;
  return (
    <li className="person" data-testid={`person-${p.participant_id}`} data-speaking={speaking && !micOff}>
      <Avatar id={p.participant_id} name={p.name} />
      <span className="person-text">
        <span className="person-name">{self ? `${p.name} (you)` : p.name}</span>
        {p.role !== 'participant' && (
          <span className="person-role">{p.role === 'host' ? 'Host' : 'Watching'}</span>
        )}
      </span>
      <span className="person-state">
        {!p.muted.screen && <State label="Sharing their screen" icon={<ScreenIcon />} strong />}
        {cameraOff && p.role !== 'viewer' && <State label="Camera off" icon={<CameraOffIcon />} />}
        {controls && !micOff ? (
          <button
            type="button"
            className="icon-button"
            aria-label={`Mute ${p.name}`}
            title={`Mute ${p.name}`}
            disabled={!enabled}
            onClick={() => void call.muteOther(p.participant_id, 'audio')}
          >
            <MicIcon />
          </button>
        ) : (
          p.role !== 'viewer' && (
            <State
              label={micOff ? 'Microphone off' : 'Microphone on'}
              icon={micOff ? <MicOffIcon /> : <MicIcon />}
            />
          )
        )}
        {controls && (
          <button
            type="button"
            className="icon-button danger"
            aria-label={`Remove ${p.name}`}
            title={`Remove ${p.name}`}
            disabled={!enabled}
            onClick={onKick}
          >
            <RemoveIcon />
          </button>
        )}
      </span>
    </li>
  );
}

function State({ label, icon, strong }: { label: string; icon: React.ReactNode; strong?: boolean }) {
  return (
    <span className={`state ${strong ? 'strong' : ''}`} role="img" aria-label={label} title={label}>
      {icon}
    </span>
  );
}
