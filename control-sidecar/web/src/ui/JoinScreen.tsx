// Before the meeting: who you are, how you look and sound. Joining without a camera or a
// microphone is as good a choice as any.
import { type FormEvent, useMemo } from 'react';
import type { Explanation } from '../api/problems';
import type { Meeting, Participant } from '../api/types';
import type { LocalMedia } from '../media/devices';
import type { DeviceProblem } from '../media/problems';
import { Avatar } from './Avatar';
import { DevicePickers } from './DevicePickers';
import { useLocal } from './hooks';
import { CameraIcon, CameraOffIcon, Logo, MicIcon, MicOffIcon, WarnIcon } from './icons';
import { LevelMeter } from './LevelMeter';
import { VideoView } from './VideoView';

export const NAME_MAX = 64;

interface Props {
  readonly meeting: Meeting;
  readonly local: LocalMedia;
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly onJoin: () => void;
  readonly joining: boolean;
  readonly problem: Explanation | null;
}

export function JoinScreen({ meeting, local, name, onName, onJoin, joining, problem }: Props) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '' && !joining) onJoin();
  };
  return (
    <div className="join">
      <header className="join-head">
        <a href="/" className="plain-link" aria-label="Millrace, start page">
          <Logo />
        </a>
      </header>
      <main className="join-main">
        <Preview local={local} name={name} />
        <form className="join-form" onSubmit={submit}>
          <h1>{meeting.title || 'Ready to join?'}</h1>
          <WhoIsHere people={meeting.participants} />
          <label className="field">
            <span className="field-label">Your name</span>
            <input
              className="input"
              data-testid="name-input"
              value={name}
              maxLength={NAME_MAX}
              placeholder="What others will see"
              autoComplete="name"
              autoFocus
              onChange={(event) => onName(event.target.value)}
            />
          </label>
          <DevicePickers local={local} />
          {problem && (
            <p className="notice problem" role="alert" data-testid="join-problem">
              <WarnIcon />
              <span>
                <strong>{problem.title}.</strong> {problem.text}
              </span>
            </p>
          )}
          <button
            type="submit"
            className="button primary large wide"
            data-testid="join-button"
            disabled={joining || name.trim() === ''}
            aria-busy={joining}
          >
            {joining ? 'Joining…' : 'Join meeting'}
          </button>
          <p className="join-code">
            Meeting code <span className="mono">{meeting.meeting_id}</span>
          </p>
        </form>
      </main>
    </div>
  );
}

function Preview({ local, name }: { local: LocalMedia; name: string }) {
  const { camera, mic, micOn, micProblem, cameraProblem, starting } = useLocal(local);
  const stream = useMemo(() => (camera ? new MediaStream([camera]) : null), [camera]);
  const problems = distinct([cameraProblem, micProblem]);
  return (
    <section className="preview" aria-label="Camera and microphone">
      <div className="preview-tile" data-testid="preview">
        {!stream && (
          <div className="preview-off">
            {starting ? (
              <>
                <span className="spinner" aria-hidden="true" />
                <p>Waiting for the camera and microphone…</p>
              </>
            ) : (
              <>
                {name.trim() ? (
                  <Avatar id={1} name={name} />
                ) : (
                  <span className="plain-icon">
                    <CameraOffIcon />
                  </span>
                )}
                <p>{cameraProblem ? cameraProblem.title : 'Your camera is off'}</p>
              </>
            )}
          </div>
        )}
        {stream && <VideoView stream={stream} mirrored />}
        <div className="preview-bar">
          <button
            type="button"
            className={`round ${micOn ? '' : 'off'}`}
            data-testid="mute-button"
            aria-pressed={!micOn}
            aria-label={micOn ? 'Turn the microphone off' : 'Turn the microphone on'}
            onClick={() => void local.setMic(!micOn)}
          >
            {micOn ? <MicIcon /> : <MicOffIcon />}
          </button>
          <button
            type="button"
            className={`round ${camera ? '' : 'off'}`}
            data-testid="camera-button"
            aria-pressed={!camera}
            aria-label={camera ? 'Turn the camera off' : 'Turn the camera on'}
            onClick={() => void local.setCamera(!camera)}
          >
            {camera ? <CameraIcon /> : <CameraOffIcon />}
          </button>
        </div>
        {micOn && mic && (
          <div className="preview-level">
            <MicIcon />
            <LevelMeter track={mic} />
          </div>
        )}
      </div>
      {problems.map((problem) => (
        <p key={problem.title} className="notice" role="status" data-testid="device-problem">
          <WarnIcon />
          <span>
            <strong>{problem.title}.</strong> {problem.text}
          </span>
        </p>
      ))}
    </section>
  );
}

/** An insecure page has one problem, not two equal ones. */
function distinct(problems: readonly (DeviceProblem | null)[]): DeviceProblem[] {
  const byTitle = new Map<string, DeviceProblem>();
  for (const problem of problems) if (problem) byTitle.set(problem.title, problem);
  return [...byTitle.values()];
}

function WhoIsHere({ people }: { people: readonly Participant[] }) {
  if (people.length === 0) return <p className="who">Nobody is here yet. You will be the first.</p>;
  return (
    <p className="who">
      <span className="who-faces">
        {people.slice(0, 4).map((p) => (
          <Avatar key={p.participant_id} id={p.participant_id} name={p.name} />
        ))}
      </span>
      <span>{whoText(people.map((p) => p.name))}</span>
    </p>
  );
}

export function whoText(names: readonly string[]): string {
  const [first, second] = names;
  if (names.length === 1) return `${first} is here`;
  if (names.length === 2) return `${first} and ${second} are here`;
  const others = names.length - 2;
  return `${first}, ${second} and ${others} ${others === 1 ? 'other' : 'others'} are here`;
}
