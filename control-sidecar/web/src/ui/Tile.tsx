// One person: their picture or their initials, name, badges, and the ring while they speak.
import { useMemo } from 'react';
import type { Participant } from '../api/types';
import { mark } from '../meeting/timeline';
import { Avatar } from './Avatar';
import { MicOffIcon } from './icons';
import type { Size } from './layout';
import { VideoView } from './VideoView';

interface Props {
  readonly participant: Participant;
  readonly size: Size;
  readonly stream: MediaStream | null;
  readonly muted: boolean;
  readonly speaking: boolean;
  readonly self?: boolean;
  readonly floating?: boolean;
}

export function Tile({ participant, size, stream, muted, speaking, self = false, floating = false }: Props) {
  const { participant_id: id, name, role } = participant;
  const label = self ? `${name} (you)` : name;
  const small = size.width < 250;
  return (
    <article
      className={`tile ${floating ? 'floating' : ''} ${small ? 'small' : ''}`}
      style={{ width: size.width, height: size.height }}
      data-testid={`tile-${id}`}
      data-speaking={speaking}
      data-muted={muted}
      data-source={stream ? 'camera' : 'none'}
      aria-label={describe(label, muted, stream === null, speaking)}
    >
      <div className="tile-avatar">
        <Avatar id={id} name={name} />
      </div>
      {stream && (
        <VideoView
          stream={stream}
          mirrored={self}
          {...(self ? {} : { onFrame: () => mark('firstRemoteFrame') })}
        />
      )}
      <div className="tile-label">
        {muted && (
          <span className="tile-muted">
            <MicOffIcon />
          </span>
        )}
        <span className="tile-name">{self ? 'You' : name}</span>
        {role === 'host' && !small && <span className="tile-role">Host</span>}
      </div>
    </article>
  );
}

function describe(label: string, muted: boolean, cameraOff: boolean, speaking: boolean): string {
  const parts = [label];
  if (muted) parts.push('microphone off');
  if (cameraOff) parts.push('camera off');
  if (speaking) parts.push('speaking');
  return parts.join(', ');
}

export function useStream(track: MediaStreamTrack | null): MediaStream | null {
  return useMemo(() => (track ? new MediaStream([track]) : null), [track]);
}
