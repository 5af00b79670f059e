// The camera's simulcast layers. The offer always names three; which of them are sent, and how much
// smaller each is, follows from the camera: a layer below some 180 lines helps nobody.

export interface Layer {
  readonly active: boolean;
  readonly scaleResolutionDownBy: number;
  readonly maxBitrate: number;
}

export const RIDS = ['q', 'h', 'f'] as const;

/** Lowest first, from so many lines of the camera up. The core counts layers from below too. */
const SCALES: readonly { readonly from: number; readonly scales: readonly number[] }[] = [
  { from: 720, scales: [4, 2, 1] },
  { from: 540, scales: [3, 1.5, 1] },
  { from: 300, scales: [2, 1] },
  { from: 0, scales: [1] },
];

/** What a talking head takes, by the lines of the layer. */
const RATES: readonly { readonly from: number; readonly bitrate: number }[] = [
  { from: 600, bitrate: 1_700_000 },
  { from: 450, bitrate: 1_000_000 },
  { from: 300, bitrate: 500_000 },
  { from: 200, bitrate: 250_000 },
  { from: 0, bitrate: 150_000 },
];

const UNKNOWN_LINES = 720;

/** One for each of `RIDS`. */
export function layersFor(lines: number = UNKNOWN_LINES): Layer[] {
  const scales = SCALES.find((row) => lines >= row.from)?.scales ?? [1];
  return RIDS.map((_, i) => {
    const scale = scales[i];
    const height = lines / (scale ?? 1);
    return {
      active: scale !== undefined,
      scaleResolutionDownBy: scale ?? 1,
      maxBitrate: RATES.find((row) => height >= row.from)?.bitrate ?? 0,
    };
  });
}

/** The lines of a camera; a phone held upright gives them as its width. */
export function linesOf(track: MediaStreamTrack): number | undefined {
  const { width, height } = track.getSettings();
  return width && height ? Math.min(width, height) : undefined;
}

export async function fitLayers(sender: RTCRtpSender, camera: MediaStreamTrack): Promise<void> {
  const parameters = sender.getParameters();
  const layers = layersFor(linesOf(camera));
  if (parameters.encodings.length !== layers.length) return;
  parameters.encodings.forEach((encoding, i) => Object.assign(encoding, layers[i]));
  // A browser that refuses sends the layers of the offer: small ones too many, nothing worse.
  await sender.setParameters(parameters).catch(() => undefined);
}
