// Alone in the meeting: the next thing to do is to bring somebody in.
import { useCopy } from './hooks';
import { CheckIcon, LinkIcon } from './icons';

export function meetingLink(path: string): string {
  return new URL(path, location.href).href;
}

export function InviteCard({ path }: { path: string }) {
  const [copied, copy] = useCopy();
  const link = meetingLink(path);
  return (
    <aside className="invite" data-testid="invite-card">
      <h2>You’re the only one here</h2>
      <p>Send this link to the people you want to meet.</p>
      <div className="invite-link">
        <span className="mono" title={link}>
          {link.replace(/^https?:\/\//, '')}
        </span>
        <button type="button" className="button primary" onClick={() => void copy(link)}>
          {copied ? <CheckIcon /> : <LinkIcon />}
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
    </aside>
  );
}
