// Keeps a media session alive. A blip (disconnected > 2 s, the network changed) gets an ICE
// restart, which keeps keys and slots; anything worse gets a new session with a fresh offer.
import { ApiProblem, Unreachable } from '../api/problems';
import type { SlotAssignment, Source } from '../api/types';
import { Backoff } from '../meeting/backoff';
import { Peer } from './peer';
import { type LocalTracks, MediaSession, type SessionDeps } from './session';
import { sameOccupants, type SlotView } from './slots';

/** Shorter losses heal by themselves: the next ICE check or packet ends them. */
const DISCONNECTED_PATIENCE_MS = 2_000;
/** ICE and DTLS take well under a second; after this the address does not answer. */
const CONNECT_PATIENCE_MS = 12_000;
/** A connection that held this long was a good one: its loss starts the waits anew. */
const STABLE_AFTER_MS = 10_000;
const SLOT_POLL_MS = 250;
/** After so many sessions in a row that did not last the page says so. */
const BLOCKED_AFTER = 3;

export type LinkPhase = 'connecting' | 'open' | 'reconnecting' | 'blocked' | 'closed';

export interface LinkCallbacks {
  onPhase(phase: LinkPhase): void;
  onSlots(slots: readonly SlotView[]): void;
  onAudioStreams(streams: readonly MediaStream[]): void;
  /** The service refused our offer; it is tried again unless the callback closes the link. */
  onProblem(error: ApiProblem): void;
  /** Another page with our token has connected. The callback closes the link: two would fight. */
  onTakenOver(): void;
}

export class MediaLink {
  session: MediaSession | null = null;
  private phase: LinkPhase = 'connecting';
  private slots: readonly SlotView[] = [];
  private announced: { sessionId: string; slots: readonly SlotAssignment[] } | null = null;
  private readonly backoff = new Backoff(500, 8_000);
  private readonly poll: ReturnType<typeof setInterval>;
  private pending: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private stable: ReturnType<typeof setTimeout> | undefined;
  private restarting: Promise<void> | null = null;
  private wasOpen = false;
  /** Sessions in a row that never connected or did not last. */
  private shortLived = 0;
  /** Our sessions before the present one: the end of the last may be told late. */
  private readonly past: string[] = [];
  private readonly onNetworkChange = () => void this.restartIce();
  private prepared: Peer | null;

  constructor(
    private readonly deps: Omit<SessionDeps, 'onTransportOver'>,
    private readonly tracks: () => LocalTracks,
    private readonly on: LinkCallbacks,
    prepared: Peer | null = null,
  ) {
    this.prepared = prepared;
    this.poll = setInterval(() => this.lookAtSlots(), SLOT_POLL_MS);
    window.addEventListener('online', this.onNetworkChange);
    this.begin();
  }

  /** Gives up the present session and makes a new one, after `waitMs`. */
  renew(waitMs = 0): void {
    if (this.phase === 'closed') return;
    this.drop();
    this.setPhase(this.shortLived >= BLOCKED_AFTER ? 'blocked' : this.waitingPhase());
    clearTimeout(this.pending);
    this.pending = setTimeout(() => this.begin(), waitMs);
  }

  /** The core has lost all its sessions, ours too. */
  renewForgotten(waitMs: number): void {
    this.session?.abandon();
    this.renew(waitMs);
  }

  async restartIce(): Promise<void> {
    const { session } = this;
    if (!session || session.sessionId === null || this.phase === 'closed') return;
    this.restarting ??= session
      .restartIce()
      .catch((error: unknown) => this.onRestartFailed(session, error))
      .finally(() => {
        this.restarting = null;
      });
    await this.restarting;
  }

  async setTrack(source: Source, track: MediaStreamTrack | null): Promise<void> {
    await this.session?.setTrack(source, track);
  }

  announce(sessionId: string, slots: readonly SlotAssignment[]): void {
    this.announced = { sessionId, slots };
    this.lookAtSlots();
  }

  currentSlots(): readonly SlotView[] {
    return this.slots;
  }

