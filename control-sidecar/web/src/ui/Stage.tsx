// The middle of the meeting: the grid of people, or a shared screen with its film strip.
import { useEffect } from 'react';
import type { Participant, Watched } from '../api/types';
import { slotFor } from '../media/slots';
import type { Call, CallSnapshot } from '../meeting/call';
import { sharerOf } from '../meeting/state';
import { useLocal, useSize } from './hooks';
import { InviteCard } from './InviteCard';
import { chooseTiles, filmStrip, fitGrid, GRID_TILES_MAX, type Size, stageMode } from './layout';
import { ScreenTile } from './ScreenTile';
import { Tile, useStream } from './Tile';

interface Props {
  readonly call: Call;
  readonly snap: CallSnapshot;
  readonly onOverflow: () => void;
}

export function Stage({ call, snap, onOverflow }: Props) {
  const [ref, area] = useSize<HTMLDivElement>();
  const local = useLocal(call.local);
  const selfStream = useStream(local.camera);
  const { state } = snap;
  const seen = state.participants.filter((p) => p.role !== 'viewer');
  const me = seen.find((p) => p.participant_id === state.me);
  const others = seen.filter((p) => p.participant_id !== state.me);
  const sharer = sharerOf(state);
  const sharing = sharer !== undefined || local.screen !== null;
  const mode = stageMode(others.length, sharing);
  const plan = planTiles(mode, area, others, me ? 1 : 0, state.lastSpoke);
  useWatch(call, plan.shown, plan.size);

  const tile = (p: Participant, size: Size, floating = false) => {
    const self = p.participant_id === state.me;
    const micOff = self ? !local.micOn : p.muted.audio;
    const slot = p.muted.camera ? null : slotFor(snap.slots, p.participant_id, 'camera');
    return (
      <Tile
        key={p.participant_id}
        participant={p}
        size={size}
        stream={self ? selfStream : (slot?.stream ?? null)}
        muted={micOff}
        speaking={state.speaking.includes(p.participant_id) && !micOff}
        self={self}
        floating={floating}
      />
    );
  };

  const ready = area.width > 0 && area.height > 0;
  return (
    <div className="stage-area" ref={ref}>
      {ready && (
        <div className={`stage stage-${mode} ${plan.vertical ? 'side' : ''}`}>
          {mode === 'screen' && <ScreenTile call={call} snap={snap} sharer={sharer ?? me} />}
          <div className="tiles">
            {plan.shown.map((p) => tile(p, plan.size))}
            {me && tile(me, plan.selfSize, mode === 'pair')}
            {plan.hidden > 0 && (
              <button
                type="button"
                className="tile more"
                style={{ width: plan.size.width, height: plan.size.height }}
                onClick={onOverflow}
              >
                <strong>+{plan.hidden}</strong>
                <span>{plan.hidden === 1 ? 'other' : 'others'}</span>
              </button>
            )}
          </div>
          {mode === 'alone' && <InviteCard path={call.join.meeting.join_url} />}
        </div>
      )}
    </div>
  );
}

interface Plan {
  readonly shown: readonly Participant[];
  readonly hidden: number;
  readonly size: Size;
  readonly selfSize: Size;
  readonly vertical: boolean;
}

/** Anew for each picture of the state: what it shows of a participant must never be an older one. */
function planTiles(
  mode: ReturnType<typeof stageMode>,
  area: Size,
  others: readonly Participant[],
  self: number,
  lastSpoke: ReadonlyMap<number, number>,
): Plan {
  if (mode === 'screen') {
    const strip = filmStrip(others.length + self, area);
    const { shown, hidden } = chooseTiles(others, strip.capacity - self, lastSpoke);
    return { shown, hidden: hidden.length, size: strip, selfSize: strip, vertical: strip.vertical };
  }
  const { shown, hidden } = chooseTiles(others, GRID_TILES_MAX - self, lastSpoke);
  const more = hidden.length > 0 ? 1 : 0;
  const one = mode === 'pair' || mode === 'alone';
  const size = one ? area : fitGrid(shown.length + self + more, area);
  const selfSize = mode === 'pair' ? cornerSize(area) : size;
  return { shown, hidden: hidden.length, size, selfSize, vertical: false };
}

/** Your own picture in the corner, when there is one other person. */
function cornerSize(area: Size): Size {
  const portrait = area.height > area.width;
  const width = portrait ? Math.round(area.width * 0.28) : Math.min(240, Math.round(area.width * 0.2));
  return { width, height: Math.round(portrait ? width * 1.35 : (width * 9) / 16) };
}

/** Tells the core how tall the tiles are; it sends no more than that. */
function useWatch(call: Call, shown: readonly Participant[], size: Size): void {
  const height = Math.round((size.height * (window.devicePixelRatio || 1)) / 10) * 10;
  const ids = shown.map((p) => p.participant_id).join();
  useEffect(() => {
    if (height <= 0) return;
    const video: Watched[] = ids
      .split(',')
      .filter(Boolean)
      .map((id) => ({ participant_id: Number(id), height }));
    call.watch(video);
  }, [call, ids, height]);
}
