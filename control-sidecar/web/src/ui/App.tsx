import { useMemo } from 'react';
import { Api } from '../api/client';
import { Landing } from './Landing';
import { MeetingPage } from './MeetingPage';
import { useRoute } from './router';

export function App() {
  const api = useMemo(() => new Api(), []);
  const route = useRoute();
  // The key gives each meeting a page of its own: nothing of one call can leak into the next.
  return route.page === 'meeting' ? (
    <MeetingPage key={route.id} api={api} id={route.id} />
  ) : (
    <Landing api={api} />
  );
}
