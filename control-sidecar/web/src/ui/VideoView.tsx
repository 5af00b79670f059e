// A <video> that plays one stream and stays invisible until it has a frame to show.
import { useEffect, useRef, useState } from 'react';

interface Props {
  readonly stream: MediaStream;
  readonly mirrored?: boolean;
  readonly fit?: 'cover' | 'contain';
  readonly onFrame?: () => void;
}

export function VideoView({ stream, mirrored = false, fit = 'cover', onFrame }: Props) {
  const ref = useRef<HTMLVideoElement>(null);
  const [ready, setReady] = useState(false);
  const latest = useRef(onFrame);
  latest.current = onFrame;

  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    setReady(false);
    video.srcObject = stream;
    // Muted video may always play; a rejection means the element went away meanwhile.
    video.play().catch(() => undefined);
    const request = video.requestVideoFrameCallback(() => {
      setReady(true);
      latest.current?.();
    });
    return () => {
      video.cancelVideoFrameCallback(request);
      video.srcObject = null;
    };
  }, [stream]);

  const classes = ['video', fit === 'contain' && 'contain', mirrored && 'mirrored', ready && 'ready'];
  return (
    <video
      ref={ref}
      className={classes.filter(Boolean).join(' ')}
      muted
      autoPlay
      playsInline
      disablePictureInPicture
    />
  );
}
