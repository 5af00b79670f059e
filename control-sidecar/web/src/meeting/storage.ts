// What survives a reload. The place in a meeting is kept per tab (sessionStorage), so that a
// reload returns straight into it; the name and the devices are kept for next time.
import type { Join } from '../api/types';
import type { DeviceChoice } from '../media/devices';

export interface Prefs extends DeviceChoice {
  readonly name: string;
  readonly mic: boolean;
  readonly camera: boolean;
}

export interface SavedPlace {
  readonly join: Join;
  readonly prefs: Prefs;
}

const PREFS_KEY = 'millrace.prefs';
const placeKey = (meetingId: string) => `millrace.place.${meetingId}`;

export function loadPrefs(): Prefs {
  const saved = read<Partial<Prefs>>('localStorage', PREFS_KEY) ?? {};
  return { name: '', mic: true, camera: true, ...saved };
}

export function savePrefs(prefs: Prefs): void {
  write('localStorage', PREFS_KEY, prefs);
}

export function loadPlace(meetingId: string): SavedPlace | null {
  return read<SavedPlace>('sessionStorage', placeKey(meetingId));
}

export function savePlace(meetingId: string, place: SavedPlace): void {
  write('sessionStorage', placeKey(meetingId), place);
}

export function forgetPlace(meetingId: string): void {
  try {
    sessionStorage.removeItem(placeKey(meetingId));
  } catch {
    // Storage is off: there was nothing to forget.
  }
}

type Area = 'localStorage' | 'sessionStorage';

function read<T>(area: Area, key: string): T | null {
  try {
    return JSON.parse(globalThis[area].getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
}

function write(area: Area, key: string, value: unknown): void {
  try {
    globalThis[area].setItem(key, JSON.stringify(value));
  } catch {
    // Private windows may refuse: a reload then asks for the name again.
  }
}
