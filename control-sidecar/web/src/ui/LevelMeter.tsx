// Shows that the microphone hears something. Writes the style of one element on each frame, past
// React: sixty renders a second would be a waste.
import { useEffect, useRef } from 'react';
import { meter } from '../media/level';

export function LevelMeter({ track }: { track: MediaStreamTrack | null }) {
  const bar = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!track) return;
    return meter(track, (level) => {
      if (bar.current) bar.current.style.transform = `scaleX(${level.toFixed(3)})`;
    });
  }, [track]);
  return (
    <span className="level" role="img" aria-label="Microphone level">
      <span className="level-bar" ref={bar} />
    </span>
  );
}
