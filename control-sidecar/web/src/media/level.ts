// How loud a track is now, 0 to 1, for the level meter. Reads the analyser on each animation
// frame; costs nothing when nobody looks.

/** Quieter than this is room noise: the meter rests. */
const FLOOR_DB = -60;

export function meter(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let shown = 0;
  let frame = 0;
  const look = () => {
    analyser.getFloatTimeDomainData(samples);
    const now = levelOf(samples);
    // Rises at once, falls slowly: the eye reads peaks.
    shown = Math.max(now, shown * 0.9);
    onLevel(shown);
    frame = requestAnimationFrame(look);
  };
  // Browsers hold audio back until the first gesture on the page.
  const wake = () => void context.resume();
  document.addEventListener('pointerdown', wake, { once: true });
  wake();
  look();
  return () => {
    cancelAnimationFrame(frame);
    document.removeEventListener('pointerdown', wake);
    void context.close();
  };
}

export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  const db = 20 * Math.log10(Math.max(rms, 1e-9));
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}
