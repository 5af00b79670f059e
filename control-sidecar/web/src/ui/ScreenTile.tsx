// The shared screen: takes the stage, whole (never cropped).
import type { Participant } from '../api/types';
import type { Call, CallSnapshot } from '../meeting/call';
import { mark } from '../meeting/timeline';
import { useLocal } from './hooks';
import { ScreenIcon } from './icons';
import { useStream } from './Tile';
import { VideoView } from './VideoView';

interface Props {
  readonly call: Call;
  readonly snap: CallSnapshot;
  readonly sharer: Participant | undefined;
}

export function ScreenTile({ call, snap, sharer }: Props) {
  const own = useStream(useLocal(call.local).screen);
  const mine = own !== null;
  const slot = snap.slots.find((s) => s.kind === 'screen' && s.participantId === sharer?.participant_id);
  const stream = own ?? slot?.stream ?? null;
  const who = mine ? 'You are sharing your screen' : `${sharer?.name ?? 'Someone'} is sharing their screen`;
  return (
    <section
      className={`screen-tile ${mine ? 'mine' : ''}`}
      data-testid="screen-tile"
      data-participant={sharer?.participant_id}
      data-source="screen"
      aria-label={who}
    >
      {mine && (
        <div className="screen-own">
          <span className="plain-icon">
            <ScreenIcon />
          </span>
          <h2>{who}</h2>
          <p>Everyone in the meeting sees it.</p>
          <div className="screen-preview">{stream && <VideoView stream={stream} fit="contain" />}</div>
          <button type="button" className="button danger" onClick={() => void call.own.setScreen(false)}>
            Stop sharing
          </button>
        </div>
      )}
      {!mine && (
        <>
          <div className="screen-wait">
            <span className="spinner" aria-hidden="true" />
            <p>Waiting for {sharer?.name ?? 'the'}’s screen…</p>
          </div>
          {stream && <VideoView stream={stream} fit="contain" onFrame={() => mark('firstRemoteFrame')} />}
          <div className="tile-label">
            <ScreenIcon />
            <span className="tile-name">{sharer?.name}</span>
          </div>
        </>
      )}
    </section>
  );
}
