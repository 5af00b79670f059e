// Plays the audio slots. Browsers may refuse to start sound before the first gesture on the page
// (after a reload, say): then the user is asked for one.
import { useEffect, useRef } from 'react';

interface Props {
  readonly streams: readonly MediaStream[];
  readonly attempt: number;
  readonly onBlocked: (blocked: boolean) => void;
}

export function AudioPlayers({ streams, attempt, onBlocked }: Props) {
  return (
    <div hidden>
      {streams.map((stream) => (
        <Player key={stream.id} stream={stream} attempt={attempt} onBlocked={onBlocked} />
      ))}
    </div>
  );
}

function Player({ stream, attempt, onBlocked }: { stream: MediaStream } & Omit<Props, 'streams'>) {
  const ref = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = ref.current;
    if (!audio) return;
    if (audio.srcObject !== stream) audio.srcObject = stream;
    audio.play().then(
      () => onBlocked(false),
      (error: unknown) => {
        if (error instanceof Error && error.name === 'NotAllowedError') onBlocked(true);
      },
    );
  }, [stream, attempt, onBlocked]);
  return <audio ref={ref} autoPlay />;
}
