// Two addresses: `/` and `/m/{id}`. Anything else shows the landing page.
import { useSyncExternalStore } from 'react';

export type Route = { page: 'landing' } | { page: 'meeting'; id: string };

export function routeOf(path: string): Route {
  const id = /^\/m\/([A-Za-z0-9-]+)\/?$/.exec(path)?.[1];
  return id ? { page: 'meeting', id } : { page: 'landing' };
}

const CHANGED = 'millrace:navigate';

export function navigate(path: string): void {
  history.pushState(null, '', path);
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener('popstate', listener);
    window.removeEventListener(CHANGED, listener);
  };
}

export function useRoute(): Route {
  return routeOf(useSyncExternalStore(subscribe, () => location.pathname));
}

export interface PageOptions {
  readonly name: string | null;
  readonly autojoin: boolean;
}

/** `?name=…&autojoin=1`, for kiosks and tests. */
export function pageOptions(search: string): PageOptions {
  const query = new URLSearchParams(search);
  return { name: query.get('name'), autojoin: query.get('autojoin') === '1' };
}
