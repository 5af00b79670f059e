// The front door: start a meeting, or come in with a code.
import { type FormEvent, useState } from 'react';
import { Api } from '../api/client';
import { explain } from '../api/problems';
import { meetingCode } from './code';
import { useTitle } from './hooks';
import { ArrowIcon, CameraIcon, Logo } from './icons';
import { navigate } from './router';

export function Landing({ api }: { api: Api }) {
  useTitle('Millrace');
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState<'start' | 'code' | null>(null);
  const [startError, setStartError] = useState('');
  const [codeError, setCodeError] = useState('');

  const start = async () => {
    setBusy('start');
    setStartError('');
    try {
      const meeting = await api.createMeeting();
      navigate(meeting.join_url);
    } catch (error) {
      setStartError(sentence(error));
      setBusy(null);
    }
  };

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    const id = meetingCode(code);
    if (!id) {
      setCodeError('Type a code such as abc-defg-hij, or paste the whole link.');
      return;
    }
    setBusy('code');
    setCodeError('');
    try {
      const meeting = await api.meeting(id);
      if (meeting.status === 'ended') setCodeError('This meeting is over.');
      else return navigate(meeting.join_url);
    } catch (error) {
      setCodeError(sentence(error));
    }
    setBusy(null);
  };

  return (
    <div className="landing">
      <header className="landing-head">
        <Logo />
      </header>
      <main className="landing-main">
        <div className="landing-text">
          <h1>
            Meet face to face.
            <br />
            <span className="landing-accent">On your own server.</span>
          </h1>
          <p className="lede">
            Start a meeting and send the link. Everyone joins from the browser: no account, nothing to
            install.
          </p>
          <div className="landing-actions">
            <button
              type="button"
              className="button primary large"
              data-testid="start-button"
              onClick={start}
              disabled={busy !== null}
              aria-busy={busy === 'start'}
            >
              <CameraIcon />
              {busy === 'start' ? 'Starting…' : 'Start a meeting'}
            </button>
            <span className="landing-or">or</span>
            <form className="code-form" onSubmit={enter} noValidate>
              <label className="visually-hidden" htmlFor="code">
                Meeting code or link
              </label>
              <input
                id="code"
                className="input large"
                data-testid="code-input"
                placeholder="Enter a meeting code"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                value={code}
                aria-invalid={codeError !== ''}
                aria-describedby="code-error"
                onChange={(event) => {
                  setCode(event.target.value);
                  setCodeError('');
                }}
              />
              <button
                type="submit"
                className="code-go"
                data-testid="code-button"
                aria-label="Go to the meeting"
                disabled={busy !== null || code.trim() === ''}
              >
                <ArrowIcon />
              </button>
            </form>
          </div>
          <p className="field-error" role="alert" id="code-error">
            {startError || codeError}
          </p>
        </div>
        <LandingArt />
      </main>
      <footer className="landing-foot">
        Millrace is open source. Your calls stay on the server you chose.
      </footer>
    </div>
  );
}

function sentence(error: unknown): string {
  const { title, text } = explain(error);
  return `${title}. ${text}`;
}

/** A quiet picture of a call: three tiles and the water that carries them. */
function LandingArt() {
  return (
    <div className="art" aria-hidden="true">
      <div className="art-tile art-a">
        <span className="avatar avatar-2">MK</span>
        <span className="art-bars">
          <i />
          <i />
          <i />
        </span>
      </div>
      <div className="art-tile art-b">
        <span className="avatar avatar-5">AL</span>
      </div>
      <div className="art-tile art-c">
        <span className="avatar avatar-7">JR</span>
      </div>
    </div>
  );
}
