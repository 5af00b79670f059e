// The screens without a meeting in them: loading, could not load, and over.
import type { Explanation } from '../api/problems';
import type { Over } from '../meeting/call';
import { Logo, PlugIcon, WarnIcon, LeaveIcon } from './icons';
import { navigate } from './router';

export function LoadingScreen() {
  return (
    <div className="plain" role="status">
      <span className="spinner large" aria-hidden="true" />
      <p className="muted-text">Opening the meeting…</p>
    </div>
  );
}

export function ProblemScreen({ problem, onRetry }: { problem: Explanation; onRetry: () => void }) {
  const canRetry = problem.kind !== 'not-found' && problem.kind !== 'over';
  return (
    <PlainScreen testId="problem-screen" icon={problem.kind === 'unreachable' ? <PlugIcon /> : <WarnIcon />}>
      <h1>{problem.title}</h1>
      <p className="lede">{problem.text}</p>
      <div className="plain-actions">
        {canRetry && (
          <button type="button" className="button primary" onClick={onRetry} data-testid="retry-button">
            Try again
          </button>
        )}
        <button type="button" className={`button ${canRetry ? '' : 'primary'}`} onClick={() => navigate('/')}>
          Go to the start page
        </button>
      </div>
    </PlainScreen>
  );
}

const OVER: Record<Over, { title: string; text: string; rejoin: string | null }> = {
  left: { title: 'You left the meeting', text: 'It goes on without you. You can come back any time.', rejoin: 'Rejoin' },
  ended: { title: 'The meeting is over', text: 'The host has ended it for everyone.', rejoin: null },
  kicked: {
    title: 'You were removed',
    text: 'The host removed you from this meeting. If that was a mistake, ask to be let in again.',
    rejoin: 'Rejoin',
  },
  expired: {
    title: 'Your place has expired',
    text: 'The page was away from the meeting for too long. Join again to carry on.',
    rejoin: 'Join again',
  },
  elsewhere: {
    title: 'You joined from another tab or device',
    text: 'Your place in the meeting is there now. It can be in one place at a time.',
    rejoin: 'Use this tab instead',
  },
};

export function OverScreen({ over, onRejoin }: { over: Over; onRejoin: () => void }) {
  const { title, text, rejoin } = OVER[over];
  return (
    <PlainScreen testId={`over-${over}`} icon={<LeaveIcon />}>
      <h1>{title}</h1>
      <p className="lede">{text}</p>
      <div className="plain-actions">
        {rejoin && (
          <button type="button" className="button primary" data-testid="rejoin-button" onClick={onRejoin}>
            {rejoin}
          </button>
        )}
        <button
          type="button"
          className={`button ${rejoin ? '' : 'primary'}`}
          onClick={() => navigate('/')}
        >
          Go to the start page
        </button>
      </div>
    </PlainScreen>
  );
}

function PlainScreen(props: { testId: string; icon: React.ReactNode; children: React.ReactNode }) {
  return (
    <div className="plain">
      <div className="plain-logo">
        <Logo />
      </div>
      <main className="plain-card" data-testid={props.testId}>
        <span className="plain-icon">{props.icon}</span>
        {props.children}
      </main>
    </div>
  );
}