  /** The service says that a session of ours is over. */
  closedByService(sessionId: string, reason: string | undefined): void {
    const { session } = this;
    const newest = session?.sessionId ?? this.past.at(-1);
    if (this.phase === 'closed' || sessionId !== newest) return;
    // It cannot have been a newer one of ours: there is none.
    if (reason === 'taken-over') this.on.onTakenOver();
    else if (session?.sessionId === sessionId) this.failForgotten(session);
  }

  /**
   * What the service knows after it was away. If ours is not among it, then it is gone; if there
   * is one that was never ours, it has taken our place.
   */
  compare(known: ReadonlySet<string>): void {
    const { session } = this;
    if (!session || session.sessionId === null || known.has(session.sessionId)) return;
    const others = [...known].filter((id) => !this.past.includes(id));
    if (others.length > 0) this.on.onTakenOver();
    else this.failForgotten(session);
  }

  /** The page goes away, or to sleep: the others must not look at a still picture. */
  suspend(): void {
    clearTimeout(this.pending);
    this.drop();
  }

  /** Ends it without a word: whoever ends the call tells the service, or was told by it. */
  close(): void {
    clearInterval(this.poll);
    clearTimeout(this.pending);
    window.removeEventListener('online', this.onNetworkChange);
    this.session?.abandon();
    this.drop();
    this.setPhase('closed');
  }

  private begin(): void {
    const peer = this.prepared ?? new Peer(this.deps.iceServers);
    this.prepared = null;
    const session = new MediaSession(peer, {
      ...this.deps,
      onTransportOver: (over) => this.fail(over),
    });
    this.session = session;
    session.pc.addEventListener('connectionstatechange', () => this.onConnection(session));
    this.on.onAudioStreams(session.audioStreams);
    this.watchdog = setTimeout(() => this.fail(session), CONNECT_PATIENCE_MS);
    session.open(this.tracks()).then(
      () => this.lookAtSlots(),
      (error: unknown) => this.fail(session, error),
    );
  }

  /** There is nothing left to delete. */
  private failForgotten(session: MediaSession): void {
    session.abandon();
    this.fail(session);
  }

  private fail(session: MediaSession, error?: unknown): void {
    if (this.session !== session) return;
    if (error === undefined) this.shortLived += 1;
    if (error instanceof ApiProblem) this.on.onProblem(error);
    const asked = error instanceof ApiProblem ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
    this.renew(Math.max(asked, this.backoff.next()));
  }

  private onConnection(session: MediaSession): void {
    if (this.session !== session) return;
    clearTimeout(this.stable);
    switch (session.pc.connectionState) {
      case 'connected':
        clearTimeout(this.watchdog);
        this.wasOpen = true;
        this.stable = setTimeout(() => this.onStable(), STABLE_AFTER_MS);
        this.setPhase('open');
        break;
      case 'disconnected':
        clearTimeout(this.watchdog);
        this.watchdog = setTimeout(() => {
          this.setPhase('reconnecting');
          void this.restartIce();
        }, DISCONNECTED_PATIENCE_MS);
        break;
      case 'failed':
        this.fail(session);
        break;
      default:
        break;
    }
  }

  private onStable(): void {
    this.shortLived = 0;
    this.backoff.reset();
  }

  private onRestartFailed(session: MediaSession, error: unknown): void {
    // A path that works in spite of the failure is left alone.
    if (this.session !== session || session.pc.connectionState === 'connected') return;
    const wait = this.backoff.next();
    if (!(error instanceof Unreachable)) {
      this.renew(wait);
      return;
    }
    // The service is away but the core may not be: the path can still heal by itself, so the
    // session is kept until the browser gives it up.
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => void this.restartIce(), wait);
  }

  private lookAtSlots(): void {
    const { session } = this;
    if (!session) return;
    const known = this.announced?.sessionId === session.sessionId ? this.announced : null;
    const slots = session.slotViews(known?.slots ?? [], performance.now());
    const changed = !sameOccupants(slots, this.slots);
    this.slots = slots;
    if (changed) this.on.onSlots(slots);
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.stable);
    const old = this.session;
    this.session = null;
    this.restarting = null;
    if (old?.sessionId) this.past.push(old.sessionId);
    old?.close();
  }

  private waitingPhase(): LinkPhase {
    return this.wasOpen ? 'reconnecting' : 'connecting';
  }

  private setPhase(phase: LinkPhase): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.on.onPhase(phase);
  }
}
