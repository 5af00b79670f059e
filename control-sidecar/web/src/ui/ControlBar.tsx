// The bar below the stage. Each button says what pressing it does, and its key.
import type { ReactNode } from 'react';
import type { Call, CallSnapshot } from '../meeting/call';
import { useCopy, useLocal } from './hooks';
import {
  CameraIcon,
  CameraOffIcon,
  CheckIcon,
  LeaveIcon,
  LinkIcon,
  MicIcon,
  MicOffIcon,
  PeopleIcon,
  ScreenIcon,
  ScreenStopIcon,
  SettingsIcon,
} from './icons';
import { meetingLink } from './InviteCard';

interface Props {
  readonly call: Call;
  readonly snap: CallSnapshot;
  readonly panelOpen: boolean;
  readonly onPanel: () => void;
  readonly onSettings: () => void;
  readonly onLeave: () => void;
  readonly onEnd: () => void;
}

export function ControlBar({ call, snap, panelOpen, onPanel, onSettings, onLeave, onEnd }: Props) {
  const { micOn, camera, screen } = useLocal(call.local);
  const [copied, copy] = useCopy();
  const isHost = call.me?.role === 'host';
  const count = snap.state.participants.length;
  return (
    <footer className="bar" role="group" aria-label="Meeting controls">
      <div className="bar-side bar-info">
        <span className="bar-title">{snap.state.title || 'Meeting'}</span>
        <span className="mono bar-code">{snap.state.meetingId}</span>
      </div>
      <div className="bar-main">
        <BarButton
          testId="mute-button"
          label={micOn ? 'Mute' : 'Unmute'}
          hint="M"
          off={!micOn}
          disabled={!call.own.canSwitch('audio')}
          icon={micOn ? <MicIcon /> : <MicOffIcon />}
          onClick={() => void call.own.toggle('audio')}
        />
        <BarButton
          testId="camera-button"
          label={camera ? 'Stop camera' : 'Start camera'}
          hint="V"
          off={!camera}
          disabled={!call.own.canSwitch('camera')}
          icon={camera ? <CameraIcon /> : <CameraOffIcon />}
          onClick={() => void call.own.toggle('camera')}
        />
        {canShare() && (
          <BarButton
            testId="screen-button"
            label={screen ? 'Stop sharing' : 'Share screen'}
            hint="S"
            on={screen !== null}
            disabled={!snap.writable}
            icon={screen ? <ScreenStopIcon /> : <ScreenIcon />}
            onClick={() => void call.own.setScreen(screen === null)}
          />
        )}
        <BarButton testId="settings-button" label="Devices" icon={<SettingsIcon />} onClick={onSettings} />
        <span className="bar-rule" aria-hidden="true" />
        <button
          type="button"
          className="leave"
          data-testid="leave-button"
          title="Leave the meeting (L)"
          aria-keyshortcuts="L"
          onClick={onLeave}
        >
          <LeaveIcon />
          <span>Leave</span>
        </button>
        {isHost && (
          <button
            type="button"
            className="leave end"
            data-testid="end-button"
            disabled={!snap.writable}
            onClick={onEnd}
          >
            End for all
          </button>
        )}
      </div>
      <div className="bar-side bar-right">
        <BarButton
          testId="copy-button"
          label={copied ? 'Link copied' : 'Copy link'}
          quiet
          icon={copied ? <CheckIcon /> : <LinkIcon />}
          onClick={() => {
            void copy(meetingLink(call.join.meeting.join_url)).then((worked) => {
              call.toast(worked ? 'Link copied' : 'The link could not be copied', worked ? 'info' : 'problem');
            });
          }}
        />
        <BarButton
          testId="participants-button"
          label={`Participants (${count})`}
          quiet
          on={panelOpen}
          expanded={panelOpen}
          badge={String(count)}
          icon={<PeopleIcon />}
          onClick={onPanel}
        />
      </div>
    </footer>
  );
}

interface ButtonProps {
  readonly testId: string;
  readonly label: string;
  readonly icon: ReactNode;
  readonly onClick: () => void;
  readonly hint?: string;
  readonly off?: boolean;
  readonly on?: boolean;
  readonly quiet?: boolean;
  readonly expanded?: boolean;
  readonly disabled?: boolean;
  readonly badge?: string;
}

function BarButton(props: ButtonProps) {
  const { testId, label, icon, onClick, hint, off, on, quiet, expanded, disabled, badge } = props;
  const classes = ['round', off && 'off', on && 'on', quiet && 'quiet'];
  return (
    <button
      type="button"
      className={classes.filter(Boolean).join(' ')}
      data-testid={testId}
      aria-label={label}
      aria-expanded={expanded}
      aria-keyshortcuts={hint}
      disabled={disabled}
      onClick={onClick}
    >
      {icon}
      {badge && <span className="badge">{badge}</span>}
      <span className="tip" aria-hidden="true">
        {label}
        {hint && <kbd>{hint}</kbd>}
      </span>
    </button>
  );
}

export function canShare(): boolean {
  return typeof (navigator.mediaDevices as MediaDevices | undefined)?.getDisplayMedia === 'function';
}
