// What the page says by itself: banners that stay while something is so, toasts that pass.
import type { CallSnapshot } from '../meeting/call';
import { CloseIcon, PlugIcon, SoundIcon, WarnIcon } from './icons';

export function Banners({ snap, soundBlocked, onSound }: { snap: CallSnapshot; soundBlocked: boolean; onSound: () => void }) {
  const away = snap.everUp && !snap.writable && !snap.over;
  const blocked = snap.media === 'blocked';
  const coreDown = snap.writable && snap.state.core === 'down';
  const reconnecting = snap.media === 'reconnecting' && !coreDown;
  return (
    <div className="banners" aria-live="polite">
      {away && (
        <p className="banner" data-testid="readonly-banner">
          <PlugIcon />
          Read-only: reconnecting to the meeting service…; the call goes on
        </p>
      )}
      {coreDown && (
        <p className="banner" data-testid="core-banner">
          <span className="spinner" aria-hidden="true" />
          The media service is restarting; sound and picture come back by themselves
        </p>
      )}
      {reconnecting && (
        <p className="banner" data-testid="media-banner">
          <span className="spinner" aria-hidden="true" />
          Reconnecting sound and picture…
        </p>
      )}
      {blocked && (
        <p className="banner problem" data-testid="blocked-banner">
          <WarnIcon />
          Sound and picture don’t get through after several tries. Your network may block UDP; still trying
        </p>
      )}
      {soundBlocked && (
        <button type="button" className="banner action" onClick={onSound}>
          <SoundIcon />
          Click to turn the sound on
        </button>
      )}
    </div>
  );
}

export function ToastStack({ snap, onDismiss }: { snap: CallSnapshot; onDismiss: (id: number) => void }) {
  return (
    <div className="toasts" role="status" aria-live="polite" aria-relevant="additions">
      {snap.toasts.map((toast) => (
        <div key={toast.id} className={`toast ${toast.tone}`} data-testid="toast">
          {toast.tone === 'problem' && <WarnIcon />}
          <span>{toast.text}</span>
          <button
            type="button"
            className="icon-button"
            aria-label="Dismiss"
            onClick={() => onDismiss(toast.id)}
          >
            <CloseIcon />
          </button>
        </div>
      ))}
    </div>
  );
}
