// The page of one meeting, from looking it up to having left it.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Api } from '../api/client';
import { explain, type Explanation } from '../api/problems';
import type { Join, Meeting } from '../api/types';
import { LocalMedia } from '../media/devices';
import { Peer } from '../media/peer';
import { Call, type Over } from '../meeting/call';
import { forgetPlace, loadPlace, loadPrefs, savePlace, savePrefs } from '../meeting/storage';
import { mark, restartTimeline } from '../meeting/timeline';
import { exposeTestHooks } from '../testhooks';
import { useTitle } from './hooks';
import { JoinScreen, NAME_MAX } from './JoinScreen';
import { LoadingScreen, OverScreen, ProblemScreen } from './EndScreens';
import { MeetingScreen } from './MeetingScreen';
import { pageOptions } from './router';

const DEVICE_PATIENCE_MS = 3_000;

type View =
  | { at: 'loading' }
  | { at: 'problem'; problem: Explanation }
  | { at: 'join'; meeting: Meeting; local: LocalMedia; joining: boolean; problem: Explanation | null }
  | { at: 'call'; call: Call }
  | { at: 'over'; over: Over };

interface Held {
  readonly local: LocalMedia | null;
  /** Made ready for the join; from then on it is the call's. */
  peer: Peer | null;
  readonly call: Call | null;
}

export function MeetingPage({ api, id }: { api: Api; id: string }) {
  const [view, setView] = useState<View>({ at: 'loading' });
  const [name, setName] = useState(() => startName());
  // Everything that outlives a render and must be let go when the page of this meeting goes.
  const held = useRef<Held>({ local: null, peer: null, call: null });
  const opened = useRef(false);
  useTitle(view.at === 'join' && view.meeting.title ? `${view.meeting.title} · Millrace` : 'Millrace');

  const enter = useCallback((join: Join, local: LocalMedia, peer: Peer) => {
    // A connection made before the join knows nothing of ICE servers; normally there are none.
    const prepared = join.ice_servers.length === 0 ? peer : null;
    if (!prepared) peer.close();
    const call = new Call(api, join, local, prepared);
    held.current = { local, peer: null, call };
    exposeTestHooks(call);
    const stop = call.subscribe(() => {
      const { over } = call.snapshot();
      if (!over) return;
      stop();
      // Elsewhere the place is still ours: a reload here means to come back to it.
      if (over !== 'elsewhere') forgetPlace(id);
      setView({ at: 'over', over });
    });
    setView({ at: 'call', call });
  }, [api, id]);

  const join = useCallback(async (meeting: Meeting, local: LocalMedia, as: string) => {
    restartTimeline();
    setView({ at: 'join', meeting, local, joining: true, problem: null });
    const peer = (held.current.peer ??= new Peer());
    // Is made while the service answers; what goes wrong with it the call tells.
    peer.offer().catch(() => undefined);
    try {
      enter(await api.join(id, as.trim().slice(0, NAME_MAX)), local, peer);
    } catch (error) {
      setView({ at: 'join', meeting, local, joining: false, problem: explain(error) });
    }
  }, [api, enter, id]);

  const open = useCallback(async (autojoin: boolean) => {
    setView({ at: 'loading' });
    const prefs = loadPrefs();
    let meeting: Meeting;
    try {
      meeting = await api.meeting(id);
      if (meeting.status === 'ended') return setView({ at: 'over', over: 'ended' });
    } catch (error) {
      return setView({ at: 'problem', problem: explain(error) });
    }
    const local = new LocalMedia({ micId: prefs.micId, cameraId: prefs.cameraId });
    const peer = new Peer();
    held.current = { local, peer, call: null };
    peer.warm();
    setView({ at: 'join', meeting, local, joining: autojoin, problem: null });
    const started = local.start({ mic: prefs.mic, camera: prefs.camera });
    await (autojoin ? orPatience(started) : started);
    if (autojoin) await join(meeting, local, startName() || 'Guest');
  }, [api, id, join]);

  // A reload inside the meeting goes straight back, as the same participant.
  const resume = useCallback(async (): Promise<boolean> => {
    const place = loadPlace(id);
    if (!place) return false;
    mark('joinClick');
    const { join: saved, prefs } = place;
    const local = new LocalMedia({ micId: prefs.micId, cameraId: prefs.cameraId });
    const peer = new Peer();
    held.current = { local, peer, call: null };
    peer.warm();
    await orPatience(local.start({ mic: prefs.mic, camera: prefs.camera }));
    enter(saved, local, peer);
    return true;
  }, [enter, id]);

  const rejoin = useCallback(async (over: Over) => {
    if (over !== 'elsewhere' || !(await resume())) await open(false);
  }, [open, resume]);

  useEffect(() => {
    if (opened.current) return;
    opened.current = true;
    void resume().then((resumed) => {
      if (!resumed) void open(pageOptions(location.search).autojoin);
    });
  }, [open, resume]);

  useEffect(
    () => () => {
      const { call, peer, local } = held.current;
      peer?.close();
      if (call && !call.snapshot().over) call.leave();
      else local?.stop();
    },
    [],
  );

  useRemember(id, view, name);

  switch (view.at) {
    case 'loading':
      return <LoadingScreen />;
    case 'problem':
      return <ProblemScreen problem={view.problem} onRetry={() => void open(false)} />;
    case 'join':
      return (
        <JoinScreen
          meeting={view.meeting}
          local={view.local}
          name={name}
          onName={setName}
          onJoin={() => void join(view.meeting, view.local, name)}
          joining={view.joining}
          problem={view.problem}
        />
      );
    case 'call':
      return <MeetingScreen call={view.call} />;
    case 'over':
      return <OverScreen over={view.over} onRejoin={() => void rejoin(view.over)} />;
  }
}

/** A permission question may stay unanswered: the meeting does not wait for it. */
function orPatience(started: Promise<void>): Promise<void> {
  return Promise.race([started, new Promise<void>((go) => setTimeout(go, DEVICE_PATIENCE_MS))]);
}

function startName(): string {
  return (pageOptions(location.search).name ?? loadPrefs().name).slice(0, NAME_MAX);
}

/** Keeps name and device choices for a reload and for next time. */
function useRemember(id: string, view: View, name: string): void {
  const call = view.at === 'call' ? view.call : null;
  useEffect(() => {
    if (!call) return;
    const save = () => {
      if (call.snapshot().over) return;
      const { micOn, mic, camera } = call.local.snapshot();
      const { deviceId: micId } = mic?.getSettings() ?? {};
      const { deviceId: cameraId } = camera?.getSettings() ?? {};
      const prefs = {
        name: call.join.participant.name || name,
        mic: micOn,
        camera: camera !== null,
        micId: micId ?? call.local.choice.micId,
        cameraId: cameraId ?? call.local.choice.cameraId,
      };
      savePlace(id, { join: call.join, prefs });
      savePrefs(prefs);
    };
    save();
    return call.local.subscribe(save);
  }, [call, id, name]);
}
