// The meeting itself.
import { useCallback, useState } from 'react';
import type { Participant } from '../api/types';
import type { Call } from '../meeting/call';
import { AudioPlayers } from './AudioPlayers';
import { canShare, ControlBar } from './ControlBar';
import { DevicePickers } from './DevicePickers';
import { Dialog } from './Dialog';
import { useCall, useShortcuts, useTitle } from './hooks';
import { Banners, ToastStack } from './Notices';
import { ParticipantsPanel } from './ParticipantsPanel';
import { Stage } from './Stage';

type Asking = { what: 'leave' | 'end' | 'devices' } | { what: 'kick'; who: Participant } | null;

export function MeetingScreen({ call }: { call: Call }) {
  const snap = useCall(call);
  const [panelOpen, setPanelOpen] = useState(false);
  const [asking, setAsking] = useState<Asking>(null);
  const [sound, setSound] = useState({ blocked: false, attempt: 0 });
  useTitle(`${snap.state.title || snap.state.meetingId} · Millrace`);

  const onBlocked = useCallback((blocked: boolean) => setSound((s) => ({ ...s, blocked })), []);
  const local = call.local;
  useShortcuts({
    m: () => void call.own.toggle('audio'),
    v: () => void call.own.toggle('camera'),
    s: () => {
      if (canShare()) void call.own.setScreen(local.snapshot().screen === null);
    },
    l: () => setAsking({ what: 'leave' }),
  });

  return (
    <div className={`meeting ${panelOpen ? 'with-panel' : ''}`}>
      <h1 className="visually-hidden">{snap.state.title || 'Meeting'}</h1>
      <main className="meeting-main">
        <Banners
          snap={snap}
          soundBlocked={sound.blocked}
          onSound={() => setSound((s) => ({ blocked: false, attempt: s.attempt + 1 }))}
        />
        <Stage call={call} snap={snap} onOverflow={() => setPanelOpen(true)} />
        {snap.media === 'connecting' && (
          <p className="connecting" data-testid="connecting">
            <span className="spinner" aria-hidden="true" />
            Connecting…
          </p>
        )}
        <ToastStack snap={snap} onDismiss={(id) => call.dismissToast(id)} />
      </main>
      {panelOpen && (
        <ParticipantsPanel
          call={call}
          snap={snap}
          onClose={() => setPanelOpen(false)}
          onKick={(who) => setAsking({ what: 'kick', who })}
          onEnd={() => setAsking({ what: 'end' })}
        />
      )}
      <ControlBar
        call={call}
        snap={snap}
        panelOpen={panelOpen}
        onPanel={() => setPanelOpen(!panelOpen)}
        onSettings={() => setAsking({ what: 'devices' })}
        onLeave={() => call.leave()}
        onEnd={() => setAsking({ what: 'end' })}
      />
      <AudioPlayers streams={snap.audioStreams} attempt={sound.attempt} onBlocked={onBlocked} />
      {asking && <Question call={call} asking={asking} onDone={() => setAsking(null)} />}
    </div>
  );
}

function Question({ call, asking, onDone }: { call: Call; asking: NonNullable<Asking>; onDone: () => void }) {
  switch (asking.what) {
    case 'leave':
      return (
        <Confirm
          title="Leave the meeting?"
          text="The others stay. You can come back with the same link."
          yes="Leave"
          onYes={() => call.leave()}
          onDone={onDone}
        />
      );
    case 'end':
      return (
        <Confirm
          title="End the meeting for everyone?"
          text="Everyone is sent out, and the link stops working."
          yes="End for all"
          onYes={() => void call.end()}
          onDone={onDone}
        />
      );
    case 'kick':
      return (
        <Confirm
          title={`Remove ${asking.who.name}?`}
          text="They are sent out of the meeting at once."
          yes="Remove"
          onYes={() => void call.kick(asking.who.participant_id)}
          onDone={onDone}
        />
      );
    case 'devices':
      return (
        <Dialog title="Microphone and camera" onClose={onDone}>
          <DevicePickers local={call.local} />
          <div className="dialog-actions">
            <button type="button" className="button primary" onClick={onDone}>
              Done
            </button>
          </div>
        </Dialog>
      );
  }
}

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly onYes: () => void;
  readonly onDone: () => void;
}

function Confirm({ title, text, yes, onYes, onDone }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onDone}>
      <p>{text}</p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onDone}>
          Cancel
        </button>
        <button
          type="button"
          className="button danger"
          data-testid="confirm-button"
          data-focus
          onClick={() => {
            onDone();
            onYes();
          }}
        >
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
