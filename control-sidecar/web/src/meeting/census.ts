// Which media sessions of ours the service knows, after it was away. It tells them right after
// `welcome`, before it answers anything: so the answer to a ping marks their end. While its core is
// down it knows none for sure, and tells them before `core up`.
import type { ServerEvent } from '../api/types';

export class Census {
  private readonly known = new Set<string>();
  private waiting = false;
  private ponged = false;
  private coreUp = false;

  constructor(private readonly onDone: (known: ReadonlySet<string>) => void) {}

  /** Welcomed again; the ping goes out now. */
  begin(core: 'up' | 'down'): void {
    this.waiting = true;
    this.ponged = false;
    this.coreUp = core === 'up';
  }

  see(event: ServerEvent): void {
    switch (event.type) {
      case 'welcome':
        this.known.clear();
        this.waiting = false;
        return;
      case 'media':
        if (event.phase === 'closed') this.known.delete(event.session_id);
        else this.known.add(event.session_id);
        return;
      case 'pong':
        this.ponged = true;
        break;
      case 'core':
        // After `restarted` media is set up anew in any case.
        if (event.state === 'restarted') this.waiting = false;
        this.coreUp = event.state === 'up';
        break;
      default:
        return;
    }
    if (!this.waiting || !this.ponged || !this.coreUp) return;
    this.waiting = false;
    this.onDone(this.known);
  }
}
